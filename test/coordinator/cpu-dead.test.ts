// Cold. Runs on: main.
// What a CPU has left is handed over: what the explorer's scenarios do not have.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { CpuDead } from '../../src/coordinator/cpu-dead.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { CALL_CPU_DEAD, CALL_SCHEDULE, CALL_TIMER, Calls } from '../../src/irq/call.js';
import { pendingWord, subjectWord } from '../../src/irq/line.js';
import { NAPI_BITS } from '../../src/napi/bits.js';

const RING = 64;

function machineOf(cpus: number, queues: number) {
  const plan = makePlan({ cpus, queues, ring: RING, mode: 'napi', frames: 64, workers: queues });
  const machine = createMachine(plan, RING, 'latch', compileBursts());
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
