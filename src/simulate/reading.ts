// Cold. Runs on: main.
// What can be read of a CPU of the deterministic machine, at any moment, also while it executes. Reading changes nothing. Of a CPU that
// is offline: what it left behind, until it is online again, but that its lists are others'.

import type { CpuCore } from '../cpu/core.js';
import { CPU_COUNTERS, readCounters, SOFTIRQ_VECTORS } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import type { PollList } from '../napi/poll-list.js';

/** HI, TIMER, NET_TX, NET_RX, BLOCK, IRQ_POLL, TASKLET, SCHED, HRTIMER, RCU: run in this order. */
export type Vector = (typeof SOFTIRQ_VECTORS)[number];
export type CpuCounter = (typeof CPU_COUNTERS)[number];

/** The odd unit of preempt_count's softirq field. */
const SERVING_SOFTIRQ = 0x100;

export abstract class CpuReading {
  /** @internal */
  abstract readonly core: CpuCore;
  /** @internal */
  protected abstract readonly views: Views;
  /** @internal Byte address of its counters. */
  protected abstract readonly counterBlock: number;

  /** @internal It has a thread. */
  protected abstract readonly isUp: boolean;

  /** @internal The instance's name. */
  protected abstract nameOf(napi: number): string;

  // ── softirqs ──

  /** The pending mask, lowest vector first. */
  get pending(): Vector[] {
    const { pending } = this.core.softirqs;
    return SOFTIRQ_VECTORS.filter((_, vector) => (pending & (1 << vector)) !== 0);
  }

  /** How often each vector ran: this CPU's column of /proc/softirqs. */
  get softirqs(): Record<Vector, number> {
    const counters = this.counters;
    return Object.fromEntries(SOFTIRQ_VECTORS.map((name) => [name, counters[name]])) as Record<Vector, number>;
  }

  /** True while ksoftirqd is awake: woken and waiting for its turn, or running. It sleeps again when a turn leaves nothing pending. */
  get ksoftirqdRunnable(): boolean {
    return this.core.softirqs.ksoftirqdRunnable;
  }

  /** As the kernel's: bits 8 … 15 softirq (0x100 serving one, 0x200 for each local_bh_disable), 16 … 19 hardirq. */
  get preemptCount(): number {
    return this.core.softirqs.preempt.value;
  }

  /** in_interrupt(): in a hard interrupt or a softirq, or bottom halves are off. */
  get inInterrupt(): boolean {
    return this.core.softirqs.preempt.inInterrupt;
  }

  /** in_hardirq() */
  get inHardirq(): boolean {
    return this.core.softirqs.preempt.inHardirq;
  }

  /** in_serving_softirq() */
  get inServingSoftirq(): boolean {
    return (this.preemptCount & SERVING_SOFTIRQ) !== 0;
  }

  // ── softnet_data ──

  /** softnet_data.poll_list: names of instances, the next first. While net_rx_action runs: those that were scheduled since it began. */
  get pollList(): string[] {
    return this.names(this.core.softnet.pollList);
  }

  /** net_rx_action's own `list`, what it has still to poll; empty outside of it. The instance that is polled now is on none. */
  get localList(): string[] {
    return this.names(this.core.softnet.local);
  }

  /** net_rx_action's `repoll`: those that used their whole weight in this pass; empty outside of it. */
  get repollList(): string[] {
    return this.names(this.core.softnet.repoll);
  }

  /** softnet_data.in_net_rx_action: also between two passes, while the poll list is not empty. */
  get inNetRxAction(): boolean {
    return this.core.softnet.inNetRxAction;
  }

  /** softnet_data.time_squeeze: how often net_rx_action ended by budget or time. */
  get timeSqueeze(): number {
    return this.counters.timeSqueeze;
  }

  /** softnet_data.processed: packets that came out of this CPU's backlog. (What a test's poll function returns is work, not packets.) */
  get processed(): number {
    return this.counters.processed;
  }

  /** Everything that this CPU counts, by name. It goes on when the CPU has been offline. */
  get counters(): Record<CpuCounter, number> {
    return readCounters(this.views, CPU_COUNTERS, this.counterBlock);
  }

  private names(list: PollList): string[] {
    return this.isUp ? list.ids().map((id) => this.nameOf(id)) : [];
  }
}
