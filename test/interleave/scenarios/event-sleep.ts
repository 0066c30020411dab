// Cold. Runs on: every thread of the explorer.
// A task sleeps until an event, on its CPU's loop and doorbell; other threads signal it. Nobody sleeps while there is news.
//   one    one waiter, who is signalled twice
//   two    one waiter, two who signal
//   both   two waiters on CPUs of their own
//   again  likewise, who are signalled twice
//   ended  two waiters, one of whom may end at any step
//   dies   one waiter; who signals may end at any step; main is told, and wakes who sleeps
//   left   two waiters, one of whom leaves its loop without having waited to the end

import type { Step } from '../../../src/cpu/application-task.js';
import type { CpuInterrupts } from '../../../src/driver/interrupt.js';
import type { NapiTimers } from '../../../src/napi/timers.js';
import type { Softirqs } from '../../../src/softirq/softirq.js';
import { onePage, type Scenario, type ScenarioFactory, type Shared, viewsOf, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const CONTEXTS = [512, 1024] as const; // byte addresses
const COUNTERS = [1536, 1600] as const; // of the sleeps, steps and time of each waiter
const EVENT = 2048;
const BROUGHT = 2112 / 4;
const EXITS = 2304;
const LEARNED = [2176 / 4, 2240 / 4] as const;
const NEVER = 1e12;
const SIZES: Record<string, { signallers: number; each: number; waiters: number }> = {
  one: { signallers: 1, each: 2, waiters: 1 },
  two: { signallers: 2, each: 1, waiters: 1 },
  both: { signallers: 1, each: 1, waiters: 2 },
  again: { signallers: 1, each: 2, waiters: 2 },
  ended: { signallers: 1, each: 1, waiters: 2 },
  dies: { signallers: 1, each: 1, waiters: 1 },
  left: { signallers: 1, each: 1, waiters: 2 },
};

const scenarioOf: ScenarioFactory = async (root, variant) => {
  const { signallers, each, waiters } = SIZES[variant]!;
  const [
    { WaitEvent },
    { NapiWait },
    { TaskSleep },
    { ApplicationTask },
    { Scheduler },
    { Cpu },
    { joinMachine },
    { wakeAfterEnd },
    { ContextWords, STOP },
    idle,
    loop,
    clocks,
  ] = await Promise.all([
    load<typeof import('../../../src/napi/wait-event.js')>(root, 'napi/wait-event.js'),
    load<typeof import('../../../src/napi/wait.js')>(root, 'napi/wait.js'),
    load<typeof import('../../../src/cpu/task-sleep.js')>(root, 'cpu/task-sleep.js'),
    load<typeof import('../../../src/cpu/application-task.js')>(root, 'cpu/application-task.js'),
    load<typeof import('../../../src/cpu/scheduler.js')>(root, 'cpu/scheduler.js'),
    load<typeof import('../../../src/cpu/cpu.js')>(root, 'cpu/cpu.js'),
    load<typeof import('../../../src/memory/bells.js')>(root, 'memory/bells.js'),
    load<typeof import('../../../src/memory/doorbell.js')>(root, 'memory/doorbell.js'),
    load<typeof import('../../../src/memory/context.js')>(root, 'memory/context.js'),
    load<typeof import('../../../src/runtime/idle.js')>(root, 'runtime/idle.js'),
    load<typeof import('../../../src/runtime/loop.js')>(root, 'runtime/loop.js'),
    load<typeof import('../../../src/runtime/clock.js')>(root, 'runtime/clock.js'),
  ]);
  const names = Array.from({ length: waiters }, (_, index) => `waiter${index}`);
  const total = signallers * each;
  const gone = (name: string, ended: readonly string[]) =>
    ended.includes(name) || (variant === 'left' && name === names[0]);
  /** Each schedule has a machine of its own in this thread, too: the memory is cleared, not made anew. */
  let joined: Shared | null = null;

  function signaller(shared: Shared): () => void {
    if (joined !== shared) joinMachine(0, viewsOf(shared.memory.buffer), CONTEXTS);
    joined = shared;
    const event = new WaitEvent(shared.memory.buffer, EVENT);
    const first = new ContextWords(viewsOf(shared.memory.buffer), CONTEXTS[0]);
    return () => {
      if (variant === 'left') first.ask(STOP);
      for (let time = 0; time < each; time += 1) {
        Atomics.add(wordsOf(shared), BROUGHT, 1);
        event.signal(0);
      }
    };
  }

  function waiter(shared: Shared, index: number): () => void {
    const views = viewsOf(shared.memory.buffer);
    const clock = new clocks.VirtualClock();
    const event = new WaitEvent(shared.memory.buffer, EVENT);
    const seams = { clock, sysctls: null as never, signalPending: () => false };
    const wait = new NapiWait(null as never, [event], seams);
    const sleep = new TaskSleep({ machine: 0, number: index });
    const step: Step = () => {
      if (wait.wait(false) > 0) {
        wordsOf(shared)[LEARNED[index]!] = Atomics.load(wordsOf(shared), BROUGHT);
        return true;
      }
      if (wordsOf(shared)[LEARNED[index]!] !== total) sleep.on(wait, NEVER);
      return false;
    };
    const counters = { steps: COUNTERS[index]! + 8, runNs: COUNTERS[index]! + 16 };
    const task = new ApplicationTask(
      views,
      { name: 'waiter', step, sleep, weight: 1024 },
      { clock, interrupted: () => false },
      counters,
    );
    const softirqs = { ksoftirqdRunnable: false, tickStop: () => undefined } as unknown as Softirqs;
    const interrupts = { deliver: () => 0, any: () => false } as unknown as CpuInterrupts;
    const scheduler = new Scheduler(softirqs, clock);
    scheduler.add(task);
    const agent = new Cpu('cpu', interrupts, softirqs, scheduler, { nextNs: NEVER } as NapiTimers);
    const policy = new idle.SpinThenSleep(views, CONTEXTS[index]!, clock, false, COUNTERS[index]!);
    return () => loop.runLoop(views, CONTEXTS[index]!, agent, policy);
  }

  /** What main does when a thread of the machine has ended. */
  function burying(shared: Shared): () => void {
    const { words } = viewsOf(shared.memory.buffer);
    return () => {
      Atomics.wait(words, EXITS / 4, 0);
      wakeAfterEnd(words, [CONTEXTS[0]]);
    };
  }

  /** What has come for certain: of a signaller that ended it may have been announced, or not. */
  function announced(shared: Shared): number {
    return variant === 'dies' ? wordsOf(shared)[EVENT / 4]! : total;
  }

  const scenario: Scenario = {
    threads: [
      ...names,
      ...Array.from({ length: signallers }, (_, index) => `signaller${index}`),
      ...(variant === 'dies' ? ['main'] : []),
    ],
    ...(variant === 'ended' && { ends: { threads: ['waiter0'] } }),
    ...(variant === 'dies' && { ends: { threads: ['signaller0'], word: EXITS } }),
    races: true,
    create: onePage,
    reset: () => undefined,
    thread(index, shared) {
      if (index < waiters) return waiter(shared, index);
      return index < waiters + signallers ? signaller(shared) : burying(shared);
    },
    rest: () => null,
    check: (shared, ended) => {
      const late = names.filter(
        (name, index) => !gone(name, ended) && wordsOf(shared)[LEARNED[index]!]! < announced(shared),
      );
      return late.length === 0 ? null : `${late.join(', ')} sleeps, and knows not of all ${announced(shared)}`;
    },
  };
  return scenario;
};

export default scenarioOf;
