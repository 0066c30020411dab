// Hot. Runs on: CPU n.
// One CPU's part in backlogs (net/core/dev.c): its own, which it polls (process_backlog), and those of all CPUs to which it sends
// (enqueue_to_backlog). There is no lock:
//
// sender   the packets, TAIL; then it looks at SCHED: clear? it takes it for the target, and tells it
// target   lets SCHED go; then it looks at the TAILs again: more? it takes SCHED back, unless a sender has it already
// never    look first, then publish, or let go: a packet would lie there, and nobody would come
// Its own CPU is told by the poll list; another one by a call (rps_trigger_softirq) at the end of this CPU's softirq, so that a
// burst costs one. Whoever took SCHED calls, so that there is one at most on its way to a CPU.

import { CALL_RPS, type CallHandler } from '../irq/call.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Poll } from '../napi/napi.js';
import type { Softnet } from '../napi/softnet.js';
import type { NapiState } from '../napi/state.js';
import type { Sysctls } from '../napi/sysctl.js';
import { type BacklogLayout, NO_SLOT } from './backlog-layout.js';
import { BacklogQueue } from './backlog-queue.js';
import { BacklogSender, backlogGiveUp, backlogHasSent } from './backlog-sender.js';
import { FlowLimit } from './flow-limit.js';

// An import is looked up each time: once here.
const NONE = NO_SLOT;

/** What packets are. A slot is a word index. */
export interface BacklogPackets {
  /** __netif_receive_skb: takes the packet through the stack. The slot is free then. */
  receive(slot: number): void;
  /** skb_get_hash */
  hash(slot: number): number;
  /** The packet found no room in the backlog of its own CPU's heir. It has been counted, and the slot is free then. */
  drop(slot: number): void;
}

/** What the CPU's parts are to it. */
export interface BacklogParts {
  readonly softnet: Softnet;
  readonly sysctls: Sysctls;
  /** By kind of call. */
  readonly calls: CallHandler[];
  /** Takes pending interrupts; a delivery point lies between two packets. */
  readonly deliver: () => number;
}

/** Byte addresses of counters. */
export interface BacklogCounters {
  readonly dropped: number;
  readonly receivedRps: number;
  readonly flowLimitCount: number;
}

export class Backlog implements Poll {
  private readonly views: Views;
  private readonly layouts: readonly BacklogLayout[];
  private readonly softnet: Softnet;
  private readonly sysctls: Sysctls;
  private readonly deliver: () => number;
  private readonly cpu: number;
  private readonly first: number;
  /** Its instance, of this number. */
  private readonly state: NapiState;
  private readonly id: number;
  private readonly queue: BacklogQueue;
  /** By target; null: this CPU has no ring there. */
  private readonly senders: readonly (BacklogSender | null)[];
  /** Of those, to itself. */
  private readonly own: BacklogSender | null;
  private readonly packets: BacklogPackets;
  private readonly receivedRps: number;
  /** Of this CPU as a sender. */
  private readonly flowLimit: FlowLimit;
  private polling = false;

  /**
   * @param layouts the backlogs of all CPUs
   * @param first NAPI instance of CPU 0's backlog; the others' follow
   */
  constructor(
    views: Views,
    layouts: readonly BacklogLayout[],
    first: number,
    parts: BacklogParts,
    packets: BacklogPackets,
    counters: BacklogCounters,
  ) {
    const { softnet, sysctls, calls } = parts;
    this.views = views;
    this.layouts = layouts;
    this.softnet = softnet;
    this.sysctls = sysctls;
    this.deliver = parts.deliver;
    this.cpu = softnet.context;
    this.first = first;
    this.id = first + this.cpu;
    this.state = softnet.napis[this.id]!.state;
    this.queue = new BacklogQueue(views, layouts[this.cpu]!);
    this.flowLimit = new FlowLimit(views, layouts[this.cpu]!.flowLimit, this.cpu, sysctls, counters.flowLimitCount);
    this.senders = layouts.map((layout) => senderOf(views, layout, this.cpu, counters.dropped, this.flowLimit));
    this.own = this.senders[this.cpu]!;
    this.packets = packets;
    this.receivedRps = counters.receivedRps / DOUBLE_BYTES;
    if (this.own !== null) this.limit(this.own);
    softnet.add(this.id, { poll: this });
    calls[CALL_RPS] = () => this.rpsTriggerSoftirq();
  }

  // ── sending ──

  /**
   * The first half of enqueue_to_backlog. The caller fills the slot, and publishes before the next delivery point; several
   * packets can go together.
   * @param hash the packet's
   * @returns word index of the slot, or NO_SLOT: the queue is full, or the packet over its flow's limit; the drop has been counted
   */
  insert(target: number, hash: number): number {
    if (target === this.cpu) return (this.own ?? noRing(target, target)).insert(hash);
    const sender = this.senders[target] ?? noRing(this.cpu, target);
    if (sender.isEmpty) this.limit(sender);
    return sender.insert(hash);
  }

