// Cold. Runs on: every thread of the explorer.
// Interrupt mode: a CPU has left with packets in its backlog, and main gives that to another, which ends at any step, perhaps in the
// middle of it; a third one inherits both, and the lines follow. At most the packet in hand is lost, and it is counted; all else is
// delivered once, in order, although two frames come meanwhile.

import type { ScenarioFactory, Shared } from '../scenario.js';
import { spin } from '../scenario.js';
import { cpuLoop, cpuOf, nicOf } from '../world/agents.js';
import { endedAddress, HEIR, MORTAL, mainsWords, noteLost, remains, unaccounted, untilEnded } from '../world/heir.js';
import { labelsOf, mailboxesOf, quiescentOf } from '../world/labels.js';
import { loadParts } from '../world/parts.js';
import { unrest } from '../world/rest.js';
import { World } from '../world/world.js';

/** The CPU that has left. */
const LEFT = 2;
const FRAMES = 5;
/** Before it left: one of them so that dev_weight is in force. */
const BEFORE = 4;

const heir: ScenarioFactory = async (root) => {
  const world = new World(await loadParts(root), {
    cpus: 3,
    buffers: 48,
    posted: 32,
    weight: 1,
    burst: 1,
    frames: Array(FRAMES).fill(20),
    flow: 'level',
    needResched: true,
  });
  const { CALL_CPU_DEAD } = world.parts;
  const THREADS = ['cpu0', 'cpu1', 'main'];

  /** It has left at the top of its loop, with packets in its backlog. */
  function leave(shared: Shared): void {
    world.line(shared).retarget(LEFT);
    const left = cpuOf(world, shared, LEFT);
    nicOf(world, shared, 0, 1).doWork();
    while (left.doWork() > 0);
    for (let frame = 1; frame < BEFORE; frame += 1) nicOf(world, shared, frame, 1).doWork();
    left.doWork();
  }

  function handingOn(shared: Shared): () => void {
    const { dead, context } = remains(world, shared);
    const nic = nicOf(world, shared, BEFORE);
    return () => {
      dead.takeOver(LEFT, [MORTAL, HEIR], false);
      untilEnded(world, shared);
      context.end();
      dead.takeOver(MORTAL, [HEIR], true);
      noteLost(world, shared, dead);
      nic.doWork();
      for (const cpu of [LEFT, MORTAL]) {
        for (; dead.holds(cpu); spin()) dead.takeOver(cpu, [HEIR], false);
      }
    };
  }

  return {
    threads: THREADS,
    ends: { threads: ['cpu0'], word: endedAddress(world) },
    races: true,
    storeSteps: true,
    alone: [
      ...mailboxesOf(world),
      ...quiescentOf(world),
      ...mainsWords(world, { calls: [CALL_CPU_DEAD], backlogs: true }),
    ],
    create: () => world.create(),
    reset(shared) {
      world.reset(shared);
      world.sysctls(shared).set('net.core.netdev_budget', 1);
      world.sysctls(shared).set('net.core.dev_weight', 1);
      leave(shared);
    },
    label: labelsOf(world),
    thread(index, shared) {
      if (THREADS[index] === 'main') return handingOn(shared);
      return cpuLoop(world, shared, THREADS[index] === 'cpu0' ? MORTAL : HEIR);
    },
    check(shared, ended) {
      if (ended.length === 0) return null; // Main waits for an end.
      return unaccounted(world, shared) ?? unrest(world, shared, HEIR);
    },
    rest: () => null,
  };
};

export default heir;
