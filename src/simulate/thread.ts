// Cold. Runs on: main.
// The thread of a CPU of the deterministic machine: what a worker builds when it starts, without the worker. A CPU that is online again
// has a fresh one: nothing that a thread keeps to itself outlives it.

import { buildCore, type CoreLayout, type CoreSettings, type CpuCore } from '../cpu/core.js';
import { Cpu } from '../cpu/cpu.js';
import type { Views } from '../memory/views.js';
import type { Clock } from '../runtime/clock.js';
import type { Printk } from '../runtime/printk.js';
import type { Trace } from '../runtime/trace.js';
import { Execution } from './execution.js';

/** What a CPU's threads are made of. */
export interface ThreadParts {
  readonly views: Views;
  readonly layout: CoreLayout;
  readonly settings: CoreSettings;
  readonly clock: Clock;
  readonly printk: Printk;
  readonly trace: Trace;
  /** By line: byte address of the counter of its interrupts on this CPU. */
  readonly irqs: readonly number[];
  /** need_resched, by hand. */
  readonly needResched: () => boolean;
}

export class CpuThread {
  readonly execution = new Execution();
  readonly core: CpuCore;
  readonly agent: Cpu;
  /** What the test's own interrupts do, innermost last. */
  private readonly handlers: (() => void)[] = [];
  private readonly cpu: number;

  constructor(parts: ThreadParts) {
    const { views, layout, settings, irqs } = parts;
    this.cpu = layout.cpu;
    this.core = buildCore(views, layout, settings, parts, irqs);
    const { interrupts, softirqs, scheduler, timers } = this.core;
    this.agent = new Cpu(`cpu${this.cpu}`, interrupts, softirqs, scheduler, timers);
    // Line n is the test's own interrupt of CPU n: level, so that it can come while its handler runs.
    this.core.lines[this.cpu]!.create('level', this.cpu);
    this.core.handlers[this.cpu] = { handle: () => this.handlers.pop()?.() };
  }

  /** A hard interrupt, here and now. */
  irq(handler: () => void): void {
    this.handlers.push(handler);
    this.core.lines[this.cpu]!.raise();
    this.core.deliver();
  }

  /** Something to do. */
  get isReady(): boolean {
    return this.core.interrupts.any() || this.core.scheduler.isRunnable();
  }
}
