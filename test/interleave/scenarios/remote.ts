// Cold. Runs on: every thread of the explorer.
// One instance on a latching line, which a context polls that is no CPU: what it cannot keep, it hands to the line's CPU. Time goes on
// only when the CPU has nothing else to do. Whatever was brought is polled, by one context at a time, and in the end nobody owes an
// unmask.
//   timer            it busy-polls and prefers that, and leaves a timer: its call and the CPU's expiry, while packets come
//   timer-again      it suspends interrupts twice: the second timer, which is later, against the adoption of the first. The CPU
//                    goes by the second in the end
//   timer-disable    likewise, and main disables: nothing polls when that has returned
//   leave            it busy-polls with budget 1 and leaves work: SCHED goes to the CPU, while packets come
//   leave-disable    likewise, and main disables
//   …+races          plain accesses are checked

import { onePage, type Scenario, type ScenarioFactory, type Shared, spin, viewsOf, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const CONTEXTS = 0; // of the CPU, and of the context that is none
const REMOTE = 1;
const LINES = 1024;
const NAPI = 2048;
const CORES = 4096; // softirq words, softnet words, timers, counters of each
const CORE_BYTES = 1024;
const SYSCTLS = 12_288;
const WORK = 8192 / 4; // pieces of work brought, a cache line apart from the others
const ARRIVED = WORK + 16; // 1: nobody will bring more, and the other context is through
const DONE = WORK + 32; // pieces that a poll has seen
const POLLER = DONE + 1; // 1 + the context that is polling
const DISABLED = DONE + 2; // 1: napi_disable has returned
const ENDED_NS = DONE + 3; // the CPU's clock, when no timer was left: as it expired the last one
const NAMES: Record<number, string> = {
  [NAPI]: 'STATE',
  [NAPI + 120]: 'TIMER',
  [LINES]: 'LINE',
  [LINES + 64]: 'PENDING',
  [WORK * 4]: 'WORK',
};

const TIMEOUT_NS = 1000;
const SUSPEND_NS = 100_000;
const LATER_NS = 10; // between the two

interface Variant {
  readonly threads: readonly ['cpu0', 'remote', ...('nic' | 'main')[]];
  /** What the NIC brings; without one, pieces that are there before. */
  readonly pieces: number;
}

const VARIANTS: Record<string, Variant> = {
  timer: { threads: ['cpu0', 'remote', 'nic'], pieces: 1 },
  'timer-again': { threads: ['cpu0', 'remote'], pieces: 1 },
  'timer-disable': { threads: ['cpu0', 'remote', 'main'], pieces: 0 },
  leave: { threads: ['cpu0', 'remote', 'nic'], pieces: 1 },
  'leave-disable': { threads: ['cpu0', 'remote', 'main'], pieces: 2 },
};

const remote: ScenarioFactory = async (root, spec) => {
  const { buildCore, napiState } = await load<typeof import('../../../src/cpu/core.js')>(root, 'cpu/core.js');
  const { buildPollCore } = await load<typeof import('../../../src/cpu/poll-core.js')>(root, 'cpu/poll-core.js');
  const { IrqLine } = await load<typeof import('../../../src/irq/line.js')>(root, 'irq/line.js');
  const { Softnet } = await load<typeof import('../../../src/napi/softnet.js')>(root, 'napi/softnet.js');
  const { NapiDisable, NapiIds } = await load<typeof import('../../../src/napi/control.js')>(root, 'napi/control.js');
  const { Sysctls } = await load<typeof import('../../../src/napi/sysctl.js')>(root, 'napi/sysctl.js');
  const { VirtualClock } = await load<typeof import('../../../src/runtime/clock.js')>(root, 'runtime/clock.js');
  const { Printk } = await load<typeof import('../../../src/runtime/printk.js')>(root, 'runtime/printk.js');
  const [variant = '', check] = spec.split('+');
  const { threads, pieces } = VARIANTS[variant]!;
  const leaves = variant.startsWith('leave');
  const irq = { address: LINES, lines: 1, cpus: 1, contexts: CONTEXTS };
  const views = (shared: Shared) => viewsOf(shared.memory.buffer);
  const state = (shared: Shared) => napiState(views(shared), NAPI, 0);
  const printk = new Printk((line) => {
    throw new Error(line);
  });
  const bring = (shared: Shared) => {
    Atomics.add(wordsOf(shared), WORK, 1);
    new IrqLine(views(shared), irq, 0).raise();
  };

  function layoutOf(context: number) {
    const at = CORES + context * CORE_BYTES;
    const own = { cpu: context, softirq: at, softnet: at + 64, timers: at + 128, counters: at + 192 };
    return {
      ...own,
      irq,
      napis: NAPI,
      napiCount: 1,
      sysctls: SYSCTLS,
      timersOf: Array.from({ length: REMOTE + 1 }, (_, context) => timersOf(context)),
    };
  }

  function timersOf(context: number): number {
    return CORES + context * CORE_BYTES + 128;
  }

  type Softnets = InstanceType<typeof Softnet>;

  /** The driver: at most `budget` pieces. */
  function addPoll(shared: Shared, softnet: Softnets, line: InstanceType<typeof IrqLine>): void {
    const { words } = views(shared);
    const me = softnet.context;
    const poll = (budget: number) => {
      if (words[DISABLED] !== 0) throw new Error(`context ${me} polls, although it is disabled`);
      if (words[POLLER] !== 0) throw new Error(`context ${me} polls, and so does ${words[POLLER]! - 1}`);
      const holder = (wordsOf(shared)[NAPI / 4]! >> 16) & 0xfff; // These bits are the holder's.
      if (holder !== me) throw new Error(`context ${me} polls, and SCHED is held by ${holder}`);
      words[POLLER] = me + 1;
      const work = Math.min(budget, Atomics.load(words, WORK) - words[DONE]!);
      words[DONE] = words[DONE]! + work;
      words[POLLER] = 0;
      if (work < budget && softnet.napiCompleteDone(0, work)) line.unmask();
      return work;
    };
    softnet.add(0, { poll: { poll } });
  }

  /** Interrupts, calls and timers, until none can come any more. */
  function cpu(shared: Shared): () => void {
    const clock = new VirtualClock();
    const seams = { clock, printk, trace: null, needResched: () => false };
    const layout = layoutOf(0);
    const core = buildCore(views(shared), layout, { threadIrqs: false }, seams, [CORES + 960]);
    const { softnet, lines, handlers, deliver, timers, interrupts } = core;
    handlers.push({ handle: () => softnet.napiSchedule(0) });
    addPoll(shared, softnet, lines[0]!);
    return () => {
      for (;;) {
        if (deliver() > 0) continue;
        if (timers.nextNs !== Number.POSITIVE_INFINITY) clock.advance(timers.nextNs - clock.nowNs);
        else if (Atomics.load(wordsOf(shared), ARRIVED) < 2) spin();
        else if (!interrupts.any()) break;
      }
      views(shared).words[ENDED_NS] = clock.nowNs;
    };
  }

  function other(shared: Shared): () => void {
    const clock = new VirtualClock();
    const seams = { clock, printk, isAsked: () => false, turn: () => {} };
    const { softnet, lines, busyPoller } = buildPollCore(views(shared), layoutOf(REMOTE), 1, seams);
    addPoll(shared, softnet, lines[0]!);
    const { napiId } = state(shared);
    const polls = () => {
      if (variant === 'timer-again') {
        softnet.napiSuspendIrqs(0);
        clock.advance(LATER_NS);
        softnet.napiSuspendIrqs(0);
      } else if (leaves) busyPoller.napiBusyLoop(napiId, { budget: 1 });
      else busyPoller.napiBusyLoop(napiId, { prefer: true });
    };
    return () => {
      polls();
      Atomics.add(wordsOf(shared), ARRIVED, 1);
    };
  }

  function third(shared: Shared): () => void {
    const disable = new NapiDisable(state(shared));
    return () => {
      if (threads[2] === 'nic') for (let piece = 0; piece < pieces; piece += 1) bring(shared);
      else {
        disable.begin();
        while (!disable.step()) spin();
        views(shared).words[DISABLED] = 1;
      }
      Atomics.add(wordsOf(shared), ARRIVED, 1);
    };
  }

  const scenario: Scenario = {
    threads,
    races: check === 'races',
    racing: [0, REMOTE].flatMap((context) => [timersOf(context), timersOf(context) + 4]),
    // Plain words are the SCHED holder's, and POLLER shows when there are two; but for EXPIRES, which is read while a timer is adopted.
    plainSteps: variant === 'timer-again',
    create: onePage,
    reset(shared) {
      for (const context of [0, REMOTE]) Softnet.create(views(shared), layoutOf(context).softnet);
      new Sysctls(views(shared), SYSCTLS, 1000).create();
      const napi = state(shared);
      napi.create();
      new NapiIds([napi], 3).assign(napi);
      if (!leaves) napi.irqSuspendTimeoutNs = SUSPEND_NS;
      if (!leaves && variant !== 'timer-again') {
        // There the CPU starts none of its own, which would take the place of what it is to adopt.
        napi.deferHardIrqs = 1;
        napi.groFlushTimeoutNs = TIMEOUT_NS;
      }
      const line = new IrqLine(views(shared), irq, 0);
      line.create('latch', 0);
      if (variant === 'timer-again') {
        line.mask(); // deferred: the timer alone will poll
        bring(shared);
        wordsOf(shared)[ARRIVED] = 1;
      }
      if (leaves) Atomics.add(wordsOf(shared), WORK, 2); // one for the loop, one for its last poll
      if (variant === 'leave-disable') bring(shared);
    },
    label: (address) => NAMES[address],
    thread: (index, shared) => [cpu, other, third][index]!(shared),
    check(shared) {
      const words = wordsOf(shared);
      const napi = state(shared);
      if (napi.holder() >= 0) return `held by context ${napi.holder()} at rest`;
      if (napi.timerCpu() >= 0) return `a timer is armed by context ${napi.timerCpu()} at rest`;
      if (variant === 'timer-again' && words[ENDED_NS] !== SUSPEND_NS + LATER_NS)
        return `expired at ${words[ENDED_NS]} ns`;
      if (words[DISABLED] !== 0) return null;
      if (words[DONE] !== words[WORK]) return `done=${words[DONE]} of ${words[WORK]}`;
      const flags = words[LINES / 4]! & 7;
      return flags === 1 ? null : `line=${flags} at rest`;
    },
    rest: () => null,
  };
  return scenario;
};

export default remote;
