// Hot. Runs on: CPUs that send.
// One sender's half of a CPU's backlog (backlog-layout.ts draws it): its ring there.

import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { BACKLOG_QLEN, BACKLOG_RING, type BacklogLayout, NO_SLOT, ringsOf, slotAt } from './backlog-layout.js';
import type { FlowLimit } from './flow-limit.js';

// An import is looked up each time: once here.
const { TAIL, COUNTED, DROPPED, SPLICED } = BACKLOG_RING;
const QLEN = BACKLOG_QLEN;
const NONE = NO_SLOT;
const wordOf = slotAt;

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
    this.own = rings[layout.senders.indexOf(layout.cpu)] ?? NONE;
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
    return wordOf(this.ring, tail, this.slotWords);
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
    return NONE;
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
    if (this.own === NONE) return others;
    const tail = Atomics.load(words, this.own + TAIL); // First: what is spliced meanwhile is taken off it, not added.
    return others + Math.max(0, (tail - Atomics.load(words, this.own + SPLICED)) | 0);
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

/** This sender has published something that is still in input_pkt_queue. */
export function backlogHasSent(views: Views, layout: BacklogLayout, sender: number): boolean {
  const ring = ringsOf(layout)[layout.senders.indexOf(sender)];
  return ring !== undefined && Atomics.load(views.words, ring + SPLICED) !== Atomics.load(views.words, ring + TAIL);
}
