// Hot. Runs on: CPU n.
// The per-CPU agent: interrupts first, with the softirqs that they raised, then process context.

import type { CpuInterrupts } from '../driver/interrupt.js';
import type { Agent } from '../runtime/agent.js';
import type { Softirqs } from '../softirq/softirq.js';

export class Cpu implements Agent {
  readonly role: string;
  private readonly interrupts: CpuInterrupts;
  private readonly softirqs: Softirqs;

  constructor(role: string, interrupts: CpuInterrupts, softirqs: Softirqs) {
    this.role = role;
    this.interrupts = interrupts;
    this.softirqs = softirqs;
  }

  doWork(): number {
    let work = this.interrupts.deliver();
    if (this.softirqs.ksoftirqdRunnable && this.softirqs.runKsoftirqd()) work += 1;
    return work;
  }

  nextNs(): number {
    return Number.POSITIVE_INFINITY;
  }

  workArrived(): boolean {
    if (this.interrupts.any() || this.softirqs.ksoftirqdRunnable) return true;
    this.softirqs.tickStop();
    return false;
  }

  handle(): void {
    // END_SOURCE is the NIC's matter: a CPU goes on until STOP.
  }
}
