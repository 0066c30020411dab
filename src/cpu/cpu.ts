// Hot. Runs on: CPU n.
// The per-CPU agent: interrupts first, then the softirqs that they raised, then ksoftirqd.

import type { CpuInterrupts } from '../driver/interrupt.js';
import type { Agent } from '../runtime/agent.js';
import type { Clock } from '../runtime/clock.js';
import type { Softirqs } from '../softirq/softirq.js';

export class Cpu implements Agent {
  readonly role: string;
  private readonly clock: Clock;
  private readonly interrupts: CpuInterrupts;
  private readonly softirqs: Softirqs;

  constructor(role: string, clock: Clock, interrupts: CpuInterrupts, softirqs: Softirqs) {
    this.role = role;
    this.clock = clock;
    this.interrupts = interrupts;
    this.softirqs = softirqs;
  }

  doWork(): number {
    let work = this.interrupts.deliver();
    if (work === 0 && !this.softirqs.anyPending()) return 0;
    this.clock.tick();
    if (work > 0) this.softirqs.irqExit();
    if (this.softirqs.runKsoftirqd()) work += 1;
    return work;
  }

  nextNs(): number {
    return Number.POSITIVE_INFINITY;
  }

  workArrived(): boolean {
    return this.interrupts.any() || this.softirqs.anyPending();
  }

  handle(): void {
    // END_SOURCE is the NIC's matter: a CPU goes on until STOP.
  }
}
