// Hot. Runs on: CPUs.
// The CPU's half of its backlog (backlog-layout.ts draws it): it takes over what senders have published, and processes that.

import type { Views } from '../memory/views.js';
import { BACKLOG_QLEN, BACKLOG_RING, type BacklogLayout, NO_SLOT, ringsOf, slotAt } from './backlog-layout.js';

// An import is looked up each time: once here.
const { TAIL, COUNTED, SPLICED, HEAD } = BACKLOG_RING;
const QLEN = BACKLOG_QLEN;
const NONE = NO_SLOT;
const wordOf = slotAt;

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
    this.ring = this.rings[0] ?? NONE;
  }

  /** @returns word index of the first slot of process_queue, or NO_SLOT */
  first(): number {
    const { words } = this;
    while (this.ring !== NONE) {
      const head = words[this.ring + HEAD]!;
      if (head !== words[this.ring + SPLICED]) return wordOf(this.ring, head, this.slotWords);
      this.go(this.current + 1);
    }
    return NONE;
  }

  private go(index: number): void {
    this.current = index;
    this.ring = this.rings[index] ?? NONE;
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
