// Hot. Runs on: CPU n, at delivery points.
// The driver's two interrupt handlers, and the interrupts of one CPU.

import type { PendingCalls } from '../irq/call.js';
import type { IrqLine, PendingLines } from '../irq/line.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Softnet } from '../napi/softnet.js';
import type { Backlog } from '../net/backlog.js';
import type { ReceivedPackets } from '../net/backlog-packets.js';
import type { Trace } from '../runtime/trace.js';
import type { RxQueue } from './rx-queue.js';

/** Softirqs, as hard interrupts see them. */
export interface IrqContext {
  irqEnter(): void;
  irqExit(): void;
}

/** This CPU's timers, as its delivery points see them. */
export interface LocalTimers {
  readonly isDue: boolean;
  /** @returns callbacks run */
  expire(): number;
}

/** What runs when a line is delivered. */
export interface InterruptHandler {
  handle(): void;
}

/** NAPI: the line is masked already (auto-mask); schedule, and leave. */
export class NapiInterrupt implements InterruptHandler {
  private readonly softnet: Softnet;
  private readonly napi: number;

  constructor(softnet: Softnet, napi: number) {
    this.softnet = softnet;
    this.napi = napi;
  }

  handle(): void {
    this.softnet.napiSchedule(this.napi);
  }
}

/**
 * The model that NAPI replaced: a level line that is never masked. One packet per interrupt goes to the backlog; while the
 * ring is not empty the line is asserted again.
 */
export class PacketInterrupt implements InterruptHandler {
  private readonly line: IrqLine;
  private readonly rx: RxQueue;
  private readonly queue: number;
  private readonly cpu: number;
  private readonly backlog: Backlog;
  private readonly packets: ReceivedPackets;

  constructor(line: IrqLine, rx: RxQueue, queue: number, cpu: number, backlog: Backlog, packets: ReceivedPackets) {
    this.line = line;
    this.rx = rx;
    this.queue = queue;
    this.cpu = cpu;
    this.backlog = backlog;
    this.packets = packets;
  }

  handle(): void {
    const { rx } = this;
    rx.claim();
    if (rx.take(1) > 0) this.setAside();
    const { tail } = rx.ring;
    rx.release();
    rx.handOn();
    if (rx.ring.filledBeyond(tail)) this.line.raise();
  }

  private setAside(): void {
    if (!this.packets.enqueue(this.backlog, this.cpu, this.queue)) this.rx.recycle(1);
    this.rx.refill();
  }
}

/**
 * Handlers run at one delivery point at most. A level line can be asserted for ever; the loop must come round to see its
 * mailbox all the same.
 */
const DELIVERIES_MAX = 1000;

/** What one CPU's interrupts work with. */
export interface InterruptParts {
  readonly cpu: number;
  readonly context: IrqContext;
  readonly trace: Trace | null;
  readonly pending: PendingLines;
  readonly calls: PendingCalls;
  readonly timers: LocalTimers;
  readonly lines: readonly IrqLine[];
  /** By line. */
  readonly handlers: readonly InterruptHandler[];
}

/** Byte addresses of counters. */
export interface InterruptCounters {
  /** By line: its interrupts on this CPU. */
  readonly irqs: readonly number[];
  /** Of all of them. */
  readonly hardirqs: number;
}

/** The hard interrupts of one CPU. */
export class CpuInterrupts {
  private readonly doubles: Float64Array;
  private readonly cpu: number;
  private readonly context: IrqContext;
  private readonly trace: Trace | null;
  private readonly pending: PendingLines;
  private readonly calls: PendingCalls;
  private readonly timers: LocalTimers;
  private readonly lines: readonly IrqLine[];
  private readonly handlers: readonly InterruptHandler[];
  private readonly irqs: readonly number[];
  private readonly hardirqs: number;

  constructor(views: Views, parts: InterruptParts, counters: InterruptCounters) {
    this.doubles = views.doubles;
    this.cpu = parts.cpu;
    this.context = parts.context;
    this.trace = parts.trace;
    this.pending = parts.pending;
    this.calls = parts.calls;
    this.timers = parts.timers;
    this.lines = parts.lines;
    this.handlers = parts.handlers;
    this.irqs = counters.irqs.map((address) => address / DOUBLE_BYTES);
    this.hardirqs = counters.hardirqs / DOUBLE_BYTES;
  }

  /**
   * A delivery point: all that are pending and the timers that are due, then irq_exit, where softirqs run unless one was
   * interrupted. They come as if at once: in the kernel, too, the second is taken before the first one's softirqs, which begin by
   * enabling interrupts.
   * @returns handlers run
   */
  deliver(): number {
    if (!this.any()) return 0;
    let delivered = 0;
    this.context.irqEnter();
    do delivered += this.deliverWords() + this.timers.expire();
    while (delivered < DELIVERIES_MAX && this.pending.any());
    this.context.irqExit();
    return delivered;
  }

  any(): boolean {
    return this.timers.isDue || this.pending.any();
  }

  private deliverWords(): number {
    let delivered = 0;
    for (let index = 0; index < this.pending.wordCount; index += 1) {
      for (let bits = this.pending.takeWord(index); bits !== 0; bits &= bits - 1) {
        const vector = index * 32 + 31 - Math.clz32(bits & -bits);
        if (vector >= this.pending.lines) delivered += this.calls.run(vector - this.pending.lines);
        else if (this.lines[vector]!.take(this.cpu)) delivered += this.run(vector);
      }
    }
    return delivered;
  }

  private run(line: number): number {
    this.doubles[this.hardirqs] = this.doubles[this.hardirqs]! + 1;
    const irqs = this.irqs[line]!;
    this.doubles[irqs] = this.doubles[irqs]! + 1;
    if (this.trace !== null) this.trace.irqHandlerEntry(line);
    this.handlers[line]!.handle();
    if (this.trace !== null) this.trace.irqHandlerExit(line);
    return 1;
  }
}
