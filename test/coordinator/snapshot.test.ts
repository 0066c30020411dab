// Cold. Runs on: main.
// A snapshot while traffic runs: main reads words that others write, so what it finds may never have been.

import t from 'tap';
import { ENTRY_BUFFER, ENTRY_NEXT } from '../../src/bursts/layout.js';
import { compileBursts } from '../../src/bursts/load.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { takeSnapshot } from '../../src/coordinator/snapshot.js';
import { ThreadUses } from '../../src/coordinator/thread-uses.js';
import { backlogWaiting } from '../../src/net/backlog-counts.js';
import { readRxRing, ringWaiting } from '../../src/ring/rx-ring.js';

const RING = 64;
// Of a backlog with one ring, in words.
const [BACKLOG_TAIL, BACKLOG_HEAD, BACKLOG_SLOT] = [16, 33, 48];
// Of a ring.
const [RING_HEAD, RING_TAIL, RING_POSTED] = [0, 16, 32];

function machineOf() {
  const plan = makePlan({ cpus: 1, queues: 1, ring: RING, mode: 'interrupt', frames: 64 });
  const machine = createMachine(plan, RING, 'level', compileBursts());
  const recordings = { snapshot: () => [] };
  const cpus = { stateOf: () => 'online' as const };
  const threads = { uses: new ThreadUses(), pollers: () => [], cpus, lost: [0], fault: null };
  const source = { machine, plan, config: {}, recordings, ...threads };
  return { plan, views: machine.views, snapshot: () => takeSnapshot(source, false) };
}

/** Words on which another thread does something just after main has loaded one of them for the first time. */
function meanwhile(words: Int32Array, loads: readonly number[], act: () => void): void {
  const { load } = Atomics;
  let acted = false;
  Atomics.load = ((array: Int32Array, at: number) => {
    const value = load(array, at);
    if (!acted && array === words && loads.includes(at)) {
      acted = true;
      act();
    }
    return value;
  }) as typeof load;
}

t.test('a chain in a backlog that is being written over ends nowhere: it is not followed', async (t) => {
  const { plan, views, snapshot } = machineOf();
  const backlog = plan.backlogs[0]!.address / 4;
  views.words[backlog + BACKLOG_TAIL] = 1;
  views.words[backlog + BACKLOG_SLOT + ENTRY_BUFFER / 4] = 5;
  views.words[backlog + BACKLOG_SLOT + ENTRY_NEXT / 4] = 7;
  views.words[plan.cpus[0]!.links / 4 + 7] = 7;
  t.equal(snapshot().conservation.inFlight, 1);
});

t.test('a queue that is filled and emptied between two loads does not hold less than nothing', async (t) => {
  const { plan, views } = machineOf();
  const { load } = Atomics;
  t.teardown(() => {
    Atomics.load = load;
  });
  const backlog = plan.backlogs[0]!.address / 4;
  meanwhile(views.words, [backlog + BACKLOG_TAIL, backlog + BACKLOG_HEAD], () => {
    views.words[backlog + BACKLOG_TAIL] = 3;
    views.words[backlog + BACKLOG_HEAD] = 3;
  });
  t.ok(backlogWaiting(views, plan.backlogs[0]!) >= 0, 'the backlog');
  const ring = plan.nic.rings[0]! / 4;
  meanwhile(views.words, [ring + RING_HEAD, ring + RING_TAIL], () => {
    views.words[ring + RING_HEAD] = 3;
    views.words[ring + RING_TAIL] = 3;
  });
  t.ok(ringWaiting(views, plan.nic.rings[0]!) >= 0, 'the ring');
});

t.test('a ring that runs ahead of its reader is read once at most', async (t) => {
  const { plan, views } = machineOf();
  const ring = plan.nic.rings[0]! / 4;
  views.words[ring + RING_POSTED] = 1_000_000;
  views.words[ring + RING_HEAD] = 1_000_000;
  const { frames, buffers } = readRxRing(views, plan.nic.rings[0]!);
  t.ok(frames <= RING);
  t.ok(buffers.length <= RING);
});
