// Hot. Runs on: CPUs; main reads.
// What waits for one CPU: its input_pkt_queue and process_queue (struct softnet_data), as a ring for each CPU that sends to it.
//
//   0    QLEN      packets of other CPUs in input_pkt_queue               senders (Atomics.add), this CPU (Atomics.sub, compareExchange)
//   16…  rings, one per sender:
//     0    TAIL      next slot to fill                                    the sender
//     1    COUNTED   end of what is in QLEN, or is about to be             the sender; after its end, its heir
//     2    DROPPED   packets that found the queue full, a double          the sender
//     16   SPLICED   end of process_queue, beginning of input_pkt_queue   this CPU
//     17   HEAD      next slot to process                                 this CPU
//     32…  slots                                                          TAIL … HEAD+size-1: the sender, else this CPU
// input_pkt_queue is SPLICED … TAIL-1 of all rings, process_queue HEAD … SPLICED-1. Only the first is limited, by
// netdev_max_backlog, and by the sender's flow limit. Packets of one sender keep their order; those of several come in the order of
// the rings.
//
// No sender looks at HEAD. A ring has room for what the limit lets into both queues, since QLEN is never less than what is in
// input_pkt_queue: it is added to before TAIL moves, and subtracted from after SPLICED has. The ring of the CPU itself is not in
// QLEN, so that a CPU that only sends to itself needs no Atomics for it.
//
// A sender that ends between the add and TAIL leaves QLEN too large, and so does this CPU between SPLICED and the sub. Nobody else
// can tell by how much while others send. So COUNTED moves before the add: when this CPU finds QLEN not 0, and COUNTED of no ring
// beyond SPLICED, then nobody is at it, and nothing waits: QLEN is 0. The heir of a sender takes COUNTED back to TAIL before.

import { CACHE_LINE_WORDS, DOUBLE_BYTES, powerOfTwoAtLeast } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { NETDEV_MAX_BACKLOG_MAX } from '../napi/sysctl.js';
import type { FlowLimit } from './flow-limit.js';

const QLEN = 0;
const RINGS = CACHE_LINE_WORDS;
const TAIL = 0;
const COUNTED = 1;
const DROPPED = 2;
const SPLICED = CACHE_LINE_WORDS;
const HEAD = SPLICED + 1;
const SLOTS = 2 * CACHE_LINE_WORDS;

/** input_pkt_queue and process_queue can both be full. */
export const BACKLOG_FRAMES_MAX = 2 * (NETDEV_MAX_BACKLOG_MAX + 1);
const SIZE = powerOfTwoAtLeast(BACKLOG_FRAMES_MAX);

/** No slot: the queue is full, or empty. */
export const NO_SLOT = -1;

/** Where the backlog of one CPU lies. */
export interface BacklogLayout {
  readonly address: number;
  /** The CPU. */
  readonly cpu: number;
  /** The CPUs that send to it, perhaps itself: a ring each, in this order. */
  readonly senders: readonly number[];
  /** Words of a slot. */
  readonly slotWords: number;
  /** The CPU's flow table as a sender, of FLOW_LIMIT_BYTES. */
  readonly flowLimit: number;
}

export function backlogBytes(senders: number, slotWords: number): number {
  return (RINGS + senders * ringWords(slotWords)) * 4;
}

function ringWords(slotWords: number): number {
  return SLOTS + SIZE * slotWords;
}

/** Word index of each ring. */
function ringsOf({ address, senders, slotWords }: BacklogLayout): number[] {
  return senders.map((_, index) => address / 4 + RINGS + index * ringWords(slotWords));
}

/** One sender's half of its ring. Between insert() and publish() lies no delivery point. */
export class BacklogSender {
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly qlen: number;
  private readonly ring: number;
  /** The ring of the CPU itself, or NO_SLOT. */
  private readonly own: number;
  private readonly isOwn: boolean;
  /** Nobody else sends to this CPU, which sends to itself: no other thread looks. */
  private readonly isAlone: boolean;
  private readonly slotWords: number;
  private readonly dropped: number;
  private readonly flowLimit: FlowLimit;
  /** How many may wait when one more is let in. */
  private max = 0;
  /** Where there is room for no more than this, the flow limit is asked. */
  private crowded = 0;
  /** TAIL, and what was inserted since. */
  private tail = 0;
  /** Up to where the limit lets packets in, as it was when the first of these was inserted. */
  private end = 0;

  /**
   * @param dropped byte address of the counter of drops; null: the ring's
   * @param flowLimit the sender's
   */
  constructor(views: Views, layout: BacklogLayout, sender: number, dropped: number | null, flowLimit: FlowLimit) {
    const rings = ringsOf(layout);
    this.words = views.words;
    this.doubles = views.doubles;
    this.qlen = layout.address / 4 + QLEN;
    this.ring = rings[layout.senders.indexOf(sender)]!;
    this.own = rings[layout.senders.indexOf(layout.cpu)] ?? NO_SLOT;
    this.isOwn = sender === layout.cpu;
    this.isAlone = this.isOwn && layout.senders.length === 1;
    this.slotWords = layout.slotWords;
    this.dropped = dropped === null ? (this.ring + DROPPED) / 2 : dropped / DOUBLE_BYTES;
    this.flowLimit = flowLimit;
    this.tail = this.words[this.ring + TAIL]!;
  }

