// Cold. Runs on: main.
// One ring with its pool, and both sides of it, over a memory of their own. What the NIC and the burst functions would do to
// descriptors is done here by hand.

import {
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_BYTES,
  DESCRIPTOR_FLAGS,
  DESCRIPTOR_LENGTH,
  FLAG_EOP,
} from '../../src/bursts/layout.js';
import { alignUp } from '../../src/memory/layout.js';
import type { Views } from '../../src/memory/views.js';
import { BufferPool, bufferPoolBytes, createBufferPool } from '../../src/ring/buffer-pool.js';
import { createRxRing, RxRingConsumer, RxRingProducer, rxRingBytes } from '../../src/ring/rx-ring.js';
import { space } from '../memory/space.js';

const NIC_CONTEXT = 0;
const RING = 256;
// Words of the ring, as drawn in src/ring/rx-ring.ts.
const HEAD = RING / 4;
const TAIL = HEAD + 16;
const POSTED = HEAD + 32;

export class Rings {
  readonly views: Views;
  readonly ring = RING;
  readonly pool: number;
  readonly links: number;
  readonly nicDoorbell = NIC_CONTEXT / 4;
  readonly size: number;

  /** @param capacity buffers of the pool; their ids begin at `first` */
  constructor(size: number, capacity = size, first = 0) {
    this.size = size;
    this.pool = alignUp(RING + rxRingBytes(size), 64);
    this.links = this.pool + bufferPoolBytes(capacity);
    this.views = space(alignUp(this.links + (first + capacity) * 4, 64));
    createRxRing(this.views, RING, size);
    createBufferPool(this.views, this.pool, first, capacity);
  }

  producer(): RxRingProducer {
    return new RxRingProducer(this.views, RING);
  }

  consumer(): RxRingConsumer {
    return new RxRingConsumer(this.views, RING, NIC_CONTEXT);
  }

  buffers(): BufferPool {
    return new BufferPool(this.views, this.pool, this.links);
  }

  /** An empty ring whose cursors have come to `cursor`. */
  startAt(cursor: number): void {
    for (const word of [HEAD, TAIL, POSTED]) this.views.words[word] = cursor;
  }

  slot(cursor: number): number {
    const { descriptors, mask } = this.consumer();
    return (descriptors + (cursor & mask) * DESCRIPTOR_BYTES) / 4;
  }

  /** A filled descriptor. */
  fill(cursor: number, length: number, eop = true): void {
    this.views.words[this.slot(cursor) + DESCRIPTOR_LENGTH / 4] = length;
    this.views.words[this.slot(cursor) + DESCRIPTOR_FLAGS / 4] = eop ? FLAG_EOP : 0;
  }

  /** What refill() does with one buffer, not yet posted. */
  put(cursor: number, buffer: number): void {
    this.views.words[this.slot(cursor) + DESCRIPTOR_BUFFER / 4] = buffer;
  }
}
