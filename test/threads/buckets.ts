// Cold. Runs on: main, CPU n (the capture-check sink).
// Packets by the bucket of RSS's indirection table that they fall into. One bucket goes to one queue, so within it packets
// stay in order, and a checksum that depends on the order can be kept. Int32 words; per bucket:
//   0  PACKETS     1  CHAIN  of the packets' checksums, in order        whoever polls the bucket's queue

import { RSS_INDIRECTION_ENTRIES } from '../../src/bursts/layout.js';

const PACKETS = 0;
const CHAIN = 1;
const BUCKET_WORDS = 16; // a cache line

export class Buckets {
  readonly words: Int32Array;

  constructor(words: Int32Array) {
    this.words = words;
  }

  add(hash: number, checksum: number): void {
    const at = (hash & (RSS_INDIRECTION_ENTRIES - 1)) * BUCKET_WORDS;
    this.words[at + PACKETS] = this.words[at + PACKETS]! + 1;
    this.words[at + CHAIN] = (Math.imul(this.words[at + CHAIN]!, 31) + checksum) | 0;
  }

  /** One line per bucket in use. */
  lines(): string[] {
    return Array.from({ length: RSS_INDIRECTION_ENTRIES }, (_, bucket) => bucket * BUCKET_WORDS)
      .filter((at) => this.words[at + PACKETS]! > 0)
      .map((at) => `bucket ${at / BUCKET_WORDS}: ${this.words[at + PACKETS]} packets, chain ${this.words[at + CHAIN]}`);
  }
}

/** Over shared memory. */
export function createBuckets(): Buckets {
  return new Buckets(new Int32Array(new SharedArrayBuffer(RSS_INDIRECTION_ENTRIES * BUCKET_WORDS * 4)));
}
