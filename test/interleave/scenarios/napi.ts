// Cold. Runs on: every thread of the explorer.
// A NIC that publishes and raises against a CPU that takes the interrupt, polls, completes, unmasks and sleeps: real agents.
//   latch, nolatch                       two frames, an interrupt each
//   latch-bursts, nolatch-bursts         three frames in two bursts, weight 2: polls that use up their budget
//   latch-scheduled, nolatch-scheduled   one frame; and another context schedules without any interrupt
//   interrupt                            the model that NAPI replaced, three frames
//   …+laws                               each step is held against the state tables, too
//   …+races                              plain accesses are checked for races

import type { Scenario, ScenarioFactory } from '../scenario.js';
import { cpuLoop, nicOf, scheduler } from '../world/agents.js';
import { labelsOf, mailboxesOf, quiescentOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { miscounted, unrest } from '../world/rest.js';
import { World, type WorldOptions } from '../world/world.js';

const SMALL = { cpus: 1, buffers: 32, posted: 32 } as const;
const SINGLES = { ...SMALL, weight: 64, frames: [20, 20], burst: 1 };
const BURSTS = { ...SMALL, weight: 2, frames: [20, 20, 20], burst: 2 };
const SCHEDULED = { ...SINGLES, frames: [20], cpus: 2 };
const VARIANTS: Record<string, WorldOptions> = {
  latch: { ...SINGLES, flow: 'latch' },
  nolatch: { ...SINGLES, flow: 'nolatch' },
  'latch-bursts': { ...BURSTS, flow: 'latch' },
  'nolatch-bursts': { ...BURSTS, flow: 'nolatch' },
  'latch-scheduled': { ...SCHEDULED, flow: 'latch' },
  'nolatch-scheduled': { ...SCHEDULED, flow: 'nolatch' },
  interrupt: { ...SINGLES, flow: 'level', frames: [20, 20, 20] },
};

const NIC = 0;
const CPU = 1;

const napi: ScenarioFactory = async (root, variant) => {
  const [name = '', ...checks] = variant.split('+');
  const options = VARIANTS[name]!;
  const world = new World(await loadParts(root), options);
  const scheduled = options.cpus === 2;
  let me = -1;
  const scenario: Scenario = {
    threads: scheduled ? ['nic', 'cpu0', 'other'] : ['nic', 'cpu0'],
    races: checks.includes('races'),
    plainSteps: !scheduled && !checks.includes('races'), // the plain words are the SCHED holder's, as the witness asserts
    alone: [...mailboxesOf(world), ...quiescentOf(world)],
    create: () => world.create(),
    reset: (shared) => world.reset(shared),
    label: labelsOf(world),
    thread(index, shared) {
      me = index - CPU;
      if (index === CPU) return cpuLoop(world, shared, 0);
      if (index !== NIC) return scheduler(world, shared, 1);
      const nic = nicOf(world, shared);
      return () => {
        for (let offered = 0; offered < options.frames.length; offered += options.burst) nic.doWork();
      };
    },
    check(shared) {
      const wrong = world.witness.undelivered(world.notes(shared)) ?? unrest(world, shared, 0);
      // Who is scheduled without an interrupt completes without one.
      return scheduled ? wrong : (wrong ?? miscounted(world, shared));
    },
    rest: () => null,
  };
  return !checks.includes('laws')
    ? scenario
    : { ...scenario, always: (shared) => world.witness.lawful(world.notes(shared), me) };
};

export default napi;
