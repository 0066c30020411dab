// Cold. Runs on: every thread of the explorer.
// A line between a device that publishes an event and raises, and a CPU on its real loop: whatever was published is seen by
// the handler, and the CPU sleeps in the end.
//   latch, nolatch, level   one device, two events
//   lines                   two devices with a line each, one CPU
//   orphan                  the line's CPU is gone: main moves the line, at any time, to one that lives
//   moved                   both live, the interrupt is on its way, and main moves the line

import { onePage, type ScenarioFactory, type Shared, wordsOf } from '../scenario.js';
import { load } from '../world/parts.js';

const CONTEXTS = 0; // of two CPUs
const LINES = 1024;
const COUNTERS = 2048; // per CPU: hardirqs, sleeps, an interrupt count per line
const EVENTS = 4096 / 4; // per line, a cache line apart
const SEEN = EVENTS + 1;
const LINE_WORDS = 16;
const CPUS = 2;
const ENABLED = 1;
const FLAGS = 7; // ENABLED, CAUSE, PENDING

interface Variant {
  readonly flow: 'latch' | 'nolatch' | 'level';
  readonly threads: readonly string[];
  readonly lines: number;
  readonly events: number;
  /** Events that have happened before any thread runs. */
  readonly before: number;
}

const VARIANTS: Record<string, Variant> = {
  latch: { flow: 'latch', threads: ['device0', 'cpu0'], lines: 1, events: 2, before: 0 },
  nolatch: { flow: 'nolatch', threads: ['device0', 'cpu0'], lines: 1, events: 2, before: 0 },
  level: { flow: 'level', threads: ['device0', 'cpu0'], lines: 1, events: 2, before: 0 },
  lines: { flow: 'latch', threads: ['device0', 'device1', 'cpu0'], lines: 2, events: 1, before: 0 },
  orphan: { flow: 'latch', threads: ['device0', 'main', 'cpu1'], lines: 1, events: 1, before: 0 },
  moved: { flow: 'latch', threads: ['main', 'cpu0', 'cpu1'], lines: 1, events: 1, before: 1 },
};

/** Mailbox, answer and turn count of the context at `context`, of which main wants nothing here. */
function ownWords(context: number): number[] {
  return [context + 64, context + 128, context + 132];
}

const irq: ScenarioFactory = async (root, variant) => {
  const { IrqLine, PendingLines } = await load<typeof import('../../../src/irq/line.js')>(root, 'irq/line.js');
  const { PendingCalls } = await load<typeof import('../../../src/irq/call.js')>(root, 'irq/call.js');
  const { CpuInterrupts } = await load<typeof import('../../../src/driver/interrupt.js')>(root, 'driver/interrupt.js');
  const { CONTEXT_BYTES } = await load<typeof import('../../../src/memory/context.js')>(root, 'memory/context.js');
  const { viewsOf } = await load<typeof import('../../../src/memory/views.js')>(root, 'memory/views.js');
  const { SpinThenSleep } = await load<typeof import('../../../src/runtime/idle.js')>(root, 'runtime/idle.js');
  const { runLoop } = await load<typeof import('../../../src/runtime/loop.js')>(root, 'runtime/loop.js');
  const { VirtualClock } = await load<typeof import('../../../src/runtime/clock.js')>(root, 'runtime/clock.js');
  const { flow, threads, lines, events, before } = VARIANTS[variant]!;
  const layout = { address: LINES, lines, cpus: 2, contexts: CONTEXTS };
  const lineOf = (shared: Shared, id: number) => new IrqLine(viewsOf(shared.memory.buffer), layout, id);

  function happen(shared: Shared, id: number, count: number): void {
    const words = wordsOf(shared);
    const line = lineOf(shared, id);
    for (let event = 0; event < count; event++) {
      Atomics.add(words, EVENTS + id * LINE_WORDS, 1);
      line.raise();
    }
  }

  /** What a NAPI does between interrupt and unmask, without anything to poll. */
  function handler(shared: Shared, id: number): () => void {
    const words = wordsOf(shared);
    const line = lineOf(shared, id);
    const unseen = () => Atomics.load(words, EVENTS + id * LINE_WORDS) !== words[SEEN + id * LINE_WORDS];
    return () => {
      do {
        words[SEEN + id * LINE_WORDS] = Atomics.load(words, EVENTS + id * LINE_WORDS);
        if (flow === 'level') return;
        line.unmask();
      } while (flow === 'nolatch' && unseen() && line.mask());
    };
  }

  function cpu(shared: Shared, id: number): () => void {
    const views = viewsOf(shared.memory.buffer);
    const context = CONTEXTS + id * CONTEXT_BYTES;
    const counters = COUNTERS + id * 256;
    const all = Array.from({ length: lines }, (_, line) => line);
    const interrupts = new CpuInterrupts(
      views,
      {
        cpu: id,
        context: { irqEnter() {}, irqExit() {} },
        trace: null,
        pending: new PendingLines(views, layout, id),
        calls: new PendingCalls(views, layout, id, []),
        timers: { isDue: false, expire: () => 0 },
        lines: all.map((line) => lineOf(shared, line)),
        handlers: all.map((line) => ({ handle: handler(shared, line) })),
      },
      { irqs: all.map((line) => counters + 16 + line * 8), hardirqs: counters },
    );
    const agent = {
      role: `cpu${id}`,
      doWork: () => interrupts.deliver(),
      nextNs: () => Number.POSITIVE_INFINITY,
      workArrived: () => interrupts.any(),
      handle: () => {},
    };
    const idle = new SpinThenSleep(views, context, new VirtualClock(), false, counters + 8);
    return () => runLoop(views, context, agent, idle);
  }

  return {
    threads,
    plainSteps: threads.length === 2, // SEEN is plain, and whoever took the interrupt alone writes it
    alone: Array.from({ length: CPUS }, (_, cpu) => CONTEXTS + cpu * CONTEXT_BYTES).flatMap(ownWords),
    create: onePage,
    reset(shared) {
      for (let id = 0; id < lines; id++) lineOf(shared, id).create(flow, 0);
      happen(shared, 0, before);
    },
    label: (address) => label(address),
    thread(index, shared) {
      const [, role = '', id = ''] = /^(\D+)(\d*)$/.exec(threads[index]!)!;
      if (role === 'device') return () => happen(shared, Number(id), events);
      if (role === 'main') return () => lineOf(shared, 0).retarget(1);
      return cpu(shared, Number(id));
    },
    check(shared) {
      const words = wordsOf(shared);
      for (let id = 0; id < lines; id++) {
        const at = id * LINE_WORDS;
        if (words[SEEN + at] !== events) return `line ${id}: seen=${words[SEEN + at]} of ${events}`;
        const state = words[LINES / 4 + at]! & FLAGS;
        if (state !== ENABLED) return `line ${id}: state=${state} at rest`;
      }
      return null;
    },
    rest: () => null,
  };

  function label(address: number): string | undefined {
    if (address < LINES)
      return `cpu${Math.floor(address / CONTEXT_BYTES)}.${['DOORBELL', 'REQUEST', 'DONE'][(address % CONTEXT_BYTES) / 64]}`;
    const row = (address - LINES) / 64;
    if (row < lines) return `LINE${row}`;
    return row < lines + CPUS ? `cpu${row - lines}.PENDING` : undefined;
  }
};

export default irq;
