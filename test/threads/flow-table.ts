// Cold. Runs on: main (makes it, reads it), CPU n (the flow-check sink).
// What the flow-check sink knows of the packets that pktgen will send, and what it has found: shared memory, because a
// flow's queue may move from CPU to CPU in the middle of a run.
//
//   RECORDS  per record of the frame table: LENGTH | CHECKSUM of the frame with sequence number 0       main, once
//   FLOWS    by source key: the flow's number, or NO_FLOW                                               main, once
//   STATE    16 words (a cache line) per flow                                 whoever polls the flow's queue
//
// Packet x of flow f is number f + x × flows of the run, so its record is that number mod the table's length.

import type { Config } from '../../src/coordinator/options.js';

/** Everything the sink is given. */
export interface FlowTable {
  readonly flows: number;
  readonly tableLength: number;
  readonly records: Int32Array;
  readonly flowOfKey: Int32Array;
  readonly state: Int32Array;
}

export const RECORD_WORDS = 2;
export const RECORD_LENGTH = 0;
export const RECORD_CHECKSUM = 1;

export const STATE_WORDS = 16;
/** The sequence number that comes next. */
export const NEXT = 0;
export const PACKETS = 1;
/** Of the checksums that were found, wrapping. */
export const SUM = 2;
/** Sequence numbers that were skipped. */
export const SKIPPED = 3;
/** Packets that are not as they were sent. */
export const FAULTS = 4;
// Of the first fault.
export const FAULT_KIND = 5;
export const FAULT_EXPECTED = 6;
export const FAULT_FOUND = 7;
export const FAULT_CPU = 8;

export const FAULT_KINDS = ['none', 'repeated or reordered', 'length', 'bytes', 'complement', 'copied length'] as const;

export const NO_FLOW = -1;
const KEYS = 2 ** 17;

const ETHERTYPE_AT = 12;
const IPV4_SOURCE_END = 14 + 16;
const IPV6_SOURCE_END = 14 + 24;

/** pktgen's flows of one IP version differ in the last 16 bits of their source address. */
export function sourceKey(bytes: Uint8Array, at: number): number {
  const ipv4 = bytes[at + ETHERTYPE_AT] === 0x08;
  const end = at + (ipv4 ? IPV4_SOURCE_END : IPV6_SOURCE_END);
  return (ipv4 ? 0 : 0x10000) | (bytes[end - 2]! << 8) | bytes[end - 1]!;
}

export function createFlowTable({ flows }: Pick<Config, 'flows'>, tableLength: number): FlowTable {
  const words = (count: number) => new Int32Array(new SharedArrayBuffer(count * 4));
  return {
    flows,
    tableLength,
    records: words(tableLength * RECORD_WORDS),
    flowOfKey: words(KEYS).fill(NO_FLOW),
    state: words(flows * STATE_WORDS),
  };
}
