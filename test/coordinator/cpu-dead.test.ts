// Cold. Runs on: main.
// What a CPU has left is handed over: what the explorer's scenarios do not have.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { CpuDead } from '../../src/coordinator/cpu-dead.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { napiState } from '../../src/cpu/build.js';
import { CALL_CPU_DEAD, CALL_SCHEDULE, CALL_TIMER, Calls } from '../../src/irq/call.js';
import { pendingWord, subjectWord } from '../../src/irq/line.js';
import { NAPI_BITS } from '../../src/napi/bits.js';

const RING = 64;

function machineOf(cpus: number, queues: number, mode: 'napi' | 'interrupt' = 'napi') {
  const plan = makePlan({ cpus, queues, ring: RING, mode, frames: 64, workers: queues });
  const machine = createMachine(plan, RING, mode === 'napi' ? 'latch' : 'level', compileBursts());
  const { irq } = plan.cpus[0]!;
  const { words } = machine.views;
  /** Subjects for which a CPU is called, as a bit mask. */
  const called = (cpu: number, kind: number) => words[subjectWord(irq, kind, cpu)]!;
  return { plan, machine, words, irq, called, dead: new CpuDead(machine.views, plan) };
}

t.test('instances go where their lines go, and each heir is called for its own', async (t) => {
  const { machine, called, dead } = machineOf(3, 6);
  const { lines, states } = machine;
  for (const state of states) state.schedulePrep(state.id % 3);
  dead.takeOver(0, [1, 2], false);
  t.same(
    lines.map((line) => line.target()),
    [1, 1, 2, 2, 1, 2],
  );
  t.same(
    states.map((state) => state.holder()),
    [1, 1, 2, 2, 1, 2],
  );
  t.same([called(1, CALL_SCHEDULE), called(2, CALL_SCHEDULE), called(0, CALL_SCHEDULE)], [0b1, 0b1000, 0]);
  t.notOk(dead.holds(0));
});

t.test('a busy poller that died leaves no bit that keeps its instance from completing', async (t) => {
  const { machine, dead } = machineOf(2, 1);
  const [state] = machine.states;
  t.ok(state!.claimBusyPoll(0));
  dead.takeOver(0, [1], true);
  t.equal(state!.load() & NAPI_BITS.IN_BUSY_POLL, 0);
  t.equal(state!.holder(), 1);
});

t.test('a netpoll that died leaves neither its lock nor NPSVC; what main has parked stays parked', async (t) => {
  const { machine, dead } = machineOf(2, 2);
  const [a, b] = machine.states;
  for (const state of [a!, b!]) state.tryPollOwner(0);
  a!.set(NAPI_BITS.NPSVC);
  machine.device.disable(b!).begin();
  b!.park();
  dead.takeOver(0, [1], true);
  t.same([a!.pollOwner(), b!.pollOwner()], [-1, -1]);
  t.same([a!.load() & NAPI_BITS.NPSVC, b!.load() & NAPI_BITS.NPSVC], [0, NAPI_BITS.NPSVC]);
});

t.test(
  'a timer whose callback it ran can be cancelled; one that it had armed, or was to adopt, is an heir’s',
  async (t) => {
    const { machine, called, dead } = machineOf(2, 3);
    const [ran, armed, remote] = machine.states;
    ran!.armTimer(0);
    ran!.expireTimer(0);
    armed!.armTimer(0);
    remote!.armTimer(3); // the first context that is no CPU
    t.equal(ran!.cancelTimer(), false);
    dead.takeOver(0, [1], true);
    t.equal(ran!.cancelTimer(), true);
    t.same([called(1, CALL_CPU_DEAD), called(1, CALL_TIMER)], [0b1, 0b100]);
    t.ok(dead.holds(0), 'until it has been adopted');
  },
);

t.test('timers of a CPU whose heir has ended before it adopted them go to the next', async (t) => {
  const { machine, called, dead } = machineOf(3, 1);
  machine.states[0]!.armTimer(0);
  dead.takeOver(0, [1, 2], true);
  t.equal(called(1, CALL_CPU_DEAD), 0b1);
  dead.takeOver(1, [2], true);
  t.equal(called(2, CALL_CPU_DEAD), 0b1);
});

t.test('a CPU that is called after its end is looked at once more', async (t) => {
  const { machine, words, irq, dead } = machineOf(2, 1);
  dead.takeOver(0, [1], false);
  t.notOk(dead.holds(0));
  machine.states[0]!.schedulePrep(0);
  new Calls(machine.views, irq).call(0, CALL_SCHEDULE, 0);
  t.ok(dead.holds(0));
  dead.takeOver(0, [1], false);
  t.same([machine.states[0]!.holder(), words[pendingWord(irq, 0)]], [1, 0]);
});

