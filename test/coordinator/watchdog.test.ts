// Cold. Runs on: main.
// The watchdog, on a machine whose parts are moved by hand: who owes the next step, and what happens when nobody does.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { Watchdog } from '../../src/coordinator/watchdog.js';
import { napiState } from '../../src/cpu/build.js';
import { ContextWords } from '../../src/memory/context.js';
import { RxRingProducer } from '../../src/ring/rx-ring.js';

const SECOND = 1000;

function machineOf(flow: 'latch' | 'nolatch' | 'level' = 'latch') {
  const plan = makePlan({ cpus: 2, queues: 2, ring: 64, mode: 'napi', frames: 64 });
  const machine = createMachine(plan, 64, flow, compileBursts());
  const { views, lines } = machine;
  const contexts = [plan.nicContext, ...plan.cpuContexts].map((address) => new ContextWords(views, address));
  const producer = new RxRingProducer(views, plan.nic.rings[1]!);
  return {
    watchdog: new Watchdog(machine, plan),
    line: lines[1]!,
    state: napiState(views, plan.cpus[0]!.napis, 1),
    /** The NIC fills a slot of queue 1, and forgets to tell. */
    fill: () => producer.publish(producer.head + 1),
    /** Every thread comes round. */
    turn: () => {
      for (const context of contexts) context.turn();
    },
  };
}

/** What it says in second 0, and so many seconds later, when every thread has come round. */
function lookLater({ watchdog, turn }: ReturnType<typeof machineOf>, seconds: number): string[] {
  watchdog.look(0);
  turn();
  return watchdog.look(seconds * SECOND);
}

t.test('an empty ring is nobody’s business', async (t) => {
  t.same(lookLater(machineOf(), 1000), []);
});

t.test('a lost interrupt: named, with line and state', async (t) => {
  for (const flow of ['latch', 'nolatch', 'level'] as const) {
    const machine = machineOf(flow);
    machine.fill();
    t.same(lookLater(machine, 2), [
      'nic0/1: 1 descriptors wait, line on, not pending, for cpu1; napi 1: LISTED, held by nobody; nothing has moved for 2.0 s',
    ]);
  }
});

t.test('a lost unmask', async (t) => {
  const machine = machineOf();
  machine.line.mask();
  machine.fill();
  machine.line.raise();
  t.match(lookLater(machine, 2), [/line masked, not pending, cause latched, for cpu1; napi 1: LISTED, held by nobody/]);
});

t.test('not before the patience is over, nor while a thread may be between two steps', async (t) => {
  const { watchdog, fill, turn } = machineOf();
  fill();
  t.same(watchdog.look(0), []);
  t.same(watchdog.look(60 * SECOND), [], 'no thread has come round');
  turn();
  t.equal(watchdog.look(60 * SECOND).length, 1);
  fill();
  t.equal(watchdog.look(61 * SECOND).length, 1, 'more packets are no progress');
});

t.test('progress begins anew', async (t) => {
  const machine = machineOf();
  const { watchdog, fill, turn, line } = machine;
  fill();
  t.equal(lookLater(machine, 2).length, 1);
  line.retarget(0);
  t.same(watchdog.look(2.1 * SECOND), []);
  turn();
  t.same(watchdog.look(2.5 * SECOND), []);
  t.equal(watchdog.look(4 * SECOND).length, 1);
});

t.test('somebody owes the next step: much more patience', async (t) => {
  const pending = machineOf();
  pending.fill();
  pending.line.raise();
  t.same(lookLater(pending, 10), [], 'an interrupt is on its way');
  t.match(pending.watchdog.look(30 * SECOND), [/line masked, pending, for cpu1/]);

  const held = machineOf();
  held.fill();
  held.state.schedulePrep(0);
  t.same(lookLater(held, 10), [], 'a CPU polls');
  t.match(held.watchdog.look(30 * SECOND), [/napi 1: SCHED\|LISTED, held by context 0/]);

  const deferred = machineOf();
  deferred.fill();
  deferred.line.mask();
  deferred.state.groFlushTimeoutNs = 1e6;
  deferred.state.armTimer(0);
  t.same(lookLater(deferred, 10), [], 'a timer runs');
  deferred.state.cancelTimer();
  t.match(lookLater(deferred, 12), [/line masked, not pending/], 'it was lost');
});

t.test('a disabled instance waits for main', async (t) => {
  const machine = machineOf();
  machine.fill();
  machine.state.beginDisable();
  t.same(lookLater(machine, 1000), [], 'while it is being disabled');
  machine.state.park();
  machine.state.endDisable();
  t.same(lookLater(machine, 1000), []);
});
