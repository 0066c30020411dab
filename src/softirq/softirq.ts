// Hot. Runs on: CPU n.
// One CPU's softirqs: pending mask, raise, passes, ksoftirqd (kernel/softirq.c). Knows no NAPI: actions are registered.
//
//   0  PENDING     bit per vector        this CPU
//   1  KSOFTIRQD   1 = woken             this CPU

import { CACHE_LINE_BYTES, DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { type Clock, HZ } from '../runtime/clock.js';

const PENDING = 0;
const KSOFTIRQD = 1;
export const SOFTIRQ_BYTES = CACHE_LINE_BYTES;

/** Vectors, run lowest first. The others of Linux's ten come with what raises them. */
export const NET_RX_SOFTIRQ = 3;
const VECTORS = 10;

const MAX_SOFTIRQ_RESTART = 10; // passes in all: one and nine restarts
const MAX_SOFTIRQ_TIME = Math.ceil((2 * HZ) / 1000); // 2 ms in jiffies

/** What a vector does. Leaves work behind by raising again. */
export interface SoftirqAction {
  run(): void;
}

/** What comes from outside this folder. */
export interface SoftirqHooks {
  /** A delivery point: takes the interrupts that are pending on this CPU. @returns handlers run */
  deliver(): number;
  /** True when a task has waited for its slice. */
  needResched(): boolean;
}

/** Byte addresses of the counters (doubles) that this file writes. */
export interface SoftirqCounters {
  readonly netRxSoftirqs: number;
  readonly ksoftirqdRuns: number;
}

export class Softirqs {
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly base: number;
  private readonly clock: Clock;
  private readonly hooks: SoftirqHooks;
  private readonly actions: (SoftirqAction | null)[] = new Array(VECTORS).fill(null);
  private readonly netRxSoftirqs: number;
  private readonly ksoftirqdRuns: number;
  private serving = false;

  constructor(views: Views, address: number, clock: Clock, hooks: SoftirqHooks, counters: SoftirqCounters) {
    this.words = views.words;
    this.doubles = views.doubles;
    this.base = address / 4;
    this.clock = clock;
    this.hooks = hooks;
    this.netRxSoftirqs = counters.netRxSoftirqs / DOUBLE_BYTES;
    this.ksoftirqdRuns = counters.ksoftirqdRuns / DOUBLE_BYTES;
  }

  /** open_softirq */
  open(vector: number, action: SoftirqAction): void {
    this.actions[vector] = action;
  }

  /** __raise_softirq_irqoff: sets the bit, wakes nobody. Whoever calls it knows that the mask is looked at again. */
  raise(vector: number): void {
    this.words[this.base + PENDING] = this.words[this.base + PENDING]! | (1 << vector);
  }

  /** True when irqExit() or runKsoftirqd() would find something to do. */
  anyPending(): boolean {
    return this.words[this.base + PENDING] !== 0 || this.words[this.base + KSOFTIRQD] !== 0;
  }

  /** irq_exit: the last interrupt handler has returned. Runs what is pending, unless a softirq was interrupted. */
  irqExit(): void {
    if (!this.serving && this.words[this.base + PENDING] !== 0) this.handleSoftirqs();
  }

  /** One turn of ksoftirqd, if it has been woken. @returns whether it ran */
  runKsoftirqd(): boolean {
    if (this.words[this.base + KSOFTIRQD] === 0) return false;
    this.words[this.base + KSOFTIRQD] = 0;
    if (this.words[this.base + PENDING] === 0) return false;
    this.doubles[this.ksoftirqdRuns] = this.doubles[this.ksoftirqdRuns]! + 1;
    this.handleSoftirqs();
    return true;
  }

  /** handle_softirqs: passes over the pending vectors until none is left, or the limits say that ksoftirqd goes on. */
  private handleSoftirqs(): void {
    this.serving = true;
    const end = (this.clock.jiffies + MAX_SOFTIRQ_TIME) | 0;
    let restarts = MAX_SOFTIRQ_RESTART;
    for (;;) {
      this.pass();
      this.hooks.deliver();
      if (this.words[this.base + PENDING] === 0) break;
      restarts -= 1;
      if (((this.clock.jiffies - end) | 0) >= 0 || this.hooks.needResched() || restarts === 0) {
        this.words[this.base + KSOFTIRQD] = 1;
        break;
      }
    }
    this.serving = false;
  }

  private pass(): void {
    let pending = this.words[this.base + PENDING]!;
    this.words[this.base + PENDING] = 0;
    while (pending !== 0) {
      const vector = 31 - Math.clz32(pending & -pending);
      pending &= pending - 1;
      if (vector === NET_RX_SOFTIRQ) this.doubles[this.netRxSoftirqs] = this.doubles[this.netRxSoftirqs]! + 1;
      this.actions[vector]?.run();
    }
  }
}
