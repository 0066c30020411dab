// Hot. Runs on: CPU n.
// The Internet checksum. Of an IPv4 header: its 16-bit words, the checksum among them, add up to a multiple of 65,535.
// As 65,536 leaves the remainder 1, the same holds for words of 32 bits, and in either byte order.

import { IPV4_BYTES } from './wire.as';

/** 1 / 65,535 modulo 2^64: multiples of 65,535, and only they, become small by it. No folding, no division. */
const INVERSE: u64 = 0xfffefffefffeffff;
const QUOTIENT_MAX: u64 = 15 * 65537; // the longest header has 15 words

/** A header without options. */
@inline
export function sum20(packet: usize): u64 {
  const first = <u64>load<u32>(packet) + <u64>load<u32>(packet, 4);
  const second = <u64>load<u32>(packet, 8) + <u64>load<u32>(packet, 12);
  return first + second + <u64>load<u32>(packet, 16);
}

/** Reads exactly the header's bytes. */
@inline
export function sumOf(packet: usize, bytes: i32): u64 {
  let sum = sum20(packet);
  for (let i = IPV4_BYTES; i < bytes; i += 4) sum += load<u32>(packet + i);
  return sum;
}

/** The sum is not 0: a header has a version. */
@inline
export function sumHolds(sum: u64): bool {
  return sum * INVERSE <= QUOTIENT_MAX;
}

/** The one's complement sum of 16-bit words that `sum` stands for: 0 … 65,535. */
export function fold(sum: u64): u32 {
  let folded = (sum & 0xffff_ffff) + (sum >> 32);
  folded = (folded & 0xffff) + (folded >> 16);
  folded = (folded & 0xffff) + (folded >> 16);
  return <u32>((folded & 0xffff) + (folded >> 16));
}