  /** Nothing was inserted since the last publish(). */
  get isEmpty(): boolean {
    return this.tail === this.words[this.ring + TAIL];
  }

  /** From here on, netdev_max_backlog is `max`. With flow limits, these are asked from its half on. */
  limit(max: number, withFlows: boolean): void {
    this.max = max;
    this.crowded = withFlows ? max + 1 - (max >> 1) : 0;
  }

  /**
   * @param hash the packet's
   * @returns word index of the slot to fill, or NO_SLOT: too many wait, or too many of its flow, and the drop is counted
   */
  insert(hash: number): number {
    const { tail } = this;
    const room = this.isAlone ? this.roomAlone(tail) : this.roomShared(tail);
    // As in enqueue_to_backlog: what finds it full is in no history.
    if (room <= this.crowded && (room <= 0 || this.flowLimit.isOver(hash))) return this.drop();
    this.tail = (tail + 1) | 0;
    return slotAt(this.ring, tail, this.slotWords);
  }

  private roomAlone(tail: number): number {
    return (this.words[this.ring + SPLICED]! + this.max + 1 - tail) | 0;
  }

  private roomShared(tail: number): number {
    if (this.isEmpty) this.end = (tail + this.max + 1 - this.waiting()) | 0;
    return (this.end - tail) | 0;
  }

  private drop(): number {
    this.doubles[this.dropped] = this.doubles[this.dropped]! + 1;
    return NO_SLOT;
  }

  /** What was inserted is there. */
  publish(): void {
    if (this.isAlone) this.words[this.ring + TAIL] = this.tail;
    else this.publishShared();
  }

  private publishShared(): void {
    const { words, ring, tail } = this;
    if (!this.isOwn) {
      words[ring + COUNTED] = tail; // Behind the add, all see it. Pairs with the loads in BacklogQueue.recount().
      // Pairs with the sub in BacklogQueue.splice().
      Atomics.add(words, this.qlen, (tail - words[ring + TAIL]!) | 0);
    }
    // Makes the slots visible. Pairs with the loads of TAIL in BacklogQueue.splice(), and in hasInput() after SCHED was let go.
    Atomics.store(words, ring + TAIL, tail);
  }

  /** skb_queue_len(&sd->input_pkt_queue) */
  private waiting(): number {
    const { words } = this;
    const others = Atomics.load(words, this.qlen); // Pairs with the sub in BacklogQueue.splice().
    if (this.own === NO_SLOT) return others;
    const tail = Atomics.load(words, this.own + TAIL); // First: what is spliced meanwhile is taken off it, not added.
    return others + Math.max(0, (tail - Atomics.load(words, this.own + SPLICED)) | 0);
  }
}

/** The CPU's own half of all its rings; after its end, its heir's. */
export class BacklogQueue {
  private readonly words: Int32Array;
  private readonly qlen: number;
  private readonly rings: readonly number[];
  /** Of `rings`, its own, if it has one, and those of other CPUs. */
  private readonly own: readonly number[];
  private readonly others: readonly number[];
  private readonly slotWords: number;
  /** The rings before this one, by their place in `rings`, have nothing in process_queue. */
  private current = 0;
  /** That ring, or NO_SLOT behind the last. */
  private ring: number;

  constructor(views: Views, layout: BacklogLayout) {
    this.words = views.words;
    this.qlen = layout.address / 4 + QLEN;
    this.rings = ringsOf(layout);
    this.own = this.rings.filter((_, index) => layout.senders[index] === layout.cpu);
    this.others = this.rings.filter((_, index) => layout.senders[index] !== layout.cpu);
    this.slotWords = layout.slotWords;
    this.ring = this.rings[0] ?? NO_SLOT;
  }

  /** @returns word index of the first slot of process_queue, or NO_SLOT */
  first(): number {
    const { words } = this;
    while (this.ring !== NO_SLOT) {
      const head = words[this.ring + HEAD]!;
      if (head !== words[this.ring + SPLICED]) return slotAt(this.ring, head, this.slotWords);
      this.go(this.current + 1);
    }
    return NO_SLOT;
  }

  private go(index: number): void {
    this.current = index;
    this.ring = this.rings[index] ?? NO_SLOT;
  }

  /** That slot is done with. */
  done(): void {
    const head = this.ring + HEAD;
    this.words[head] = (this.words[head]! + 1) | 0;
  }

