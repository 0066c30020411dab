// Hot. Runs on: NIC (RxRingProducer), the SCHED holder (RxRingConsumer).
//
// One receive ring. Int32 words; a cache line is 16 words.             written by
//   0      HEAD     next slot the NIC will fill                         NIC
//   16     TAIL     next slot the driver will clean                     SCHED holder
//   32     POSTED   end of the slots that hold a fresh buffer           SCHED holder
//   48     WAITING  1 while the NIC waits for buffers                   NIC
//   64     MAGIC    65 SIZE                                             main, once
//   80 …   slots × 4: BUFFER | LENGTH | HASH | FLAGS                    the slot's holder
// The NIC holds HEAD … POSTED-1; the driver TAIL … HEAD-1 (filled) and POSTED … TAIL+size-1 (to refill).
// Cursors run free and are masked on use, so no slot is lost: full is POSTED - TAIL = size. In interrupt mode the "SCHED
// holder" is the line's target CPU, inside its handler.

import { DESCRIPTOR_BUFFER, DESCRIPTOR_BYTES, DESCRIPTOR_FLAGS, FLAG_EOP } from '../bursts/layout.js';
import { ringDoorbell } from '../memory/doorbell.js';
import { CACHE_LINE_BYTES, CACHE_LINE_WORDS, isPowerOfTwo } from '../memory/layout.js';
import type { Views } from '../memory/views.js';

const HEAD = 0;
const TAIL = HEAD + CACHE_LINE_WORDS;
const POSTED = TAIL + CACHE_LINE_WORDS;
const WAITING = POSTED + CACHE_LINE_WORDS;
const MAGIC = WAITING + CACHE_LINE_WORDS;
const SIZE = MAGIC + 1;
const DESCRIPTORS = MAGIC + CACHE_LINE_WORDS;
const MAGIC_VALUE = 0x52585249; // "RXRI"

const SLOT_WORDS = DESCRIPTOR_BYTES / 4;
const SLOT_BUFFER = DESCRIPTOR_BUFFER / 4;
const SLOT_FLAGS = DESCRIPTOR_FLAGS / 4;

/** Buffers are posted in batches of this many (IXGBE_RX_BUFFER_WRITE): "one at a time is too slow". */
export const POST_BATCH = 16;
export const RING_SIZE_MIN = 64;
export const RING_SIZE_MAX = 4096;

export function rxRingBytes(size: number): number {
  return DESCRIPTORS * 4 + size * DESCRIPTOR_BYTES;
}

export function createRxRing(views: Views, address: number, size: number): void {
  if (!isPowerOfTwo(size) || size < RING_SIZE_MIN || size > RING_SIZE_MAX) {
    throw new RangeError(`ring size=${size}: must be a power of two from ${RING_SIZE_MIN} to ${RING_SIZE_MAX}`);
  }
  const base = address / 4;
  views.words.fill(0, base, base + rxRingBytes(size) / 4);
  views.words[base + SIZE] = size;
  views.words[base + MAGIC] = MAGIC_VALUE;
}

/** @returns the ring's size in slots @throws Error when there is no ring at `address` */
function attach(views: Views, address: number): number {
  const base = address / 4;
  if (address % CACHE_LINE_BYTES !== 0 || views.words[base + MAGIC] !== MAGIC_VALUE) {
    throw new Error(`no Rx ring at address ${address}`);
  }
  return views.words[base + SIZE]!;
}

/** The NIC's side. One per ring, for the life of the machine, so its cursors live here. */
export class RxRingProducer {
  /** Byte address of the descriptors, and the mask of their index. */
  readonly descriptors: number;
  readonly mask: number;
  head: number;
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly size: number;

  constructor(views: Views, address: number) {
    this.words = views.words;
    this.base = address / 4;
    this.size = attach(views, address);
    this.mask = this.size - 1;
    this.descriptors = address + DESCRIPTORS * 4;
    this.head = Atomics.load(this.words, this.base + HEAD);
  }

  /** End of the slots that hold a fresh buffer. */
  posted(): number {
    return Atomics.load(this.words, this.base + POSTED); // Pairs with the store in RxRingConsumer.post().
  }

  publish(head: number): void {
    this.head = head;
    // Makes the descriptors and the frames visible. Pairs with the load in RxRingConsumer.refresh().
    Atomics.store(this.words, this.base + HEAD, head);
  }

  /** Says that the NIC waits until half of the ring is posted, or takes it back. */
  setWaiting(waiting: boolean): void {
    // Pairs with the load in RxRingConsumer.post(): the NIC looks at POSTED again after this, the driver at WAITING after POSTED.
    Atomics.store(this.words, this.base + WAITING, waiting ? 1 : 0);
  }

