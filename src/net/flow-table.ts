// Cold. Runs on: main.
// The flow tables of all CPUs as one: a flow that has moved between CPUs is in several. A key picks the same bucket in each
// table, so they are merged bucket by bucket.
//
// While traffic runs, a flow that is just taking another's place can show with parts of both.

import { SocketAddress } from 'node:net';
import {
  BUCKET_BYTES,
  BUCKET_COUNTS,
  BUCKET_FLOWS,
  BUCKET_SLOTS,
  FLOW_BYTES,
  FLOW_ERROR,
  FLOW_PACKETS,
  FLOWS_EVICTED,
  FLOWS_EVICTIONS,
  FLOWS_FIRST_BUCKET,
  FLOWS_NO_FLOW,
  KEY_BYTES,
  KEY_DESTINATION,
  KEY_PORTS,
  KEY_PROTOCOL,
  KEY_SOURCE,
  KEY_VERSION,
} from '../bursts/layout.js';
import { DOUBLE_BYTES, WORD_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';

/** One direction of a conversation. Ports are 0 where the protocol has none, and behind a first fragment. */
export interface Flow {
  readonly version: 4 | 6;
  /** IP protocol number. */
  readonly protocol: number;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Exact when `error` is 0; else at least so many. */
  readonly packets: number;
  /** At most so many, and at least `bytes - error`. */
  readonly bytes: number;
  readonly error: number;
}

export interface LargestFlows {
  /** By the bytes that are surely theirs, then by packets, the largest first. */
  readonly flows: readonly Flow[];
  /** How many flows the tables hold, each counted once. */
  readonly held: number;
  /** Packets that are not IP. */
  readonly noFlow: number;
  /** How often a flow took the place of another, in a bucket that was full. */
  readonly evictions: number;
  /** Packets that had been counted for those others. */
  readonly evicted: number;
}

/** Bytes of a table with so many buckets, a power of two. */
export function flowTableBytes(buckets: number): number {
  return FLOWS_FIRST_BUCKET + buckets * BUCKET_BYTES;
}

/** @param most how many flows are wanted; `tables`, byte addresses of tables of the same number of buckets */
export function largestFlows(views: Views, tables: readonly number[], buckets: number, most: number): LargestFlows {
  let held = 0;
  let largest: Counts[] = [];
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const flows = mergeBucket(views, tables, FLOWS_FIRST_BUCKET + bucket * BUCKET_BYTES);
    held += flows.length;
    largest.push(...flows);
    if (largest.length > 4 * most + BUCKET_FLOWS) largest = largestOf(largest, most);
  }
  const total = (name: number) => tables.reduce((sum, table) => sum + doubleAt(views, table + name), 0);
  return {
    flows: largestOf(largest, most).map((counts) => flowOf(views, counts)),
    held,
    noFlow: total(FLOWS_NO_FLOW),
    evictions: total(FLOWS_EVICTIONS),
    evicted: total(FLOWS_EVICTED),
  };
}

/** What is counted for a flow, and a slot that holds its key. */
interface Counts {
  readonly slot: number;
  packets: number;
  bytes: number;
  error: number;
}

/**
 * By what is certain. By BYTES, as the paper has it, the first would be those that came last into a full bucket of small
 * flows: nearly all of theirs is error.
 */
function largestOf(flows: readonly Counts[], most: number): Counts[] {
  const certain = ({ bytes, error }: Counts) => bytes - error;
  return [...flows].sort((a, b) => certain(b) - certain(a) || b.packets - a.packets).slice(0, most);
}

/** @param offset of the bucket in each table */
function mergeBucket(views: Views, tables: readonly number[], offset: number): readonly Counts[] {
  const buckets = tables.map((table) => readBucket(views, table + offset));
  if (buckets.length === 1) return buckets[0]!;
  const merged: Counts[] = [];
  for (const bucket of buckets) {
    for (const { slot } of bucket) {
      if (!merged.some((flow) => isSame(views, flow.slot, slot))) merged.push(sumOf(views, buckets, slot));
    }
  }
  return merged;
}

/**
 * A flow's counts in all tables. Where it is not, but its bucket is full, it may have been: with no more bytes than the
 * smallest flow there has now (Agarwal et al., Mergeable Summaries, 2012).
 */
function sumOf(views: Views, buckets: readonly (readonly Counts[])[], slot: number): Counts {
  const sum = { slot, packets: 0, bytes: 0, error: 0 };
  for (const bucket of buckets) {
    const found = bucket.find((flow) => isSame(views, flow.slot, slot));
    const missed = bucket.length < BUCKET_FLOWS ? 0 : Math.min(...bucket.map(({ bytes }) => bytes));
    sum.packets += found?.packets ?? 0;
    sum.bytes += found?.bytes ?? missed;
    sum.error += found?.error ?? missed;
  }
  return sum;
}

function readBucket(views: Views, bucket: number): Counts[] {
  const flows: Counts[] = [];
  for (let place = 0; place < BUCKET_FLOWS; place += 1) {
    if (views.words[bucket / WORD_BYTES + place] === 0) break;
    const slot = bucket + BUCKET_SLOTS + place * FLOW_BYTES;
    const bytes = doubleAt(views, bucket + BUCKET_COUNTS + place * DOUBLE_BYTES);
    const packets = doubleAt(views, slot + FLOW_PACKETS);
    flows.push({ slot, packets, bytes, error: doubleAt(views, slot + FLOW_ERROR) });
  }
  return flows;
}

function isSame(views: Views, a: number, b: number): boolean {
  for (let at = 0; at < KEY_BYTES; at += WORD_BYTES) {
    if (views.words[(a + at) / WORD_BYTES] !== views.words[(b + at) / WORD_BYTES]) return false;
  }
  return true;
}

function flowOf({ bytes: memory }: Views, { slot, packets, bytes, error }: Counts): Flow {
  const version = memory[slot + KEY_VERSION] === 4 ? 4 : 6;
  const port = (at: number) => memory[slot + at]! * 256 + memory[slot + at + 1]!;
  return {
    version,
    protocol: memory[slot + KEY_PROTOCOL]!,
    source: addressText(version, memory, slot + KEY_SOURCE),
    sourcePort: port(KEY_PORTS),
    destination: addressText(version, memory, slot + KEY_DESTINATION),
    destinationPort: port(KEY_PORTS + 2),
    packets,
    bytes,
    error,
  };
}

/** Dotted, or in the canonical form of RFC 5952. */
function addressText(version: 4 | 6, memory: Uint8Array, at: number): string {
  if (version === 4) return memory.slice(at, at + 4).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => memory[at + 2 * i]! * 256 + memory[at + 2 * i + 1]!);
  const address = groups.map((group) => group.toString(16)).join(':');
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

function doubleAt(views: Views, address: number): number {
  return views.doubles[address / DOUBLE_BYTES]!;
}
