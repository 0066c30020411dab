// Cold. Runs on: main.
// What happened, as the kernel's tracepoints tell it (events and fields of include/trace/events/{irq,napi,sched}.h).

import { SOFTIRQ_VECTORS } from '../memory/counters.js';
import type { Clock } from '../runtime/clock.js';
import type { Trace } from '../runtime/trace.js';

export type TraceEventName =
  | 'hrtimer_expire_entry'
  | 'hrtimer_start'
  | 'irq_handler_entry'
  | 'irq_handler_exit'
  | 'napi_poll'
  | 'sched_waking'
  | 'softirq_entry'
  | 'softirq_exit'
  | 'softirq_raise';

export interface TraceEvent {
  readonly ns: number;
  readonly cpu: number;
  readonly event: TraceEventName;
  /** The fields, in the kernel's format: `vec=3 [action=NET_RX]`. */
  readonly fields: string;
}

/** The trace of a whole machine, in order. */
export class TraceLog {
  readonly events: TraceEvent[] = [];

  /** The fields of all events of this name. */
  of(event: TraceEventName): string[] {
    return this.events.filter((entry) => entry.event === event).map(({ fields }) => fields);
  }

  /** As trace-cmd and /sys/kernel/tracing/trace print it: `[001]     0.002000: softirq_raise: vec=3 [action=NET_RX]`. */
  get lines(): string[] {
    return this.events.map(({ ns, cpu, event, fields }) => {
      const seconds = (ns / 1e9).toFixed(6).padStart(12);
      return `[${String(cpu).padStart(3, '0')}] ${seconds}: ${event}: ${fields}`;
    });
  }

  /** Forgets everything up to now. */
  clear(): void {
    this.events.length = 0;
  }
}

/** How the instances and lines of a machine are called. */
export interface TraceNames {
  napi(id: number): string;
  device(napi: number): string;
  thread(napi: number): string;
  irq(line: number): string;
}

/** One CPU's tracepoints. */
export class CpuTrace implements Trace {
  private readonly log: TraceLog;
  private readonly clock: Clock;
  private readonly cpu: number;
  private readonly names: TraceNames;

  constructor(log: TraceLog, clock: Clock, cpu: number, names: TraceNames) {
    this.log = log;
    this.clock = clock;
    this.cpu = cpu;
    this.names = names;
  }

  softirqRaise(vector: number): void {
    this.note('softirq_raise', vec(vector));
  }

  softirqEntry(vector: number): void {
    this.note('softirq_entry', vec(vector));
  }

  softirqExit(vector: number): void {
    this.note('softirq_exit', vec(vector));
  }

  irqHandlerEntry(irq: number): void {
    this.note('irq_handler_entry', `irq=${irq} name=${this.names.irq(irq)}`);
  }

  irqHandlerExit(irq: number): void {
    this.note('irq_handler_exit', `irq=${irq} ret=handled`);
  }

  napiPoll(napi: number, work: number, budget: number): void {
    const [name, device] = [this.names.napi(napi), this.names.device(napi)];
    this.note('napi_poll', `napi poll on napi struct ${name} for device ${device} work ${work} budget ${budget}`);
  }

  ksoftirqdWaking(): void {
    this.waking(`ksoftirqd/${this.cpu}`);
  }

  napiThreadWaking(napi: number): void {
    this.waking(this.names.thread(napi));
  }

  private waking(comm: string): void {
    this.note('sched_waking', `comm=${comm} prio=120 target_cpu=${String(this.cpu).padStart(3, '0')}`);
  }

  hrtimerStart(napi: number, expiresNs: number): void {
    const times = `expires=${expiresNs} softexpires=${expiresNs} mode=REL|PINNED`;
    this.note('hrtimer_start', `hrtimer=${this.names.napi(napi)} function=napi_watchdog ${times}`);
  }

  hrtimerExpireEntry(napi: number, nowNs: number): void {
    this.note('hrtimer_expire_entry', `hrtimer=${this.names.napi(napi)} function=napi_watchdog now=${nowNs}`);
  }

  private note(event: TraceEventName, fields: string): void {
    this.log.events.push({ ns: this.clock.nowNs, cpu: this.cpu, event, fields });
  }
}

function vec(vector: number): string {
  return `vec=${vector} [action=${SOFTIRQ_VECTORS[vector]}]`;
}
