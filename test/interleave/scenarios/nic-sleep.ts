// Cold. Runs on: every thread of the explorer.
// A NIC on its loop that holds frames and finds no buffer: it says that it waits, looks again, and sleeps until half of the
// ring is posted.
//   post    a driver posts that half in two batches
//   whole   a ring of 64 and 66 frames: the CPU polls them and posts again

import type { ScenarioFactory } from '../scenario.js';
import { cpuLoop, nicLoop } from '../world/agents.js';
import { labelsOf, mailboxesOf, quiescentOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { miscounted, unrest } from '../world/rest.js';
import { RING, World, type WorldOptions } from '../world/world.js';

const COMMON = { cpus: 1, flow: 'latch', weight: 64, burst: 64 } as const;
const TOO_MANY = RING + 2;
const VARIANTS: Record<string, WorldOptions> = {
  post: { ...COMMON, frames: [20, 20], buffers: 32, posted: 0 },
  whole: { ...COMMON, frames: new Array(TOO_MANY).fill(16), buffers: RING, posted: RING },
};
const POST_BATCH = 16;

const nicSleep: ScenarioFactory = async (root, variant) => {
  const options = VARIANTS[variant]!;
  const world = new World(await loadParts(root), options);
  const { parts, plan } = world;
  return {
    threads: ['nic', variant === 'post' ? 'driver' : 'cpu0'],
    alone: [...mailboxesOf(world), ...quiescentOf(world)],
    create: () => world.create(),
    reset: (shared) => world.reset(shared),
    label: labelsOf(world),
    thread(index, shared) {
      if (index === 0) return nicLoop(world, shared);
      if (variant === 'whole') return cpuLoop(world, shared, 0);
      return () => {
        world.post(shared, POST_BATCH);
        world.post(shared, POST_BATCH);
      };
    },
    check(shared) {
      const views = world.views(shared);
      const { held, ended } = parts.readNic(views, plan.nic.state);
      if (held > 0 || !ended) return `the NIC sleeps, held=${held}`;
      if (variant === 'whole')
        return world.witness.undelivered(world.notes(shared)) ?? unrest(world, shared, 0) ?? miscounted(world, shared);
      const waiting = parts.ringWaiting(views, plan.nic.rings[0]!);
      return waiting === options.frames.length ? null : `ring=${waiting}`;
    },
    rest: () => null,
  };
};

export default nicSleep;
