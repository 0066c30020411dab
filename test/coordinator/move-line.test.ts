// Cold. Runs on: main.
// The control operation that moves a line, stepped by hand between the steps of two CPUs that live on this thread.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { ControlQueue, MoveLine } from '../../src/coordinator/control.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { napiState } from '../../src/cpu/build.js';
import { PendingLines } from '../../src/irq/line.js';
import { ContextWords } from '../../src/memory/context.js';
import { NO_HOLDER } from '../../src/napi/state.js';

function machineOf() {
  const plan = makePlan({ cpus: 2, queues: 1, ring: 64, mode: 'napi', frames: 64 });
  const { views, lines } = createMachine(plan, 64, 'latch', compileBursts());
  const { irq, napis } = plan.cpus[0]!;
  const pending = plan.cpus.map((_, cpu) => new PendingLines(views, irq, cpu));
  const contexts = plan.cpuContexts.map((address) => new ContextWords(views, address));
  const line = lines[0]!;
  const state = napiState(views, napis, 0);
  const move = (cpu: number) =>
    new MoveLine(
      line,
      state,
      cpu,
      contexts.filter((_, id) => id !== cpu),
    );
  return { line, state, pending, move, turn: (cpu: number) => contexts[cpu]!.turn() };
}

t.test('an idle line moves as soon as the old CPU has come round', async (t) => {
  const { line, pending, move: moveTo, turn } = machineOf();
  const move = moveTo(1);
  move.begin();
  t.equal(line.target(), 1);
  t.equal(move.step(), false);
  turn(0);
  t.equal(move.step(), true);
  line.raise();
  t.same(
    pending.map((lines) => lines.any()),
    [false, true],
    'the next interrupt goes to the new CPU',
  );
});

t.test('a polling CPU is waited for', async (t) => {
  const { line, state, move: moveTo, turn } = machineOf();
  line.raise();
  t.ok(line.take(0));
  t.ok(state.schedulePrep(0));
  const move = moveTo(1);
  move.begin();
  turn(0);
  t.equal(move.step(), false);
  t.equal(move.step(), false, 'however often it is asked');
  t.ok(state.complete());
  t.equal(move.step(), true);
});

t.test('when the new CPU polls already the move is complete', async (t) => {
  const { state, move: moveTo, turn } = machineOf();
  const move = moveTo(1);
  move.begin();
  turn(0);
  t.ok(state.schedulePrep(1));
  t.equal(move.step(), true);
});

t.test('an interrupt on its way goes with the line', async (t) => {
  const { line, pending, move } = machineOf();
  line.raise();
  move(1).begin();
  t.ok(pending[1]!.any(), 'the new CPU is told');
  t.notOk(line.take(0), 'the old one finds that it is not meant');
  t.ok(line.take(1), 'the new one takes it, once');
  t.notOk(line.take(1));
});

t.test('a CPU that has taken the interrupt, but has not scheduled yet, is waited for too', async (t) => {
  const { line, state, move: moveTo, turn } = machineOf();
  line.raise();
  t.ok(line.take(0), 'cpu0 enters its handler');
  const move = moveTo(1);
  move.begin();
  t.equal(move.step(), false, 'nobody holds SCHED, but cpu0 may be about to');
  t.ok(state.schedulePrep(0), 'its handler schedules');
  turn(0);
  t.equal(move.step(), false);
  t.ok(state.complete());
  t.equal(move.step(), true);
});

t.test('moving to the same CPU, and to and fro', async (t) => {
  const { line, state, move: moveTo, turn } = machineOf();
  for (const cpu of [0, 1, 0, 0, 1]) {
    const move = moveTo(cpu);
    move.begin();
    turn(1 - cpu);
    t.equal(move.step(), true);
    t.equal(line.target(), cpu);
  }
  t.equal(state.holder(), NO_HOLDER);
});

const stuck = (why: string) => new Error(`held by cpu0: ${why}`);

t.test('an operation has a limit, after which it says who holds it', async (t) => {
  const queue = new ControlQueue(5);
  const endless = { begin: () => {}, step: () => false, stuck };
  await t.rejects(
    queue.run(endless, () => false),
    { message: 'held by cpu0: not within 5 ms' },
  );
});

t.test('operations run one at a time, in order, and end with the machine', async (t) => {
  const queue = new ControlQueue();
  const log: string[] = [];
  const operation = (name: string, steps: number) => ({
    begin: () => void log.push(`${name} begins`),
    step: () => {
      steps -= 1;
      if (steps === 0) log.push(`${name} ends`);
      return steps === 0;
    },
    stuck,
  });
  await Promise.all([queue.run(operation('a', 3), () => false), queue.run(operation('b', 1), () => false)]);
  t.same(log, ['a begins', 'a ends', 'b begins', 'b ends']);

  let ended = false;
  const endless = queue.run(operation('c', Number.POSITIVE_INFINITY), () => ended);
  const never = queue.run(operation('d', 1), () => ended);
  setTimeout(() => {
    ended = true;
  }, 5);
  await Promise.all([endless, never]);
  t.same(log.slice(4), ['c begins'], 'what has not begun does not begin');
});

t.test('an operation that throws fails alone', async (t) => {
  const queue = new ControlQueue();
  const bad = { begin: () => {}, step: fail, stuck };
  const good = { begin: () => {}, step: () => true, stuck };
  const first = queue.run(bad, () => false);
  const second = queue.run(good, () => false);
  await t.rejects(first, /cannot go on/);
  await t.resolves(second);
});

function fail(): never {
  throw new Error('cannot go on');
}
