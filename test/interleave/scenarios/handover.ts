// Cold. Runs on: every thread of the explorer.
// A NAPI goes from one CPU to another by MoveLine, at any time, with both CPUs on their loops.
//   away      packets are there and announced when main moves the line; the old CPU may poll once more, and not a second time
//   back      main moves it there and back
//   coming    a packet is there and announced; the NIC's thread moves the line and publishes the next one
//   …+latch, …+nolatch, and …+laws: each step is held against the state tables; or …+races: plain accesses are checked

import type { Scenario, ScenarioFactory, Shared } from '../scenario.js';
import { cpuLoop, nicOf } from '../world/agents.js';
import { labelsOf, mailboxesOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { miscounted, unrest } from '../world/rest.js';
import { RING, World, type WorldOptions } from '../world/world.js';

const OLD = 0;
const NEW = 1;
const DOUBLE = 2048 + 20; // two descriptors
const SHORT = 20; // in its place where each byte is checked
const COMMON = { cpus: 2, weight: 2, buffers: RING, posted: RING } as const;

interface Variant {
  readonly options: Omit<WorldOptions, 'flow'>;
  /** Frames that have been published and announced before any thread runs. */
  readonly before: number;
  /** The line's CPUs, one after the other. */
  readonly targets: readonly number[];
}

const THERE = { options: { ...COMMON, frames: [20, DOUBLE, 20], burst: 3 }, before: 3 };
const COMING = { options: { ...COMMON, frames: [20, DOUBLE], burst: 1 }, before: 1 };
const VARIANTS: Record<string, Variant> = {
  away: { ...THERE, targets: [NEW] },
  back: { ...THERE, targets: [NEW, OLD] },
  coming: { ...COMING, targets: [NEW] },
};

const handover: ScenarioFactory = async (root, variant) => {
  const [name = '', flow, check] = variant.split('+');
  const { options, before, targets } = VARIANTS[name]!;
  const frames = check === 'races' ? options.frames.map((length) => Math.min(length, SHORT)) : options.frames;
  const world = new World(await loadParts(root), { ...options, frames, flow: flow as 'latch' | 'nolatch' });
  const coming = options.frames.length - before;
  let me = -1;

  function moving(shared: Shared): () => void {
    const moves = targets.map((cpu) => world.moveLine(shared, cpu));
    const nic = nicOf(world, shared, before);
    return () => {
      for (const move of moves) move.begin();
      if (targets.length === 1) world.witness.leaving(world.notes(shared), OLD, 1);
      for (let frame = 0; frame < coming; frame++) nic.doWork();
    };
  }

  const scenario: Scenario = {
    threads: [coming > 0 ? 'nic' : 'main', 'cpu0', 'cpu1'],
    races: check === 'races',
    plainSteps: false, // the plain words are the SCHED holder's, as the witness asserts
    alone: mailboxesOf(world),
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      nicOf(world, shared, 0, before).doWork();
    },
    label: labelsOf(world),
    thread(index, shared) {
      me = index - 1;
      return index === 0 ? moving(shared) : cpuLoop(world, shared, me);
    },
    check: (shared) =>
      world.witness.undelivered(world.notes(shared)) ??
      unrest(world, shared, targets.at(-1)!) ??
      miscounted(world, shared),
    rest: () => null,
  };
  return check !== 'laws'
    ? scenario
    : { ...scenario, always: (shared) => world.witness.lawful(world.notes(shared), me) };
};

export default handover;
