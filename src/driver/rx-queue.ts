// Hot. Runs on: the SCHED holder.
// A driver's hold on one Rx queue: ring, pool and batch area together. Nothing private survives between claim() and
// release(), so any CPU can be the next holder.

import type { Bursts } from '../bursts/bursts.js';
import { BATCH_CONSUMED } from '../bursts/layout.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { NapiState } from '../napi/state.js';
import type { BufferPool } from '../ring/buffer-pool.js';
import { POST_BATCH, type RxRingConsumer } from '../ring/rx-ring.js';

const CONSUMED = BATCH_CONSUMED / 4;

/** What the hold on one queue is made of. */
export interface RxQueueParts {
  readonly bursts: Bursts;
  readonly ring: RxRingConsumer;
  readonly pool: BufferPool;
  /** The queue's NAPI instance, in which bursts in hand are noted. */
  readonly state: NapiState;
}

/** Byte addresses. */
export interface RxQueueLayout {
  /** This context's batch area. */
  readonly batch: number;
  /** The machine's buffers, and their link words. */
  readonly buffers: number;
  readonly links: number;
  /** This context's counter of frames taken from the queue. */
  readonly taken: number;
}

export class RxQueue {
  readonly ring: RxRingConsumer;
  readonly pool: BufferPool;
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly bursts: Bursts;
  private readonly state: NapiState;
  private readonly batch: number;
  private readonly buffers: number;
  private readonly links: number;
  private readonly taken: number;

  constructor(views: Views, { bursts, ring, pool, state }: RxQueueParts, layout: RxQueueLayout) {
    this.words = views.words;
    this.doubles = views.doubles;
    this.bursts = bursts;
    this.ring = ring;
    this.pool = pool;
    this.state = state;
    this.batch = layout.batch;
    this.buffers = layout.buffers;
    this.links = layout.links;
    this.taken = layout.taken / DOUBLE_BYTES;
  }

  claim(): void {
    this.ring.claim();
    this.pool.claim();
  }

  release(): void {
    this.ring.release();
    this.pool.release();
  }

  /** Takes at most `budget` frames (≤ 64) out of the ring into the batch area. @returns how many; fewer: it was empty */
  take(budget: number): number {
    const { ring } = this;
    if (ring.refresh() === 0) return 0;
    const { descriptors, mask, tail, head } = ring;
    const frames = this.bursts.take(descriptors, mask, tail, head, budget, this.batch, this.buffers, this.links);
    if (frames === 0) return 0;
    const taken = this.doubles[this.taken]! + frames;
    ring.tail = (tail + this.words[this.batch / 4 + CONSUMED]!) | 0;
    this.state.takeInHand(ring.tail, frames, taken);
    this.doubles[this.taken] = taken;
    return frames;
  }

  /** Puts the buffers of the batch area's first `frames` entries back on the stack. */
  recycle(frames: number): void {
    this.pool.top = this.bursts.recycle(this.batch, frames, this.pool.stack, this.pool.top, this.links);
  }

  /** Posts as many fresh buffers as there are empty slots, in batches of 16. */
  refill(): void {
    const { ring, pool } = this;
    let count = ring.unposted();
    if (count === 0) return;
    if (pool.top < count) {
      pool.reclaim();
      if (pool.top < count) count = pool.top - (pool.top % POST_BATCH);
      if (count === 0) return;
    }
    pool.top = this.bursts.refill(ring.descriptors, ring.mask, ring.posted, count, pool.stack, pool.top);
    ring.post(count);
  }

  /** The burst is done: its cursors and counters are out. */
  handOn(): void {
    this.state.handOn();
  }
}
