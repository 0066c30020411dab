// Hot. Runs on: the SCHED holder (stack), any thread (return list).
//
// One pool of buffers per Rx queue, like page_pool.                      written by
//   0      RETURNED  first buffer of the return list, or NO_BUFFER        any thread, compareExchange · holder, exchange
//   16     TOP       number of ids on the stack                           SCHED holder
//   32     FIRST     33 CAPACITY: ids FIRST … FIRST+CAPACITY-1            main, once
//   48 …   STACK     ids                                                  SCHED holder
// Outside: one link word per buffer of the machine, written by whoever holds the buffer. It chains the fragments of a frame
// and the buffers of the return list.
// Pushing a chain takes one compareExchange and taking the list whole one exchange, so there is no ABA and no lock, and a
// pusher that dies leaves no hole.

import { NO_BUFFER } from '../bursts/layout.js';
import { CACHE_LINE_BYTES, CACHE_LINE_WORDS } from '../memory/layout.js';
import type { Views } from '../memory/views.js';

const RETURNED = 0;
const TOP = RETURNED + CACHE_LINE_WORDS;
const FIRST = TOP + CACHE_LINE_WORDS;
const CAPACITY = FIRST + 1;
const STACK = FIRST + CACHE_LINE_WORDS;

export function bufferPoolBytes(capacity: number): number {
  return STACK * 4 + Math.ceil((capacity * 4) / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;
}

/** Main, before any thread runs: all ids on the stack. */
export function createBufferPool(views: Views, address: number, first: number, capacity: number): void {
  const base = address / 4;
  views.words[base + RETURNED] = NO_BUFFER;
  views.words[base + TOP] = capacity;
  views.words[base + FIRST] = first;
  views.words[base + CAPACITY] = capacity;
  for (let i = 0; i < capacity; i += 1) views.words[base + STACK + i] = first + i;
}

/** Main, when the holder's thread has ended: all ids but those that are in use elsewhere are on the stack. */
export function rebuildBufferPool({ words }: Views, address: number, inUse: ReadonlySet<number>): void {
  const base = address / 4;
  const first = words[base + FIRST]!;
  let top = 0;
  for (let id = first; id < first + words[base + CAPACITY]!; id += 1) {
    if (inUse.has(id)) continue;
    words[base + STACK + top] = id;
    top += 1;
  }
  words[base + TOP] = top;
  Atomics.store(words, base + RETURNED, NO_BUFFER);
}

export class BufferPool {
  /** Byte address of the stack, for the burst functions. */
  readonly stack: number;
  /** Number of ids on the stack; valid between claim() and release(). */
  top = 0;
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly links: number;

  /** @param links byte address of the link words */
  constructor(views: Views, address: number, links: number) {
    this.words = views.words;
    this.base = address / 4;
    this.links = links / 4;
    this.stack = address + STACK * 4;
  }

  claim(): void {
    this.top = this.words[this.base + TOP]!;
  }

  release(): void {
    this.words[this.base + TOP] = this.top;
  }

  /** Moves what other threads have returned onto the stack. Holder only. */
  reclaim(): void {
    // Takes the list whole. Pairs with the compareExchange in giveBack().
    let id = Atomics.exchange(this.words, this.base + RETURNED, NO_BUFFER);
    while (id !== NO_BUFFER) {
      this.words[this.base + STACK + this.top] = id;
      this.top += 1;
      id = this.words[this.links + id]!;
    }
  }

  /** Gives back a chain of buffers, `first` … `last` by their link words. Any thread. */
  giveBack(first: number, last: number): void {
    for (;;) {
      const old = Atomics.load(this.words, this.base + RETURNED);
      this.words[this.links + last] = old;
      // Makes the links visible. Pairs with the exchange in reclaim().
      if (Atomics.compareExchange(this.words, this.base + RETURNED, old, first) === old) return;
    }
  }
}

export interface PoolContents {
  readonly first: number;
  readonly capacity: number;
  /** Ids on the stack and on the return list. */
  readonly idle: readonly number[];
}

/** For the holder, or for main when no thread runs. Stops after CAPACITY ids of a list: a loop would be a broken invariant. */
export function readBufferPool(views: Views, address: number, links: number): PoolContents {
  const { words } = views;
  const base = address / 4;
  const capacity = words[base + CAPACITY]!;
  const idle: number[] = [];
  for (let i = 0; i < words[base + TOP]!; i += 1) idle.push(words[base + STACK + i]!);
  let id = Atomics.load(words, base + RETURNED);
  for (let i = 0; i <= capacity && id !== NO_BUFFER; i += 1) {
    idle.push(id);
    id = words[links / 4 + id]!;
  }
  return { first: words[base + FIRST]!, capacity, idle };
}
