// Cold. Runs on: main.
// In what contexts a test's code runs on a CPU of the deterministic machine, and what it does there with softirqs.

import type { CpuCore } from '../cpu/core.js';
import type { Views } from '../memory/views.js';
import { vectorOf } from './check.js';
import type { Executions } from './execution.js';
import type { Hotplug } from './hotplug.js';
import { CpuReading, type Vector } from './reading.js';
import { CpuThread, type ThreadParts } from './thread.js';

/** What it needs of the machine. */
export interface ContextsWorld {
  readonly hotplug: Hotplug;
  readonly executions: Executions<CpuThread>;
}

export abstract class CpuContexts extends CpuReading {
  readonly id: number;
  /** need_resched, by hand: a task wants the CPU. Stands until it is set to false; may be set at any moment, also in a poll. */
  needResched = false;
  protected override readonly views: Views;
  protected override readonly counterBlock: number;
  protected readonly parts: ThreadParts;
  protected thread: CpuThread;
  private readonly machine: ContextsWorld;
  private readonly opened = new Map<Vector, () => void>();

  /** @internal */
  constructor(parts: Omit<ThreadParts, 'needResched'>, machine: ContextsWorld) {
    super();
    const { layout, views } = parts;
    this.id = layout.cpu;
    this.views = views;
    this.counterBlock = layout.counters;
    this.parts = { ...parts, needResched: () => this.needResched };
    this.thread = new CpuThread(this.parts);
    this.machine = machine;
  }

  /** @internal */
  override get core(): CpuCore {
    return this.thread.core;
  }

  /**
   * A hard interrupt, here and now, `cpuN` in the trace: `handler` runs in it; at its exit pending softirqs run, unless it interrupted
   * one, or bottom halves are off. An error that leaves an interrupt or a softirq leaves the CPU in that context, like an oops.
   */
  irq(handler: () => void = () => {}): void {
    this.on('irq', () => this.thread.irq(this.guard(handler)));
  }

  /** Process context. @returns what `run` returned; undefined when this CPU was killed in it */
  task<T>(run: () => T): T {
    return this.on('task', run);
  }

  /** Process context with bottom halves disabled around `run`; at local_bh_enable() pending softirqs run. @returns what `run` returned */
  bhDisabled<T>(run: () => T): T {
    return this.on('bhDisabled', () => {
      this.core.softirqs.localBhDisable();
      const result = run();
      this.core.softirqs.localBhEnable();
      return result;
    });
  }

  /** Until localBhEnable() no softirq runs here. Nests. */
  localBhDisable(): void {
    this.on('localBhDisable', () => this.core.softirqs.localBhDisable());
  }

  /** The outermost one runs what is pending. @throws Error in a hard interrupt, or without localBhDisable(): the kernel warns */
  localBhEnable(): void {
    this.on('localBhEnable', () => this.core.softirqs.localBhEnable());
  }

  // ── softirqs ──

  /** open_softirq, on this CPU: `run` is what the vector does from now on. (NET_RX is net_rx_action's until a test takes it away.) */
  open(vector: Vector, run: () => void): void {
    const number = vectorOf(vector);
    const guarded = this.guard(run);
    this.opened.set(vector, guarded);
    this.core.softirqs.open(number, { run: guarded });
  }

  /** raise_softirq: outside of interrupts, and with bottom halves on, it wakes ksoftirqd. */
  raise(vector: Vector): void {
    this.on('raise', () => this.core.softirqs.raise(vectorOf(vector)));
  }

  /** __raise_softirq_irqoff: pending from now on, and nobody is woken. */
  mark(vector: Vector): void {
    this.on('mark', () => this.core.softirqs.mark(vectorOf(vector)));
  }

  /** One pass of handle_softirqs(): an interrupt, at whose exit a task wants the CPU after each pass. What is left is ksoftirqd's. */
  pass(): void {
    const before = this.needResched;
    this.needResched = true;
    try {
      this.irq();
    } finally {
      this.needResched = before;
    }
  }

  /** One turn of ksoftirqd, up to its cond_resched(). @returns false when it slept, or found nothing to do */
  ksoftirqd(): boolean {
    return this.on('ksoftirqd', () => this.ksoftirqdRunnable && this.core.softirqs.runKsoftirqd());
  }

  // ── its thread ──

  /** @internal Its code is on the stack. */
  get isActive(): boolean {
    return this.thread.execution.isActive;
  }

  protected beginThread(): void {
    this.thread = new CpuThread(this.parts);
    for (const [vector, run] of this.opened) this.core.softirqs.open(vectorOf(vector), { run });
  }

  /** @internal Its thread has ended. */
  end(): void {
    this.thread.execution.end();
  }

  protected override get isUp(): boolean {
    return this.machine.hotplug.isUp(this.id);
  }

  /** @internal The test's own code, called by this CPU, which may end in it. */
  guard<A extends unknown[], R>(code: (...args: A) => R): (...args: A) => R {
    return this.machine.executions.guard(code);
  }

  protected on<T>(call: string, run: () => T): T {
    this.assertUp(call);
    return this.machine.executions.run(this.thread, run);
  }

  protected assertUp(call: string): void {
    if (this.isUp) return;
    throw new Error(`cpu${this.id}.${call}: cpu${this.id} is ${this.machine.hotplug.stateOf(this.id)}: online() first`);
  }
}
