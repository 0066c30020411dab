// Cold. Runs on: main.
// What a CPU leaves behind that others had handed to it.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { CpuDead } from '../../src/coordinator/cpu-dead.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { CALL_TIMER, Calls } from '../../src/irq/call.js';
import { subjectWord } from '../../src/irq/line.js';
import { ContextWords } from '../../src/memory/context.js';
import { Doorbell, isAsleep } from '../../src/memory/doorbell.js';

function setUp() {
  const plan = makePlan({ cpus: 2, queues: 1, ring: 64, mode: 'napi', frames: 64, workers: 1 });
  const { views, states } = createMachine(plan, 64, 'latch', compileBursts());
  const { irq } = plan.cpus[0]!;
  const worker = plan.pollers[0]!.cpu;
  const called = (cpu: number) => views.words[subjectWord(irq, CALL_TIMER, cpu)]! & 1;
  const context = new ContextWords(views, plan.pollerContexts[0]!);
  context.begin();
  return {
    plan,
    views,
    state: states[0]!,
    calls: new Calls(views, irq),
    dead: new CpuDead(views, plan),
    worker,
    called,
  };
}

t.test('a timer that a worker has handed to it: an heir is called', async (t) => {
  const { state, calls, dead, worker, called } = setUp();
  state.armTimer(worker);
  calls.call(0, CALL_TIMER, 0);
  dead.takeOver(0, [1], false);
  t.equal(called(1), 1);
});

t.test('one that is handed to it when it has gone: likewise, sooner or later', async (t) => {
  const { state, dead, worker, called } = setUp();
  dead.takeOver(0, [1], true);
  t.equal(called(1), 0);
  state.armTimer(worker);
  dead.adoptRemoteTimers([1]);
  t.equal(called(1), 1);
});

t.test('it died between giving a worker the instance and waking it: the worker is woken', async (t) => {
  for (const accident of [true, false]) {
    const { plan, views, dead } = setUp();
    const at = plan.pollerContexts[0]!;
    new Doorbell(views, at).announce();
    dead.takeOver(0, [1], accident);
    t.equal(isAsleep(views.words, at / 4), !accident);
  }
});
