// Cold. Runs on: main.
// The flow tables of all CPUs as one: a flow that has moved between CPUs is in several. A key picks the same bucket in each
// table, so they are merged bucket by bucket.
//
// While traffic runs, a flow that is just taking another's place can show with parts of both.

import { SocketAddress } from 'node:net';
import {
  BUCKET_BYTES,
  FLOWS_EVICTED,
  FLOWS_EVICTIONS,
  FLOWS_FIRST_BUCKET,
  FLOWS_NO_FLOW,
  KEY_DESTINATION,
  KEY_PORTS,
  KEY_PROTOCOL,
  KEY_SOURCE,
  KEY_VERSION,
} from '../bursts/layout.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { FlowBucket, NOWHERE } from './flow-bucket.js';

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
  const ranking = new Ranking(most);
  let held = 0;
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const offset = FLOWS_FIRST_BUCKET + bucket * BUCKET_BYTES;
    held += rankBucket(
      tables.map((table) => new FlowBucket(views, table + offset)),
      ranking,
    );
  }
  const total = (name: number) => tables.reduce((sum, table) => sum + views.doubles[(table + name) / DOUBLE_BYTES]!, 0);
  return {
    flows: ranking.first().map((counts) => flowOf(views, counts)),
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

const certain = ({ bytes, error }: Counts) => bytes - error;

/**
 * The largest flows by what is certain. By BYTES, as the paper has it, the first would be those that came last into a full
 * bucket of small flows: nearly all of theirs is error.
 */
class Ranking {
  /** Who has fewer bytes is not among the first. */
  limit = 0;
  private readonly most: number;
  private flows: Counts[] = [];

  constructor(most: number) {
    this.most = most;
  }

  add(flow: Counts): void {
    this.flows.push(flow);
    if (this.flows.length <= 2 * this.most) return;
    this.flows = [...this.first()];
    this.limit = certain(this.flows.at(-1)!);
  }

  first(): readonly Counts[] {
    return this.flows.sort((a, b) => certain(b) - certain(a) || b.packets - a.packets).slice(0, this.most);
  }
}

/** The same bucket of all tables. @returns how many flows are in them */
function rankBucket(buckets: readonly FlowBucket[], ranking: Ranking): number {
  let flows = 0;
  buckets.forEach((bucket, index) => {
    for (let place = 0; place < bucket.size; place += 1) {
      if (buckets.some((other, i) => i < index && other.find(bucket, place) !== NOWHERE)) continue; // counted there
      flows += 1;
      const counts = countsOf(buckets, bucket, place);
      if (counts.bytes >= ranking.limit) ranking.add(counts);
    }
  });
  return flows;
}

/** A flow's counts in all tables. */
function countsOf(buckets: readonly FlowBucket[], first: FlowBucket, place: number): Counts {
  const sum = { slot: first.slot(place), packets: 0, bytes: 0, error: 0 };
  for (const bucket of buckets) {
    const here = bucket === first ? place : bucket.find(first, place);
    const missed = here === NOWHERE ? bucket.missed() : 0;
    sum.packets += here === NOWHERE ? 0 : bucket.packets(here);
    sum.bytes += here === NOWHERE ? missed : bucket.bytes(here);
    sum.error += here === NOWHERE ? missed : bucket.error(here);
  }
  return sum;
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
