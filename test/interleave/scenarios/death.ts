// Cold. Runs on: every thread of the explorer.
// A CPU ends at any step while a NIC publishes, and main hands over what it has left to another, on its loop: at most the burst in
// its hand is lost, and it is counted; every buffer is in a slot, or free; all else is delivered, once and in order.
//   latch, nolatch                   two frames, an interrupt each; each poll takes one burst and posts buffers
//   latch-bursts, nolatch-bursts     three frames in two bursts, weight 2
//   level                            interrupt mode: two frames, each goes through the backlog
// It ends at any call or plain store, and is inherited from when the NIC is through; or:
//   …+heir                           main and the heir run beside the NIC, and the heir is on its loop from the beginning
//   …+late                           the NIC has announced one frame before, and the others when main is through; it ends at any call

import type { ScenarioFactory, Shared } from '../scenario.js';
import { cpuLoop, nicOf } from '../world/agents.js';
import { bury, endedAddress, HEIR, inherit, MORTAL, mainsWords, unaccounted } from '../world/heir.js';
import { labelsOf, mailboxesOf, quiescentOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { miscounted, unrest } from '../world/rest.js';
import { World, type WorldOptions } from '../world/world.js';

// Fewer are posted than there are slots, and some are left to be posted by the first poll.
const COMMON = { cpus: 2, buffers: 48, posted: 32 } as const;
const SINGLES = { ...COMMON, weight: 64, frames: [20, 20], burst: 1 };
const BURSTS = { ...COMMON, weight: 2, frames: [20, 20, 20], burst: 2 };
const VARIANTS: Record<string, WorldOptions> = {
  latch: { ...SINGLES, flow: 'latch' },
  nolatch: { ...SINGLES, flow: 'nolatch' },
  'latch-bursts': { ...BURSTS, flow: 'latch' },
  'nolatch-bursts': { ...BURSTS, flow: 'nolatch' },
  level: { ...SINGLES, flow: 'level' },
};
const THREADS: Record<string, readonly string[]> = {
  after: ['nic', 'cpu0'],
  heir: ['nic', 'cpu0', 'cpu1', 'main'],
  late: ['cpu0', 'cpu1', 'main'],
};

const death: ScenarioFactory = async (root, variant) => {
  const [name = '', how = 'after'] = variant.split('+');
  const options = VARIANTS[name]!;
  const besides = how !== 'after';
  const level = options.flow === 'level';
  const world = new World(await loadParts(root), options);

  function offering(shared: Shared): () => void {
    const first = how === 'late' ? 1 : 0;
    const nic = nicOf(world, shared, first);
    return () => {
      for (let offered = first; offered < options.frames.length; offered += options.burst) nic.doWork();
    };
  }

  return {
    threads: THREADS[how]!,
    ends: besides ? { threads: ['cpu0'], word: endedAddress(world) } : { threads: ['cpu0'] },
    races: true,
    storeSteps: how !== 'late',
    alone: [...mailboxesOf(world), ...quiescentOf(world), ...mainsWords(world, { backlogs: level })],
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      if (how === 'late') nicOf(world, shared, 0, 1).doWork();
    },
    label: labelsOf(world),
    thread(index, shared) {
      const role = THREADS[how]![index]!;
      if (role === 'cpu0') return cpuLoop(world, shared, MORTAL);
      if (role === 'cpu1') return cpuLoop(world, shared, HEIR);
      const offers = offering(shared);
      if (role === 'nic') return offers;
      const buries = bury(world, shared);
      return () => {
        buries();
        if (how === 'late') offers();
      };
    },
    check(shared, ended) {
      if (ended.length > 0 && !besides) inherit(world, shared, true);
      if (ended.length === 0 && how === 'late') return null; // Main waits for an end, and the other frames with it.
      if (ended.length > 0) return unaccounted(world, shared) ?? unrest(world, shared, HEIR);
      return (
        world.witness.undelivered(world.notes(shared)) ?? unrest(world, shared, MORTAL) ?? miscounted(world, shared)
      );
    },
    rest: () => null,
  };
};

export default death;
