// Cold. Runs on: main.
// One bucket of a flow table, for who reads it.

import {
  BUCKET_COUNTS,
  BUCKET_FLOWS,
  BUCKET_SLOTS,
  FLOW_BYTES,
  FLOW_ERROR,
  FLOW_PACKETS,
  KEY_BYTES,
} from '../bursts/layout.js';
import { DOUBLE_BYTES, WORD_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';

export const NOWHERE = -1;

/** One bucket of one table; its drawing stands in bursts/layout.ts. A place is 0 … size-1. */
export class FlowBucket {
  /** How many flows are in it. */
  readonly size: number;
  private readonly views: Views;
  private readonly address: number;

  constructor(views: Views, address: number) {
    this.views = views;
    this.address = address;
    let size = 0;
    while (size < BUCKET_FLOWS && this.tag(size) !== 0) size += 1;
    this.size = size;
  }

  tag(place: number): number {
    return this.views.words[this.address / WORD_BYTES + place]!;
  }

  bytes(place: number): number {
    return this.double(this.address + BUCKET_COUNTS + place * DOUBLE_BYTES);
  }

  slot(place: number): number {
    return this.address + BUCKET_SLOTS + place * FLOW_BYTES;
  }

  packets(place: number): number {
    return this.double(this.slot(place) + FLOW_PACKETS);
  }

  error(place: number): number {
    return this.double(this.slot(place) + FLOW_ERROR);
  }

  /** Where the flow at `place` of another table's bucket is here, or NOWHERE. */
  find(other: FlowBucket, place: number): number {
    const tag = other.tag(place);
    for (let here = 0; here < this.size; here += 1) {
      if (this.tag(here) === tag && isSame(this.views, this.slot(here), other.slot(place))) return here;
    }
    return NOWHERE;
  }

  /**
   * The most bytes that a flow that is not here can have had: if ever one had to leave, what the smallest has now (Agarwal
   * et al., Mergeable Summaries, 2012).
   */
  missed(): number {
    let evicted = false;
    let least = Number.POSITIVE_INFINITY;
    for (let place = 0; place < this.size; place += 1) {
      if (this.error(place) > 0) evicted = true; // inherited, and whoever comes after inherits more
      least = Math.min(least, this.bytes(place));
    }
    return evicted ? least : 0;
  }

  private double(address: number): number {
    return this.views.doubles[address / DOUBLE_BYTES]!;
  }
}

function isSame(views: Views, a: number, b: number): boolean {
  for (let at = 0; at < KEY_BYTES; at += WORD_BYTES) {
    if (views.words[(a + at) / WORD_BYTES] !== views.words[(b + at) / WORD_BYTES]) return false;
  }
  return true;
}
