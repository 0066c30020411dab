// Cold. Runs on: every thread of the explorer.
// One instance on a latching line, with deferral and its timer, whom several contexts poll. Each CPU's time goes on only when it
// has nothing else to do. Whatever was brought is polled, by one context at a time, and in the end nobody owes an unmask.
//   schedule       a packet at a time; another context schedules without an interrupt: its timer against this one's
//   disable        a poll is due, its timer after that, and main disables: nothing polls when that has returned
//   suspend        as schedule, but the application suspends interrupts after the first poll, and stalls
//   busy           a packet; another CPU busy-polls, preferring it
//   busy-disable   another CPU busy-polls, and main disables
//   …+races        plain accesses are checked

import { onePage, type Scenario, type ScenarioFactory, type Shared, spin, viewsOf, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const CONTEXTS = 0; // of two CPUs
const LINES = 1024;
const NAPI = 2048;
const CPUS = 4096; // softirq words, softnet words, timers, counters of each
const CPU_BYTES = 1024;
const SYSCTLS = 12_288;
const WORK = 8192 / 4; // pieces of work brought, a cache line apart from the others
const ARRIVED = WORK + 16; // 1: nobody will bring more
const DONE = WORK + 32; // pieces that a poll has seen
const POLLER = DONE + 1; // 1 + the context that is polling
const DISABLED = DONE + 2; // 1: napi_disable has returned
const NAMES: Record<number, string> = { [NAPI]: 'STATE', [NAPI + 120]: 'TIMER', [LINES]: 'LINE', [WORK * 4]: 'WORK' };

const TIMEOUT_NS = 1000;
const SUSPEND_NS = 100_000;
const ROUNDS = 2;

interface Variant {
  readonly threads: readonly string[];
  readonly pieces: number;
}

const VARIANTS: Record<string, Variant> = {
  schedule: { threads: ['cpu0', 'cpu1', 'nic'], pieces: 1 },
  suspend: { threads: ['cpu0', 'nic'], pieces: 2 },
  disable: { threads: ['cpu0', 'main'], pieces: 0 },
  busy: { threads: ['cpu0', 'cpu1', 'nic'], pieces: 1 },
  'busy-disable': { threads: ['cpu1', 'main'], pieces: 0 },
};

const mitigation: ScenarioFactory = async (root, spec) => {
  const { buildCore, napiState } = await load<typeof import('../../../src/cpu/core.js')>(root, 'cpu/core.js');
  const { IrqLine } = await load<typeof import('../../../src/irq/line.js')>(root, 'irq/line.js');
  const { Softnet } = await load<typeof import('../../../src/napi/softnet.js')>(root, 'napi/softnet.js');
  const { NapiDisable, NapiIds } = await load<typeof import('../../../src/napi/control.js')>(root, 'napi/control.js');
  const { Sysctls } = await load<typeof import('../../../src/napi/sysctl.js')>(root, 'napi/sysctl.js');
  const { VirtualClock } = await load<typeof import('../../../src/runtime/clock.js')>(root, 'runtime/clock.js');
  const { Printk } = await load<typeof import('../../../src/runtime/printk.js')>(root, 'runtime/printk.js');
  const [variant = '', check] = spec.split('+');
  const { threads, pieces } = VARIANTS[variant]!;
  const irq = { address: LINES, lines: 1, cpus: 2, contexts: CONTEXTS };
  const views = (shared: Shared) => viewsOf(shared.memory.buffer);
  const state = (shared: Shared) => napiState(views(shared), NAPI, 0);
  const bring = (shared: Shared) => {
    Atomics.add(wordsOf(shared), WORK, 1);
    new IrqLine(views(shared), irq, 0).raise();
  };

  function core(shared: Shared, cpu: number) {
    const { words } = views(shared);
    const at = CPUS + cpu * CPU_BYTES;
    const layout = {
      sysctls: SYSCTLS,
      cpu,
      irq,
      napis: NAPI,
      napiCount: 1,
      softirq: at,
      softnet: at + 64,
      timers: at + 128,
      timersOf: [0, 1].map((other) => CPUS + other * CPU_BYTES + 128),
      counters: at + 192,
    };
    const clock = new VirtualClock();
    const printk = new Printk((line) => {
      throw new Error(line);
    });
    const seams = { clock, printk, trace: null, needResched: () => false };
    const settings = { threadIrqs: false };
    const made = buildCore(views(shared), layout, settings, seams, [at + 960]);
    const { softnet, lines, handlers } = made;
    handlers.push({ handle: () => softnet.napiSchedule(0) });
    const poll = () => {
      if (words[DISABLED] !== 0) throw new Error(`cpu${cpu} polls, although it is disabled`);
      if (words[POLLER] !== 0) throw new Error(`cpu${cpu} polls, and so does cpu${words[POLLER]! - 1}`);
      words[POLLER] = cpu + 1;
      const work = Atomics.load(words, WORK) - words[DONE]!;
      words[DONE] = words[DONE]! + work;
      words[POLLER] = 0;
      if (softnet.napiCompleteDone(0, work)) lines[0]!.unmask();
      return work;
    };
    softnet.add(0, { poll: { poll } });
    /** Interrupts and timers, until none can come any more. */
    const settle = () => {
      for (;;) {
        if (made.deliver() > 0) continue;
        if (made.timers.nextNs !== Number.POSITIVE_INFINITY) clock.advance(made.timers.nextNs - clock.nowNs);
        else if (Atomics.load(words, ARRIVED) === 0) spin();
        else if (!made.interrupts.any()) return;
      }
    };
    return { ...made, settle };
  }

  /** What runs on a CPU of this variant. */
  function bodyOf(shared: Shared, cpu: number): () => void {
    const { softnet, softirqs, busyPoller, deliver, settle } = core(shared, cpu);
    if (variant === 'suspend') {
      return () => {
        while (deliver() === 0) spin();
        softnet.napiSuspendIrqs(0);
        settle();
      };
    }
    if (cpu === 0) return settle;
    if (variant === 'schedule') {
      return () => {
        softirqs.irqEnter();
        softnet.napiSchedule(0);
        softirqs.irqExit();
        settle();
      };
    }
    const { napiId } = state(shared);
    return () => {
      let rounds = 0;
      busyPoller.napiBusyLoop(napiId, { loopEnd: () => ++rounds >= ROUNDS, prefer: true });
      settle();
    };
  }

  const scenario: Scenario = {
    threads,
    races: check === 'races',
    plainSteps: false, // plain words are the SCHED holder's, and POLLER shows when there are two
    create: onePage,
    reset(shared) {
      for (const cpu of [0, 1]) Softnet.create(views(shared), CPUS + cpu * CPU_BYTES + 64);
      new Sysctls(views(shared), SYSCTLS, 1000).create();
      const napi = state(shared);
      napi.create();
      new NapiIds([napi], 3).assign(napi);
      napi.deferHardIrqs = 1;
      napi.groFlushTimeoutNs = TIMEOUT_NS;
      napi.irqSuspendTimeoutNs = SUSPEND_NS;
      new IrqLine(views(shared), irq, 0).create('latch', 0);
      if (threads.includes('nic')) return;
      bring(shared);
      wordsOf(shared)[ARRIVED] = 1;
    },
    label: (address) => NAMES[address],
    thread(index, shared) {
      const name = threads[index]!;
      const { words } = views(shared);
      if (name === 'nic') {
        return () => {
          for (let piece = 0; piece < pieces; piece += 1) bring(shared);
          Atomics.store(words, ARRIVED, 1);
        };
      }
      if (name !== 'main') return bodyOf(shared, Number(name.slice(3)));
      const disable = new NapiDisable(state(shared));
      return () => {
        disable.begin();
        while (!disable.step()) spin();
        words[DISABLED] = 1;
      };
    },
    check(shared) {
      const words = wordsOf(shared);
      const napi = state(shared);
      if (napi.holder() >= 0) return `held by cpu${napi.holder()} at rest`;
      if (words[DISABLED] !== 0) return null;
      if (words[DONE] !== words[WORK]) return `done=${words[DONE]} of ${words[WORK]}`;
      const flags = words[LINES / 4]! & 7;
      return flags === 1 ? null : `line=${flags} at rest`;
    },
    rest: () => null,
  };
  return scenario;
};

export default mitigation;