  /** input_pkt_queue becomes process_queue, which is empty. @returns false when there is nothing in it */
  splice(): boolean {
    this.go(0);
    let spliced = 0;
    if (this.others.length > 0) {
      for (const ring of this.others) spliced += this.spliceShared(ring);
      // After SPLICED has moved. Pairs with the load in BacklogSender.waiting().
      if (spliced > 0) Atomics.sub(this.words, this.qlen, spliced);
      for (const ring of this.own) spliced += this.spliceShared(ring);
    } else {
      for (const ring of this.own) spliced += this.spliceAlone(ring);
    }
    return spliced > 0;
  }

  private spliceShared(ring: number): number {
    const tail = Atomics.load(this.words, ring + TAIL); // Pairs with the store in BacklogSender.publish().
    const more = (tail - this.words[ring + SPLICED]!) | 0;
    if (more !== 0) Atomics.store(this.words, ring + SPLICED, tail); // Pairs with the load in BacklogSender.waiting().
    return more;
  }

  /** No other thread looks at these words. */
  private spliceAlone(ring: number): number {
    const tail = this.words[ring + TAIL]!;
    const more = (tail - this.words[ring + SPLICED]!) | 0;
    this.words[ring + SPLICED] = tail;
    return more;
  }

  /** After SCHED was let go: another CPU has sent something that splice() has not seen. */
  hasInput(): boolean {
    for (const ring of this.others) {
      // Pairs with the store in BacklogSender.publish(): either it is seen here, or its sender sees that SCHED was let go.
      if (Atomics.load(this.words, ring + TAIL) !== this.words[ring + SPLICED]) return true;
    }
    return false;
  }

  /**
   * After SCHED was let go, and nothing was found: what is in QLEN for good, because somebody has ended, is taken out. Without it the
   * queue would be full too early for ever.
   */
  recount(): void {
    const { words, qlen } = this;
    if (this.others.length === 0) return;
    const counted = Atomics.load(words, qlen); // First: COUNTED of whoever is in it is seen below.
    if (counted === 0) return;
    for (const ring of this.others) if (Atomics.load(words, ring + COUNTED) !== words[ring + SPLICED]) return;
    Atomics.compareExchange(words, qlen, counted, 0); // Somebody sends meanwhile: next time.
  }
}

/**
 * In place of a sender that has ended: a burst that it was about to publish is none, and may have been counted.
 * @returns false when it was not about to
 */
export function backlogGiveUp(views: Views, layout: BacklogLayout, sender: number): boolean {
  const ring = ringsOf(layout)[layout.senders.indexOf(sender)];
  if (ring === undefined || sender === layout.cpu) return false;
  const tail = Atomics.load(views.words, ring + TAIL);
  // Before the heir looks at SCHED. Pairs with the load in BacklogQueue.recount(), after SCHED was let go.
  return Atomics.exchange(views.words, ring + COUNTED, tail) !== tail;
}

function slotAt(ring: number, cursor: number, slotWords: number): number {
  return ring + SLOTS + (cursor & (SIZE - 1)) * slotWords;
}

/** Packets that wait. May be asked while threads run: then there may be less by now, but never less than none. */
export function backlogWaiting(views: Views, layout: BacklogLayout): number {
  return backlogInput(views, layout, HEAD);
}

/** Those of them in input_pkt_queue. */
export function backlogInput(views: Views, layout: BacklogLayout, from = SPLICED): number {
  let waiting = 0;
  for (const ring of ringsOf(layout)) {
    const first = Atomics.load(views.words, ring + from); // First: TAIL, whenever it is loaded, is not behind it.
    waiting += (Atomics.load(views.words, ring + TAIL) - first) | 0;
  }
  return waiting;
}

/** This sender has published something that is still in input_pkt_queue. */
export function backlogHasSent(views: Views, layout: BacklogLayout, sender: number): boolean {
  const ring = ringsOf(layout)[layout.senders.indexOf(sender)];
  return ring !== undefined && Atomics.load(views.words, ring + SPLICED) !== Atomics.load(views.words, ring + TAIL);
}

/** Packets that other CPUs have dropped because they found it full. */
export function backlogDropped(views: Views, layout: BacklogLayout): number {
  return ringsOf(layout).reduce((total, ring) => total + views.doubles[(ring + DROPPED) / 2]!, 0);
}

/** For main, when no thread has it: word index of the slot that was last done with, of a backlog with one sender. */
export function lastSlot(views: Views, layout: BacklogLayout): number {
  const ring = ringsOf(layout)[0]!;
  return slotAt(ring, (views.words[ring + HEAD]! - 1) | 0, layout.slotWords);
}

/** For main, when no thread runs: word index of each slot that holds a packet. */
export function backlogSlots(views: Views, layout: BacklogLayout): number[] {
  const slots: number[] = [];
  for (const ring of ringsOf(layout)) {
    const tail = views.words[ring + TAIL]!;
    for (let cursor = views.words[ring + HEAD]!; cursor !== tail; cursor = (cursor + 1) | 0)
      slots.push(slotAt(ring, cursor, layout.slotWords));
  }
  return slots;
}
