// Cold. Runs on: every thread of the explorer.
// A CPU ends at any call or plain store while a NIC publishes: at most the burst in its hand is lost; every buffer is in a slot, or free; and
// another CPU can go on.
//   latch, nolatch                   two frames, an interrupt each; each poll takes one burst and posts buffers
//   latch-bursts, nolatch-bursts     three frames in two bursts, weight 2

import type { ScenarioFactory } from '../scenario.js';
import { cpuLoop, nicOf } from '../world/agents.js';
import { labelsOf, mailboxesOf, quiescentOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { lostMore } from '../world/recovery.js';
import { miscounted, unrest } from '../world/rest.js';
import { World, type WorldOptions } from '../world/world.js';

const SURVIVOR = 1;
// Fewer are posted than there are slots, and some are left to be posted by the first poll.
const COMMON = { cpus: 2, buffers: 48, posted: 32 } as const;
const SINGLES = { ...COMMON, weight: 64, frames: [20, 20], burst: 1 };
const BURSTS = { ...COMMON, weight: 2, frames: [20, 20, 20], burst: 2 };
const VARIANTS: Record<string, WorldOptions> = {
  latch: { ...SINGLES, flow: 'latch' },
  nolatch: { ...SINGLES, flow: 'nolatch' },
  'latch-bursts': { ...BURSTS, flow: 'latch' },
  'nolatch-bursts': { ...BURSTS, flow: 'nolatch' },
};

const death: ScenarioFactory = async (root, variant) => {
  const options = VARIANTS[variant]!;
  const world = new World(await loadParts(root), options);
  return {
    threads: ['nic', 'cpu0'],
    ends: { threads: ['cpu0'] },
    races: true,
    storeSteps: true,
    alone: [...mailboxesOf(world), ...quiescentOf(world)],
    create: () => world.create(),
    reset: (shared) => world.reset(shared),
    label: labelsOf(world),
    thread(index, shared) {
      if (index === 1) return cpuLoop(world, shared, 0);
      const nic = nicOf(world, shared);
      return () => {
        for (let offered = 0; offered < options.frames.length; offered += options.burst) nic.doWork();
      };
    },
    check(shared, ended) {
      if (ended.length > 0) return lostMore(world, shared, SURVIVOR);
      return world.witness.undelivered(world.notes(shared)) ?? unrest(world, shared, 0) ?? miscounted(world, shared);
    },
    rest: () => null,
  };
};

export default death;
