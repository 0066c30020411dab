// Hot. Runs on: CPU n.
// One CPU's softirqs: pending mask, raise, bottom halves on and off, passes, ksoftirqd (kernel/softirq.c). Knows no NAPI:
// actions are registered.
//
//   0  PENDING     bit per vector                       this CPU
//   1  KSOFTIRQD   1 = runnable, 0 = asleep             this CPU
//
// who runs what is pending                            and who does not
//   irq_exit of the outermost interrupt                 one that interrupted a softirq, or bottom halves that are off
//   local_bh_enable that turns them on again            one inside an interrupt, or inside another pair
//   ksoftirqd                                           nobody else: a bit that was only marked stays pending
// That ksoftirqd is runnable keeps nobody from running softirqs inline (since d15121be7485).

import { SOFTIRQ_VECTORS } from '../memory/counters.js';
import { CACHE_LINE_BYTES, DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { type Clock, usecsToJiffies } from '../runtime/clock.js';
import type { Printk } from '../runtime/printk.js';
import type { Trace } from '../runtime/trace.js';
import { PreemptCount } from './preempt-count.js';

const PENDING = 0;
const KSOFTIRQD = 1;
export const SOFTIRQ_BYTES = CACHE_LINE_BYTES;

/** Vectors, run lowest first: their numbers are their places in SOFTIRQ_VECTORS. */
export const NET_RX_SOFTIRQ = 3;

const MAX_SOFTIRQ_RESTART = 10; // passes in all: one and nine restarts
const MAX_SOFTIRQ_USECS = 2000;
const NOHZ_REPORTS_MAX = 10;

/** What a vector does. Leaves work behind by raising again. */
export interface SoftirqAction {
  run(): void;
}

/** What comes from outside this folder. */
export interface SoftirqSeams {
  /** A delivery point: takes the interrupts that are pending on this CPU. @returns handlers run */
  deliver(): number;
  /** True when a task has waited for its slice. */
  needResched(): boolean;
  readonly printk: Printk;
  readonly trace: Trace | null;
  /** `threadirqs`: irq_exit leaves softirqs to ksoftirqd. */
  readonly threadIrqs: boolean;
}

/** Byte addresses of the counters (doubles) that this file writes. */
export interface SoftirqCounters {
  /** Of the first vector; the others' follow, in order. */
  readonly HI: number;
  readonly ksoftirqdRuns: number;
}

/** Main, while no thread runs the CPU: nothing is pending, ksoftirqd sleeps. */
export function resetSoftirqs({ words }: Views, address: number): void {
  words[address / 4 + PENDING] = 0;
  words[address / 4 + KSOFTIRQD] = 0;
}

export class Softirqs {
  readonly preempt = new PreemptCount();
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly base: number;
  private readonly clock: Clock;
  private readonly seams: SoftirqSeams;
  private readonly trace: Trace | null;
  private readonly actions: (SoftirqAction | null)[] = SOFTIRQ_VECTORS.map(() => null);
  private readonly runs: number;
  private readonly ksoftirqdRuns: number;
  private readonly maxJiffies: number;

  constructor(views: Views, address: number, clock: Clock, seams: SoftirqSeams, counters: SoftirqCounters) {
    this.words = views.words;
    this.doubles = views.doubles;
    this.base = address / 4;
    this.clock = clock;
    this.seams = seams;
    this.trace = seams.trace;
    this.runs = counters.HI / DOUBLE_BYTES;
    this.ksoftirqdRuns = counters.ksoftirqdRuns / DOUBLE_BYTES;
    this.maxJiffies = usecsToJiffies(MAX_SOFTIRQ_USECS, clock.hz);
  }

  /** open_softirq */
  open(vector: number, action: SoftirqAction): void {
    this.actions[vector] = action;
  }

  /** The pending mask. */
  get pending(): number {
    return this.words[this.base + PENDING]!;
  }

  // ── raising ──

  /** __raise_softirq_irqoff: sets the bit, wakes nobody. Whoever calls it knows that the mask is looked at again. */
  mark(vector: number): void {
    if (this.trace !== null) this.trace.softirqRaise(vector);
    this.words[this.base + PENDING] = this.pending | (1 << vector);
  }

  /** raise_softirq, and raise_softirq_irqoff: outside of interrupts, nobody but ksoftirqd would run it. */
  raise(vector: number): void {
    this.mark(vector);
    if (!this.preempt.inInterrupt) this.wakeKsoftirqd();
  }

  // ── where pending softirqs run ──

  /** irq_enter */
  irqEnter(): void {
    this.preempt.enterHardirq();
  }

  /** irq_exit */
  irqExit(): void {
    this.preempt.leaveHardirq();
    if (this.pending === 0 || this.preempt.inInterrupt) return;
    if (this.seams.threadIrqs) this.wakeKsoftirqd();
    else this.handleSoftirqs();
  }

  /** local_bh_disable. Nests. */
  localBhDisable(): void {
    this.preempt.disableBh();
  }

  /** local_bh_enable. @throws Error in a hard interrupt, or without local_bh_disable(): the kernel warns */
  localBhEnable(): void {
    if (this.preempt.inHardirq || !this.preempt.bhDisabled) throw unbalanced(this.preempt);
    this.preempt.enableBh();
    if (this.pending !== 0 && !this.preempt.inInterrupt) this.handleSoftirqs();
  }

  /** ksoftirqd has something to do, or believes so. */
  get ksoftirqdRunnable(): boolean {
    return this.words[this.base + KSOFTIRQD] !== 0;
  }

  /** One turn of ksoftirqd, up to its cond_resched(); it sleeps when nothing is pending. @returns whether it ran softirqs */
  runKsoftirqd(): boolean {
    const due = this.pending !== 0;
    if (due) {
      this.doubles[this.ksoftirqdRuns] = this.doubles[this.ksoftirqdRuns]! + 1;
      this.handleSoftirqs();
    }
    if (this.pending === 0) this.words[this.base + KSOFTIRQD] = 0;
    return due;
  }

  /** The CPU goes to sleep (report_idle_softirq): what is pending now stays so until somebody interrupts. */
  tickStop(): void {
    if (this.pending !== 0) reportIdle(this.seams.printk, this.pending);
  }

  private wakeKsoftirqd(): void {
    if (this.ksoftirqdRunnable) return;
    if (this.trace !== null) this.trace.ksoftirqdWaking();
    this.words[this.base + KSOFTIRQD] = 1;
  }

  /** handle_softirqs: passes over the pending vectors until none is left, or the limits say that ksoftirqd goes on. */
  private handleSoftirqs(): void {
    this.clock.tick();
    const end = (this.clock.jiffies + this.maxJiffies) | 0;
    let passes = MAX_SOFTIRQ_RESTART;
    this.preempt.enterSoftirq();
    for (;;) {
      this.pass();
      this.seams.deliver();
      if (this.pending === 0) break;
      if (((this.clock.jiffies - end) | 0) < 0 && !this.seams.needResched() && --passes !== 0) continue;
      this.wakeKsoftirqd();
      break;
    }
    this.preempt.leaveSoftirq();
  }

  private pass(): void {
    let pending = this.pending;
    this.words[this.base + PENDING] = 0;
    while (pending !== 0) {
      const vector = 31 - Math.clz32(pending & -pending);
      pending &= pending - 1;
      this.doubles[this.runs + vector] = this.doubles[this.runs + vector]! + 1;
      if (this.trace !== null) this.trace.softirqEntry(vector);
      const before = this.preempt.value;
      this.actions[vector]?.run();
      if (this.trace !== null) this.trace.softirqExit(vector);
      if (this.preempt.value !== before) this.restorePreempt(vector, before);
    }
  }

  private restorePreempt(vector: number, before: number): void {
    const [entered, exited] = [before, this.preempt.value].map((count) => count.toString(16).padStart(8, '0'));
    const name = SOFTIRQ_VECTORS[vector];
    this.seams.printk.print(
      `huh, entered softirq ${vector} ${name} with preempt_count ${entered}, exited with ${exited}?`,
    );
    this.preempt.value = before;
  }
}

function reportIdle(printk: Printk, pending: number): void {
  const mask = pending.toString(16).padStart(2, '0');
  const line = `NOHZ tick-stop error: local softirq work is pending, handler #${mask}!!!`;
  printk.once('nohz', line, NOHZ_REPORTS_MAX);
}

function unbalanced(preempt: PreemptCount): Error {
  const why = preempt.inHardirq ? 'in a hard interrupt' : 'bottom halves are not disabled';
  return new Error(`local_bh_enable: ${why} (preempt_count=${preempt.value.toString(16).padStart(8, '0')})`);
}
