// Cold. Runs on: main.
// Bursts for the flow table: the twins' two tables, and streams of packets whose truth is known.

import { BATCH_ENTRIES, ENTRY_BUFFER, ENTRY_LENGTH, ENTRY_OFFSET, TALLY_BYTES } from '../../src/bursts/layout.js';
import { ETHERTYPE_IPV4, IP_PROTOCOL_UDP } from '../../src/bursts/wire.js';
import { flowTableBytes, type LargestFlows, largestFlows } from '../../src/net/flow-table.js';
import type { Random } from '../../src/runtime/random.js';
import { bytesOf, ethernet, ipv4, udp } from './frames.js';
import { Twins } from './twins.js';
import {
  BATCH,
  BUFFER_AREA,
  bufferAddress,
  entryWord,
  FLOW_TABLE_BUCKETS,
  FLOW_TABLES,
  TALLY,
  type World,
} from './world.js';

export const MASK = FLOW_TABLE_BUCKETS - 1;
export const [FIRST, SECOND] = FLOW_TABLES as [number, number];

export const twins = new Twins();

/** Noise everywhere, and two tables without a flow. */
export function clear(random: Random): void {
  twins.prepare(({ views }: World) => {
    for (let i = 0; i < views.words.length; i++) views.words[i] = random.word();
    for (const table of FLOW_TABLES) views.bytes.fill(0, table, table + flowTableBytes(FLOW_TABLE_BUCKETS));
    views.bytes.fill(0, TALLY, TALLY + TALLY_BYTES);
  });
}

/** Takes frames, each of one buffer, through classify() and flows(), in both worlds. @returns how many were passed */
export function receive(frames: readonly ArrayLike<number>[], table = FIRST): number {
  let received = 0;
  for (let first = 0; first < frames.length; first += BATCH_ENTRIES) {
    const burst = frames.slice(first, first + BATCH_ENTRIES);
    for (const world of [twins.first, twins.second]) writeBurst(world, burst);
    twins.call('classify', (b) => b.classify(BATCH, burst.length, BUFFER_AREA, TALLY));
    const passed = twins.call('compact', (b) => b.compact(BATCH, burst.length));
    twins.call('flows', (b) => b.flows(BATCH, passed, BUFFER_AREA, table, MASK));
    received += passed;
  }
  return received;
}

function writeBurst({ views }: World, frames: readonly ArrayLike<number>[]): void {
  frames.forEach((frame, i) => {
    views.bytes.set(frame, bufferAddress(i));
    views.words[entryWord(i, ENTRY_BUFFER)] = i;
    views.words[entryWord(i, ENTRY_OFFSET)] = 0;
    views.words[entryWord(i, ENTRY_LENGTH)] = frame.length;
  });
}

/** What the tables say together, by default all of it. */
export function read(tables: readonly number[] = [FIRST], most = Number.MAX_SAFE_INTEGER): LargestFlows {
  return largestFlows(twins.first.views, tables, FLOW_TABLE_BUCKETS, most);
}

export interface Truth {
  packets: number;
  bytes: number;
}

/** Packets of several flows, some of them much more often than others. */
export class Stream {
  readonly frames: number[][] = [];
  /** By source address. */
  readonly truth = new Map<string, Truth>();

  constructor(random: Random, flows: number, packets: number) {
    for (let i = 0; i < packets; i++) {
      const flow = Math.floor(flows * random.next() ** 3);
      const source = [10, 0, flow >> 8, flow & 255];
      const packet = ipv4(IP_PROTOCOL_UDP, udp(bytesOf(random.below(200))), { source });
      const frame = ethernet(ETHERTYPE_IPV4, packet);
      this.frames.push(frame);
      const truth = this.truth.get(source.join('.')) ?? { packets: 0, bytes: 0 };
      this.truth.set(source.join('.'), truth);
      truth.packets += 1;
      truth.bytes += frame.length;
    }
  }

  get bytes(): number {
    return this.frames.reduce((sum, { length }) => sum + length, 0);
  }
}