t.test('whoever sleeps is woken: the dead may have been about to', async (t) => {
  const { plan, words, dead } = machineOf(2, 1);
  const doorbells = [plan.cpuContexts[1]!, plan.nicContext, plan.pollerContexts[0]!].map((address) => address / 4);
  const sleepers = doorbells.map((at) => Atomics.waitAsync(words, at, words[at]!, 5000).value);
  dead.takeOver(0, [1], true);
  t.same(await Promise.all(sleepers), ['ok', 'ok', 'ok']);
});

/** The instance of a CPU's backlog. */
const backlogOf = ({ machine, plan }: ReturnType<typeof machineOf>, cpu: number) =>
  napiState(machine.views, plan.cpus[0]!.napis, machine.lines.length + cpu);

t.test('interrupt mode: lines follow when the heir of the backlog has let go, all to that one', async (t) => {
  const made = machineOf(3, 6, 'interrupt');
  const { machine, called, dead } = made;
  const targets = () => machine.lines.map((line) => line.target());
  const backlog = backlogOf(made, 1);
  backlog.scheduleBacklog(1);
  machine.lines[1]!.raise();
  dead.prepareLeave(1, [0, 2]);
  dead.takeOver(1, [0, 2], false);
  t.same(targets(), [0, 1, 2, 0, 1, 2]);
  t.same([backlog.holder(), called(0, CALL_CPU_DEAD), called(0, CALL_SCHEDULE)], [0, 0b10, 0]);
  t.ok(dead.holds(1));
  dead.takeOver(1, [0, 2], false);
  t.same(targets(), [0, 1, 2, 0, 1, 2]);
  backlog.releaseBacklog();
  t.ok(dead.holds(1), 'its lines');
  dead.takeOver(1, [0, 2], false);
  t.same(targets(), [0, 0, 2, 0, 0, 2]);
  t.equal(made.words[pendingWord(made.irq, 0)]! & 0b10, 0b10, 'one was pending: its new target is told');
  t.notOk(dead.holds(1));
});

t.test('interrupt mode: of a CPU without packets the lines go at once', async (t) => {
  const { machine, called, dead } = machineOf(2, 2, 'interrupt');
  dead.takeOver(0, [1], false);
  t.same(
    machine.lines.map((line) => line.target()),
    [1, 1],
  );
  t.equal(called(1, CALL_CPU_DEAD), 0);
  t.notOk(dead.holds(0));
});

t.test(
  'interrupt mode: an heir that leaves before it has inherited hands that on, behind what is its own',
  async (t) => {
    const made = machineOf(3, 3, 'interrupt');
    const { machine, called, dead } = made;
    const targets = () => machine.lines.map((line) => line.target());
    backlogOf(made, 1).scheduleBacklog(1);
    dead.takeOver(1, [0, 2], false);
    backlogOf(made, 0).scheduleBacklog(0);
    dead.takeOver(0, [2], false);
    dead.takeOver(1, [2], false);
    t.same([backlogOf(made, 0).holder(), backlogOf(made, 1).holder()], [2, 2]);
    t.equal(called(2, CALL_CPU_DEAD), 0b1, 'a part of the other may be in this one');
    backlogOf(made, 0).releaseBacklog();
    dead.takeOver(1, [2], false);
    t.equal(called(2, CALL_CPU_DEAD), 0b11);
    t.same(targets(), [0, 1, 2]);
    dead.takeOver(0, [2], false);
    backlogOf(made, 1).releaseBacklog();
    t.ok(dead.holds(1), 'its line');
    dead.takeOver(1, [2], false);
    t.same(targets(), [2, 2, 2]);
    t.notOk(dead.holds(0) || dead.holds(1));
  },
);

t.test('interrupt mode: an heir that ends when it is through, before the lines are its, hands on these', async (t) => {
  const made = machineOf(3, 3, 'interrupt');
  const { machine, dead } = made;
  backlogOf(made, 1).scheduleBacklog(1);
  dead.takeOver(1, [0, 2], false);
  backlogOf(made, 1).releaseBacklog();
  dead.takeOver(0, [2], true);
  dead.takeOver(1, [2], false);
  t.equal(machine.lines[1]!.target(), 1, 'its packets are in the other backlog, which comes first');
  backlogOf(made, 0).releaseBacklog();
  for (const cpu of [0, 1]) dead.takeOver(cpu, [2], false);
  t.same(
    machine.lines.map((line) => line.target()),
    [2, 2, 2],
  );
  t.notOk(dead.holds(0) || dead.holds(1));
});