  /** The wait is over: half of the ring is posted. */
  roomAgain(): boolean {
    return ((this.posted() - this.head) | 0) >= this.size >> 1;
  }
}

/** The driver's side. Its cursors are valid between claim() and release(): whoever holds SCHED next reads them anew. */
export class RxRingConsumer {
  readonly descriptors: number;
  readonly mask: number;
  readonly size: number;
  tail = 0;
  posted = 0;
  head = 0;
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly nicDoorbell: number;

  /** @param nicContext byte address of the NIC's context words, whose doorbell is rung when it waits for buffers */
  constructor(views: Views, address: number, nicContext: number) {
    this.words = views.words;
    this.base = address / 4;
    this.size = attach(views, address);
    this.mask = this.size - 1;
    this.descriptors = address + DESCRIPTORS * 4;
    this.nicDoorbell = nicContext / 4;
  }

  claim(): void {
    this.tail = this.words[this.base + TAIL]!;
    this.posted = this.words[this.base + POSTED]!;
    this.refresh();
  }

  /** Publishes the tail; before SCHED is cleared. POSTED was stored by post(). */
  release(): void {
    this.words[this.base + TAIL] = this.tail;
  }

  /** Looks at HEAD again. @returns how many filled descriptors wait */
  refresh(): number {
    this.head = Atomics.load(this.words, this.base + HEAD); // Pairs with the store in RxRingProducer.publish().
    return (this.head - this.tail) | 0;
  }

  /**
   * True when the ring holds descriptors beyond `tail`, which this thread remembers. Touches no word of the SCHED holder,
   * so it may be asked after SCHED has been cleared.
   */
  filledBeyond(tail: number): boolean {
    return Atomics.load(this.words, this.base + HEAD) !== tail;
  }

  /** Slots that hold no fresh buffer and may be posted, in whole batches. */
  unposted(): number {
    const free = (this.tail + this.size - this.posted) | 0;
    return free - (free % POST_BATCH);
  }

  /** Hands `count` refilled slots to the NIC, and wakes it when it waits for them. */
  post(count: number): void {
    this.posted = (this.posted + count) | 0;
    // Makes the slots' BUFFER words visible. Pairs with the load in RxRingProducer.posted().
    Atomics.store(this.words, this.base + POSTED, this.posted);
    // Pairs with the store in RxRingProducer.setWaiting(). While the NIC waits HEAD stands still; an older head only wakes
    // it early.
    if (Atomics.load(this.words, this.base + WAITING) === 0) return;
    if (((this.posted - this.head) | 0) >= this.size >> 1) ringDoorbell(this.words, this.nicDoorbell);
  }
}

/** Filled descriptors that the driver has not given up yet. May be asked while threads run: then there may be less by now. */
export function ringWaiting(views: Views, address: number): number {
  const base = address / 4;
  const tail = Atomics.load(views.words, base + TAIL); // First: HEAD, whenever it is loaded, is not behind it.
  return (Atomics.load(views.words, base + HEAD) - tail) | 0;
}

/** Main, when the holder's thread has ended: what lies before `tail` has been taken. */
export function setRingTail({ words }: Views, address: number, tail: number): void {
  words[address / 4 + TAIL] = tail;
}

/** The next slot that the driver will clean: moves with each poll that finds something. May be asked while threads run. */
export function ringTail(views: Views, address: number): number {
  return Atomics.load(views.words, address / 4 + TAIL);
}

/**
 * For main, when no thread runs, and for the SCHED holder, while the NIC fills slots: what is in the ring. Main may ask while
 * threads run, and is then told of a ring that perhaps never was, but of one ring at most.
 */
export interface RingContents {
  /** Whole frames between TAIL and HEAD. */
  readonly frames: number;
  /** Buffers in slots TAIL … POSTED-1. */
  readonly buffers: readonly number[];
}

export function readRxRing(views: Views, address: number): RingContents {
  const { words } = views;
  const base = address / 4;
  const mask = attach(views, address) - 1;
  const head = Atomics.load(words, base + HEAD); // Pairs with the store in RxRingProducer.publish().
  const buffers: number[] = [];
  let frames = 0;
  const tail = words[base + TAIL]!;
  const held = Math.min((words[base + POSTED]! - tail) | 0, mask + 1);
  for (let i = 0; i < held; i += 1) {
    const cursor = (tail + i) | 0;
    const slot = base + DESCRIPTORS + (cursor & mask) * SLOT_WORDS;
    buffers.push(words[slot + SLOT_BUFFER]!);
    const filled = ((head - cursor) | 0) > 0;
    if (filled && (words[slot + SLOT_FLAGS]! & FLAG_EOP) !== 0) frames += 1;
  }
  return { frames, buffers };
}
