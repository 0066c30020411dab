// Cold. Runs on: every thread of the explorer.
// When MoveLine says that it is complete, the old CPU polls no more.
//   coming    a packet is there and announced; the NIC publishes another
//   slices    packets are there, for polls in several turns of the old CPU's loop: a task wants the CPU after each pass
//   …+latch, …+nolatch
// The new CPU is not there: its part is in handover.ts.

import { type ScenarioFactory, spin } from '../scenario.js';
import { cpuLoop, nicOf } from '../world/agents.js';
import { labelsOf, mailboxesOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { RING, World } from '../world/world.js';

const OLD = 0;
const NEW = 1;
const COMMON = { cpus: 2, buffers: RING, posted: RING } as const;
const VARIANTS = {
  coming: { threads: ['main', 'cpu0', 'nic'], weight: 2, frames: [20, 20], burst: 1, needResched: false },
  slices: { threads: ['main', 'cpu0'], weight: 1, frames: [20, 20, 20], burst: 3, needResched: true },
};

const settled: ScenarioFactory = async (root, variant) => {
  const [name = '', flow] = variant.split('+');
  const { threads, ...options } = VARIANTS[name as keyof typeof VARIANTS];
  const world = new World(await loadParts(root), { ...COMMON, ...options, flow: flow as 'latch' | 'nolatch' });
  return {
    threads,
    plainSteps: false, // the plain words are the SCHED holder's, as the witness asserts
    alone: mailboxesOf(world),
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      nicOf(world, shared, 0, options.burst).doWork();
    },
    label: labelsOf(world),
    thread(index, shared) {
      switch (threads[index]) {
        case 'main': {
          const move = world.moveLine(shared, NEW);
          return () => {
            move.begin();
            while (!move.step()) spin();
            world.witness.leaving(world.notes(shared), OLD, 0);
          };
        }
        case 'nic': {
          const nic = nicOf(world, shared, options.burst);
          return () => void nic.doWork();
        }
        default:
          return cpuLoop(world, shared, OLD);
      }
    },
    check: () => null, // the witness throws
    rest: () => null,
  };
};

export default settled;
