// Cold. Runs on: main.
// Reads the tallies of CPUs, which bursts/layout.ts draws: what the delivered frames were made of.

import {
  COUNT_BYTES,
  COUNT_OF_BYTES,
  COUNT_OF_FRAMES,
  PATH_SLOTS,
  TALLY_COUNTS,
  TALLY_ICMP_TYPES,
  TALLY_ICMPV6_TYPES,
  TALLY_PATHS,
  TALLY_TCP_FLAGS,
} from '../bursts/layout.js';
import { DOUBLE_BYTES, WORD_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';

/** The frames with one set of headers. */
export interface Path {
  /** Bits PROTOCOL_*. */
  readonly protocol: number;
  readonly frames: number;
  readonly bytes: number;
}

export interface Tally {
  /** Those with frames, in no order. */
  readonly paths: readonly Path[];
  /** By bit of the flags byte. */
  readonly tcpFlags: readonly number[];
  readonly icmpTypes: readonly number[];
  readonly icmpv6Types: readonly number[];
}

/** The sum of the tallies at `addresses`. */
export function readTallies(views: Views, addresses: readonly number[]): Tally {
  return {
    paths: sumPaths(addresses.flatMap((address) => pathsIn(views, address))),
    tcpFlags: sumDoubles(views, addresses, TALLY_TCP_FLAGS, 8),
    icmpTypes: sumDoubles(views, addresses, TALLY_ICMP_TYPES, 256),
    icmpv6Types: sumDoubles(views, addresses, TALLY_ICMPV6_TYPES, 256),
  };
}

function pathsIn({ words, doubles }: Views, tally: number): Path[] {
  const paths: Path[] = [];
  for (let slot = 0; slot < PATH_SLOTS; slot += 1) {
    const protocol = words[(tally + TALLY_PATHS) / WORD_BYTES + slot]!;
    if (protocol === 0) continue; // nearly all
    const counts = tally + TALLY_COUNTS + slot * COUNT_BYTES;
    const frames = doubles[(counts + COUNT_OF_FRAMES) / DOUBLE_BYTES]!;
    const bytes = doubles[(counts + COUNT_OF_BYTES) / DOUBLE_BYTES]!;
    if (frames > 0) paths.push({ protocol, frames, bytes });
  }
  return paths;
}

function sumPaths(paths: readonly Path[]): Path[] {
  const sums = new Map<number, Path>();
  for (const { protocol, frames, bytes } of paths) {
    const before = sums.get(protocol) ?? { frames: 0, bytes: 0 };
    sums.set(protocol, { protocol, frames: before.frames + frames, bytes: before.bytes + bytes });
  }
  return [...sums.values()];
}

function sumDoubles({ doubles }: Views, tallies: readonly number[], offset: number, count: number): number[] {
  const first = (tally: number) => (tally + offset) / DOUBLE_BYTES;
  return Array.from({ length: count }, (_, i) => tallies.reduce((sum, tally) => sum + doubles[first(tally) + i]!, 0));
}
