// Cold. Runs on: every thread of the explorer.
// When MoveLine says that it is complete, the old CPU polls no more.
//   there     packets are there and announced
//   coming    one is, and the NIC publishes another; the new CPU is not there, so that packets may stay
//   …+latch, …+nolatch

import { type ScenarioFactory, spin } from '../scenario.js';
import { cpuLoop, nicOf } from '../world/agents.js';
import { labelsOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { RING, World } from '../world/world.js';

const OLD = 0;
const NEW = 1;
const COMMON = { cpus: 2, weight: 2, buffers: RING, posted: RING } as const;
const VARIANTS = {
  there: { threads: ['main', 'cpu0', 'cpu1'], frames: [20, 20, 20, 20], burst: 4 },
  coming: { threads: ['main', 'cpu0', 'nic'], frames: [20, 20], burst: 1 },
};

const settled: ScenarioFactory = async (root, variant) => {
  const [name = '', flow] = variant.split('+');
  const { threads, frames, burst } = VARIANTS[name as keyof typeof VARIANTS];
  const world = new World(await loadParts(root), { ...COMMON, frames, burst, flow: flow as 'latch' | 'nolatch' });
  return {
    threads,
    plainSteps: false, // the plain words are the SCHED holder's, as the witness asserts
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      nicOf(world, shared, 0, burst).doWork();
    },
    label: labelsOf(world),
    thread(index, shared) {
      switch (threads[index]) {
        case 'main': {
          const move = world.moveLine(shared, NEW);
          return () => {
            move.begin();
            while (!move.step()) spin();
            world.witness.leaving(world.views(shared), OLD, 0);
          };
        }
        case 'nic': {
          const nic = nicOf(world, shared, burst);
          return () => void nic.doWork();
        }
        default:
          return cpuLoop(world, shared, index - 1);
      }
    },
    check: (shared) => (name === 'coming' ? null : world.witness.undelivered(world.views(shared))),
    rest: () => null,
  };
};

export default settled;
