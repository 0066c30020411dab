// Cold. Runs on: every thread of the explorer.
// One NIC that publishes and raises, one CPU that takes the interrupt, polls, completes, unmasks and sleeps: both real agents.
//   latch, nolatch             two frames, an interrupt each
//   latch-2, nolatch-2         three frames in two bursts, weight 2
//   …+laws                     the same, and each single step is held against the state tables

import type { Scenario, ScenarioFactory } from '../scenario.js';
import { loadParts } from '../world/parts.js';
import { World, type WorldOptions } from '../world/world.js';

const SMALL = { cpus: 1, buffers: 32, posted: 32 } as const;
const SINGLES = { ...SMALL, weight: 64, frames: [20, 20], burst: 1 };
const BURSTS = { ...SMALL, weight: 2, frames: [20, 20, 20], burst: 2 };
const VARIANTS: Record<string, WorldOptions> = {
  latch: { ...SINGLES, flow: 'latch' },
  nolatch: { ...SINGLES, flow: 'nolatch' },
  'latch-2': { ...BURSTS, flow: 'latch' },
  'nolatch-2': { ...BURSTS, flow: 'nolatch' },
};

const NIC = 0;
const NO_CPU = -1;

const napi: ScenarioFactory = async (root, variant) => {
  const [name = '', laws] = variant.split('+');
  const options = VARIANTS[name]!;
  const world = new World(await loadParts(root), options);
  let me = NO_CPU;
  const scenario: Scenario = {
    threads: ['nic', 'cpu0'],
    create: () => world.create(),
    reset: (shared) => world.reset(shared),
    label: (address) => world.label(address),
    thread(index, shared) {
      if (index !== NIC) {
        me = 0;
        return world.cpuLoop(shared, 0);
      }
      const nic = world.nic(shared);
      return () => {
        for (let offered = 0; offered < options.frames.length; offered += options.burst) nic.doWork();
      };
    },
    check: (shared) => world.settled(shared, 0),
    rest: () => null,
  };
  return laws === undefined ? scenario : { ...scenario, always: (shared) => world.lawful(shared, me) };
};

export default napi;
