// Cold. Runs on: every thread of the explorer.
// Packets for the backlog of cpu1, which is on its real loop and sleeps when it has nothing to do. Each comes out once, those of
// one sender in order; whoever is called holds SCHED, and is neither polled nor on a list: so one call at most is on its way.
//   remote    cpu0 sends twice, each time in a softirq of its own
//   late      cpu0 has sent a packet, and sends another
//   burst     cpu0 sends two packets as one burst, then one
//   senders   cpu0 and cpu2 send
//   local     cpu0 sends; a device interrupts cpu1, whose handler puts a packet into its own backlog
//   death     cpu0 sends twice and may end at any step; cpu2 inherits what it owes
//   recount   a sender has ended that was in QLEN and published nothing; cpu0 lives, and sends twice
//   …+races   the same, with plain accesses checked
//   call      no packets: cpu0 brings work for a driver's instance, twice, and schedules it on cpu1 (CALL_SCHEDULE)
//   calls     cpu0 and cpu2 bring work for an instance each

import { onePage, type Scenario, type ScenarioFactory, type Shared, spin, viewsOf, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const CONTEXTS = 0; // of three CPUs
const CONTEXT_BYTES = 192;
const LINES = 1024;
const NAPIS = 2048; // the backlogs of three CPUs, and a driver's for each of them
const NAPI_BYTES = 192;
const CPUS = 4096; // softirq words, softnet words, timers, counters of each
const CPU_BYTES = 1024;
const SYSCTLS = 8192;
const BACKLOG = 16_384;
const NEXT = 8448 / 4; // by sender: which packet comes next; cpu1's
const WORK = 8704 / 4; // by caller, a cache line each: pieces of work brought; behind it, those that a poll has seen, cpu1's
const CPU_COUNT = 3;
const TARGET = 1;
const DRIVER = 3;
const HEIR = 2;
const EXITS = 9216; // cpu0 has ended
const FLOW_LIMITS = 9472; // a cache line each: there is no table

// Of the target's backlog.
const TAIL0 = (BACKLOG + 64) / 4;
const RING_BYTES = (32 + 2048) * 4;

interface Variant {
  readonly threads: readonly string[];
  /** By sender: its bursts. */
  readonly sends: Readonly<Record<number, readonly number[]>>;
}

const VARIANTS: Record<string, Variant> = {
  remote: { threads: ['cpu0', 'cpu1'], sends: { 0: [1, 1] } },
  late: { threads: ['cpu0', 'cpu1'], sends: { 0: [1, 1] } },
  burst: { threads: ['cpu0', 'cpu1'], sends: { 0: [2, 1] } },
  senders: { threads: ['cpu0', 'cpu2', 'cpu1'], sends: { 0: [1], 2: [1] } },
  local: { threads: ['cpu0', 'device', 'cpu1'], sends: { 0: [1], 1: [1] } },
  death: { threads: ['cpu0', 'cpu2', 'cpu1'], sends: { 0: [1, 1] } },
  recount: { threads: ['cpu0', 'cpu1'], sends: { 0: [1, 1] } },
  call: { threads: ['cpu0', 'cpu1'], sends: {} },
  calls: { threads: ['cpu0', 'cpu2', 'cpu1'], sends: {} },
};

const backlog: ScenarioFactory = async (root, spec) => {
  const { buildCore, napiState } = await load<typeof import('../../../src/cpu/core.js')>(root, 'cpu/core.js');
  const { Cpu } = await load<typeof import('../../../src/cpu/cpu.js')>(root, 'cpu/cpu.js');
  const { CALL_RPS, CALL_SCHEDULE, Calls } = await load<typeof import('../../../src/irq/call.js')>(root, 'irq/call.js');
  const { IrqLine } = await load<typeof import('../../../src/irq/line.js')>(root, 'irq/line.js');
  const { wake } = await load<typeof import('../../../src/memory/doorbell.js')>(root, 'memory/doorbell.js');
  const counters = await load<typeof import('../../../src/memory/counters.js')>(root, 'memory/counters.js');
  const { Softnet } = await load<typeof import('../../../src/napi/softnet.js')>(root, 'napi/softnet.js');
  const { Sysctls } = await load<typeof import('../../../src/napi/sysctl.js')>(root, 'napi/sysctl.js');
  const { Backlog } = await load<typeof import('../../../src/net/backlog.js')>(root, 'net/backlog.js');
  const { backlogWaiting } = await load<typeof import('../../../src/net/backlog-counts.js')>(
    root,
    'net/backlog-counts.js',
  );
  const { VirtualClock } = await load<typeof import('../../../src/runtime/clock.js')>(root, 'runtime/clock.js');
  const { Printk } = await load<typeof import('../../../src/runtime/printk.js')>(root, 'runtime/printk.js');
  const { SpinThenSleep } = await load<typeof import('../../../src/runtime/idle.js')>(root, 'runtime/idle.js');
  const { runLoop } = await load<typeof import('../../../src/runtime/loop.js')>(root, 'runtime/loop.js');
  const [variant = '', check] = spec.split('+');
  const { threads, sends } = VARIANTS[variant]!;
  const irq = { address: LINES, lines: 1, cpus: CPU_COUNT, contexts: CONTEXTS };
  const views = (shared: Shared) => viewsOf(shared.memory.buffer);
  const layouts = Array.from({ length: CPU_COUNT }, (_, cpu) => {
    const senders = cpu === TARGET ? Object.keys(sends).map(Number) : [];
    return { address: BACKLOG, cpu, senders, slotWords: 1, flowLimit: FLOW_LIMITS + cpu * 64 };
  });

  function core(shared: Shared, cpu: number) {
    const at = CPUS + cpu * CPU_BYTES;
    const layout = {
      cpu,
      irq,
      napis: NAPIS,
      napiCount: 2 * CPU_COUNT,
      softirq: at,
      softnet: at + 64,
      timers: at + 128,
      timersOf: layouts.map(({ cpu }) => CPUS + cpu * CPU_BYTES + 128),
      sysctls: SYSCTLS,
      counters: at + 192,
    };
    const printk = new Printk((line) => {
      throw new Error(line);
    });
    const seams = { clock: new VirtualClock(), printk, trace: null, needResched: () => false };
    const made = buildCore(views(shared), layout, { threadIrqs: false }, seams, [at + 960]);
    const places = counters.counterAddresses(counters.CPU_COUNTERS, at + 192, counters.CPU_COUNTERS);
    const { words } = views(shared);
    const receive = (slot: number) => {
      const [sender, number] = [words[slot]! >> 8, words[slot]! & 0xff];
      const next = words[NEXT + sender]!;
      if (number !== next) throw new Error(`of cpu${sender}: packet ${number}, not ${next}`);
      words[NEXT + sender] = next + 1;
    };
    const packets = { receive, hash: () => 0, drop: () => {} };
    return { ...made, sleeps: places.sleeps, backlog: new Backlog(views(shared), layouts, 0, made, packets, places) };
  }

  /** A CPU that sends its bursts, each in an interrupt, from the `first` on to before the `end`; and then does nothing more. */
  function sender(shared: Shared, cpu: number, first = 0, end = sends[cpu]!.length): () => void {
    const { backlog, softirqs } = core(shared, cpu);
    const { words } = views(shared);
    let number = first;
    return () => {
      for (const burst of sends[cpu]!.slice(first, end)) {
        softirqs.irqEnter();
        for (let i = 0; i < burst; i += 1) words[backlog.insert(TARGET, 0)] = (cpu << 8) | number++;
        backlog.publish(TARGET);
        softirqs.irqExit();
      }
    };
  }

  /** What a dead CPU owed to others. Its own backlog has no rings here. */
  function heir(shared: Shared): () => void {
    const { backlog, softirqs, softnet } = core(shared, HEIR);
    const words = wordsOf(shared);
    return () => {
      while (Atomics.load(words, EXITS / 4) === 0) spin();
      // As main does when a thread has died: it may have been about to notify whom it had found asleep.
      wake(words, (CONTEXTS + TARGET * CONTEXT_BYTES) / 4, 1);
      softirqs.irqEnter();
      softnet.inheritRpsIpis(views(shared), CPUS + 64);
      backlog.inherit(0);
      softirqs.irqExit();
    };
  }

  function caller(shared: Shared, cpu: number): () => void {
    const calls = new Calls(views(shared), irq);
    const state = napiState(views(shared), NAPIS, DRIVER + cpu);
    const words = wordsOf(shared);
    const pieces = variant === 'call' ? 2 : 1;
    return () => {
      for (let piece = 0; piece < pieces; piece += 1) {
        Atomics.add(words, WORK + cpu * 16, 1);
        if (state.schedulePrep(TARGET)) calls.call(TARGET, CALL_SCHEDULE, DRIVER + cpu);
      }
    };
  }

  function target(shared: Shared): () => void {
    const made = core(shared, TARGET);
    const { softnet, calls, backlog } = made;
    const words = wordsOf(shared);
    let sent = 0;
    made.handlers.push({
      handle() {
        views(shared).words[backlog.insert(TARGET, 0)] = (TARGET << 8) | sent++;
        backlog.publish(TARGET);
      },
    });
    for (let cpu = 0; cpu < CPU_COUNT; cpu += 1) {
      const at = WORK + cpu * 16;
      const poll = () => {
        const work = Atomics.load(words, at) - words[at + 1]!;
        words[at + 1] = words[at + 1]! + work;
        softnet.napiCompleteDone(DRIVER + cpu, work);
        return work;
      };
      softnet.add(DRIVER + cpu, { poll: { poll } });
    }
    if (variant !== 'death') assertHeld(CALL_RPS, () => TARGET);
    assertHeld(CALL_SCHEDULE, (subject) => subject);
    const agent = new Cpu('cpu1', made.interrupts, made.softirqs, made.scheduler, made.timers);
    const context = CONTEXTS + TARGET * CONTEXT_BYTES;
    const idle = new SpinThenSleep(views(shared), context, new VirtualClock(), false, made.sleeps);
    return () => runLoop(views(shared), context, agent, idle);

    function assertHeld(kind: number, napiOf: (subject: number) => number): void {
      const handler = calls[kind]!;
      calls[kind] = (subject) => {
        const id = napiOf(subject);
        const held = plainHolder(shared, id) === TARGET && !softnet.napis[id]!.state.isLinked();
        if (!held) throw new Error('cpu1 is called for nothing');
        handler(subject);
      };
    }
  }

  /** As NapiState.holder(), but no step. */
  function plainHolder(shared: Shared, id: number): number {
    const state = wordsOf(shared)[(NAPIS + id * NAPI_BYTES) / 4]!;
    return (state & 1) === 0 ? -1 : state >> 16;
  }

  /** Packets of other CPUs in input_pkt_queue, at this moment. */
  function inputOfOthers(shared: Shared): number {
    const words = wordsOf(shared);
    const { senders } = layouts[TARGET]!;
    const waiting = senders.map((sender, index) => {
      const ring = TAIL0 + (index * RING_BYTES) / 4;
      return sender === TARGET ? 0 : words[ring]! - words[ring + 16]!;
    });
    return waiting.reduce((total, packets) => total + packets, 0);
  }

  const scenario: Scenario = {
    threads,
    races: check === 'races',
    ...(variant === 'death' ? { ends: { threads: ['cpu0'], word: EXITS } } : {}),
    plainSteps: false, // plain words are cpu1's, or a sender's
    alone: [0, 1, 2].flatMap((cpu) => [64, 128, 132].map((word) => CONTEXTS + cpu * CONTEXT_BYTES + word)),
    create: onePage,
    reset(shared) {
      for (let cpu = 0; cpu < CPU_COUNT; cpu += 1) Softnet.create(views(shared), CPUS + cpu * CPU_BYTES + 64);
      for (let id = 0; id < 2 * CPU_COUNT; id += 1) napiState(views(shared), NAPIS, id).create();
      new Sysctls(views(shared), SYSCTLS, 1000).create();
      new IrqLine(views(shared), irq, 0).create('level', TARGET);
      if (variant === 'recount') wordsOf(shared)[BACKLOG / 4] = 1;
      if (variant === 'late') sender(shared, 0, 0, 1)();
    },
    label: (address) => LABELS[address],
    thread(index, shared) {
      const name = threads[index]!;
      if (name === 'device') return () => new IrqLine(views(shared), irq, 0).raise();
      if (name === 'cpu1') return target(shared);
      if (variant === 'death' && name === 'cpu2') return heir(shared);
      const cpu = Number(name.slice(3));
      if (variant.startsWith('call')) return caller(shared, cpu);
      return sender(shared, cpu, variant === 'late' ? 1 : 0);
    },
    // COUNTED is a plain store before QLEN's add: who counts anew looks at both, in the other order.
    racing: [0, 1].map((ring) => BACKLOG + 64 + ring * RING_BYTES + 4),
    watched: [BACKLOG, ...[0, 1].flatMap((ring) => [0, 64].map((at) => BACKLOG + 64 + ring * RING_BYTES + at))],
    always: (shared) => (qlen(shared) >= inputOfOthers(shared) ? null : `QLEN=${qlen(shared)} is too small`),
    check(shared, ended) {
      const words = wordsOf(shared);
      for (const [sender, bursts] of Object.entries(sends)) {
        const all = bursts.reduce((total, burst) => total + burst, 0);
        const sent = ended.length === 0 ? all : words[TAIL0]!;
        const came = words[NEXT + Number(sender)]!;
        if (came !== sent) return `of cpu${sender}: ${came} of ${sent} packets`;
      }
      for (let at = WORK; at < WORK + CPU_COUNT * 16; at += 16) {
        if (words[at] !== words[at + 1]) return `done=${words[at + 1]} of ${words[at]}`;
      }
      for (let id = 0; id < 2 * CPU_COUNT; id += 1)
        if (plainHolder(shared, id) !== -1) return `instance ${id} is held at rest`;
      if (backlogWaiting(views(shared), layouts[TARGET]!) !== 0) return 'packets wait at rest';
      return qlen(shared) === 0 ? null : `QLEN=${qlen(shared)} at rest`;
    },
    rest: () => null,
  };
  return scenario;
};

/** QLEN */
function qlen(shared: Shared): number {
  return wordsOf(shared)[BACKLOG / 4]!;
}

const LABELS: Record<number, string> = {
  [CONTEXTS + CONTEXT_BYTES]: 'cpu1.DOORBELL',
  [LINES]: 'LINE',
  [LINES + 64 * (1 + TARGET)]: 'cpu1.PENDING',
  [LINES + 64 * (1 + CPU_COUNT + TARGET)]: 'SUBJECTS.SCHEDULE',
  [LINES + 64 * (1 + 2 * CPU_COUNT + TARGET)]: 'SUBJECTS.RPS',
  [NAPIS + NAPI_BYTES * TARGET]: 'STATE',
  [NAPIS + NAPI_BYTES * DRIVER]: 'STATE',
  [BACKLOG]: 'QLEN',
  [BACKLOG + 64]: 'TAIL0',
  [BACKLOG + 64 + 64]: 'SPLICED0',
  [BACKLOG + 64 + RING_BYTES]: 'TAIL1',
  [BACKLOG + 64 + RING_BYTES + 64]: 'SPLICED1',
};

export default backlog;
