// Cold. Runs on: every thread of the explorer.
// A NIC on its loop that holds frames and finds no buffer: it says that it waits, looks again, and sleeps until half of the
// ring is posted.
//   post    a driver posts that half in two batches
//   whole   a ring of 64 and 66 frames: the CPU polls them and posts again

import type { ScenarioFactory } from '../scenario.js';
import { loadParts } from '../world/parts.js';
import { World, type WorldOptions } from '../world/world.js';

const COMMON = { cpus: 1, flow: 'latch', weight: 64, burst: 64 } as const;
const RING = 64;
const VARIANTS: Record<string, WorldOptions> = {
  post: { ...COMMON, frames: [20, 20], buffers: 32, posted: 0 },
  whole: { ...COMMON, frames: new Array(RING + 2).fill(16), buffers: RING, posted: RING },
};
const POST_BATCH = 16;

const nicSleep: ScenarioFactory = async (root, variant) => {
  const parts = await loadParts(root);
  const world = new World(parts, VARIANTS[variant]!);
  return {
    threads: ['nic', variant === 'post' ? 'driver' : 'cpu0'],
    create: () => world.create(),
    reset: (shared) => world.reset(shared),
    label: (address) => world.label(address),
    thread(index, shared) {
      if (index === 0) return world.nicLoop(shared);
      if (variant === 'whole') return world.cpuLoop(shared, 0);
      return () => {
        world.post(shared, POST_BATCH);
        world.post(shared, POST_BATCH);
      };
    },
    check(shared) {
      const { held, ended } = parts.readNic(world.views(shared), world.plan.nic.state);
      if (held > 0 || !ended) return `held=${held}, and the NIC sleeps`;
      if (variant === 'whole') return world.settled(shared, 0);
      const waiting = parts.ringWaiting(world.views(shared), world.plan.nic.rings[0]!);
      return waiting === 2 ? null : `ring=${waiting}, not 2`;
    },
    rest: () => null,
  };
};

export default nicSleep;
