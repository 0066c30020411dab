// Hot. Runs on: CPU n.
// The per-CPU agent: interrupts first, with the softirqs that they raised, then process context.

import type { CpuInterrupts } from '../driver/interrupt.js';
import type { NapiTimers } from '../napi/timers.js';
import type { Agent } from '../runtime/agent.js';
import type { Softirqs } from '../softirq/softirq.js';
import type { Scheduler } from './scheduler.js';

export class Cpu implements Agent {
  readonly role: string;
  private readonly interrupts: CpuInterrupts;
  private readonly softirqs: Softirqs;
  private readonly scheduler: Scheduler;
  private readonly timers: NapiTimers;

  constructor(role: string, interrupts: CpuInterrupts, softirqs: Softirqs, scheduler: Scheduler, timers: NapiTimers) {
    this.role = role;
    this.interrupts = interrupts;
    this.softirqs = softirqs;
    this.scheduler = scheduler;
    this.timers = timers;
  }

  doWork(): number {
    return this.interrupts.deliver() + this.scheduler.run();
  }

  nextNs(): number {
    return Math.min(this.scheduler.nextNs(), this.timers.nextNs);
  }

  workArrived(): boolean {
    this.scheduler.prepareToWait();
    if (this.interrupts.any() || this.scheduler.isRunnable()) return true;
    this.softirqs.tickStop();
    return false;
  }

  handle(): void {
    // END_SOURCE is the NIC's matter: a CPU goes on until STOP.
  }
}