  /** The sysctls are asked once per burst to another CPU, and of packets for itself once per poll: not for each packet. */
  private limit(sender: BacklogSender): void {
    sender.limit(this.sysctls.maxBacklog, this.flowLimit.look());
  }

  /** Its second half, after insert() has given a slot: what was inserted is there, and `target` will poll it. */
  publish(target: number): void {
    if (target === this.cpu) this.own!.publish();
    else this.senders[target]!.publish();
    this.schedule(target);
  }

  private schedule(target: number): void {
    const { softnet } = this;
    if (target !== this.cpu) softnet.napiScheduleRps(target, softnet.napis[this.first + target]!.state);
    else if (this.state.scheduleBacklog(target)) softnet.napiScheduleHeld(this.id);
  }

  /** A sender has taken SCHED for this CPU, or would have, and died. */
  private rpsTriggerSoftirq(): void {
    this.views.doubles[this.receivedRps]! += 1;
    const { state } = this;
    if (!this.polling && state.holder() === this.cpu && !state.isLinked()) this.softnet.napiScheduleHeld(this.id);
  }

  // ── polling ──

  /** process_backlog. A weight that has changed is that of the next poll. */
  poll(budget: number): number {
    const { softnet, sysctls } = this;
    softnet.netRpsAction();
    if (this.own !== null) this.limit(this.own);
    softnet.napis[this.id]!.weight = sysctls.devRxWeight;
    this.polling = true;
    const work = this.process(budget);
    this.polling = false;
    return work;
  }

  private process(budget: number): number {
    const { queue, packets } = this;
    let work = 0;
    for (;;) {
      for (let slot = queue.first(); slot !== NONE; slot = queue.first()) {
        queue.done(); // Before: of a CPU that ends within, this packet is lost, and no other.
        packets.receive(slot);
        work += 1;
        this.deliver();
        if (work >= budget) return work; // still scheduled, even if that was the last
      }
      if (!queue.splice() && this.letGo()) return work;
    }
  }

  /** @returns false when it is ours again: a sender has published what splice() did not see, and saw SCHED still set */
  private letGo(): boolean {
    this.state.releaseBacklog();
    if (this.queue.hasInput()) return !this.state.scheduleBacklog(this.cpu);
    this.queue.recount();
    return true;
  }

  // ── another CPU's end ──

  /**
   * dev_cpu_dead, the backlog's part: what is left in the backlog of a CPU that runs no more goes through this CPU's
   * (netif_rx), in its order, as far as there is room. Its instance is idle afterwards. No other CPU sends to it any more. What
   * it has sent itself is polled, even if it ended before it had told anybody.
   * @returns packets that were left
   */
  inherit(cpu: number): number {
    for (const layout of this.layouts) {
      const gaveUp = backlogGiveUp(this.views, layout, cpu);
      if (layout.cpu !== cpu && (gaveUp || backlogHasSent(this.views, layout, cpu))) this.schedule(layout.cpu);
    }
    const { state } = this.softnet.napis[this.first + cpu]!;
    state.leaveLists();
    const queue = new BacklogQueue(this.views, this.layouts[cpu]!);
    let left = 0;
    do {
      for (let slot = queue.first(); slot !== NONE; slot = queue.first()) {
        queue.done(); // Before, as in process(): it is never in both backlogs.
        this.reinject(slot);
        left += 1;
      }
    } while (queue.splice());
    queue.recount();
    state.releaseBacklog(); // Last: with it go the words of the queue. Pairs with BacklogHeirs.isHeld().
    return left;
  }

  private reinject(from: number): void {
    const { words } = this.views;
    const to = this.insert(this.cpu, this.packets.hash(from));
    if (to === NONE) {
      this.packets.drop(from);
      return;
    }
    const { slotWords } = this.layouts[this.cpu]!;
    for (let i = 0; i < slotWords; i += 1) words[to + i] = words[from + i]!;
    this.publish(this.cpu);
  }
}

function senderOf(
  views: Views,
  layout: BacklogLayout,
  cpu: number,
  dropped: number,
  flowLimit: FlowLimit,
): BacklogSender | null {
  if (!layout.senders.includes(cpu)) return null;
  return new BacklogSender(views, layout, cpu, layout.cpu === cpu ? dropped : null, flowLimit);
}

function noRing(cpu: number, target: number): never {
  throw new RangeError(`enqueue_to_backlog: target=${target}: cpu${cpu} has no ring in the backlog of such a CPU`);
}
