// Hot. Runs on: CPU n.
// The one's complement sum of a datagram's 16-bit words, in the byte order of the machine, which changes nothing
// (RFC 1071 §2 B), across the buffers that its frame lies in.

import { fold } from './checksum.as';
import { BUFFER_BYTES, BUFFER_SHIFT, ENTRY_BUFFER, ENTRY_NEXT, ENTRY_OFFSET } from './layout.as';

/**
 * @param start of the datagram in its frame, within the first buffer; the frame has `length` bytes from there on
 * @returns a number of at most 33 bits, to be folded
 */
export function datagramSum(entry: usize, buffers: usize, links: usize, start: i32, length: i32): u64 {
  const offset = load<i32>(entry, ENTRY_OFFSET) + start;
  let done = min(length, BUFFER_BYTES - offset);
  let sum: u64 = pieceSum(buffers + (load<usize>(entry, ENTRY_BUFFER) << BUFFER_SHIFT) + offset, done);
  let next = load<usize>(entry, ENTRY_NEXT);
  while (done < length) {
    const bytes = min(length - done, BUFFER_BYTES);
    const piece = pieceSum(buffers + (next << BUFFER_SHIFT), bytes);
    sum += done & 1 ? bswap<u16>(<u16>piece) : piece; // its words begin in the middle of the datagram's
    done += bytes;
    next = load<usize>(links + (next << 2));
  }
  return sum;
}

/**
 * 32 bytes a step. A lane takes two words of 16 bits a step, so it has room for 2^15 steps; a buffer has 64. Reads
 * exactly the given bytes.
 * @returns the folded sum
 */
function pieceSum(from: usize, bytes: i32): u32 {
  const end = from + bytes;
  let even = i32x4.splat(0);
  let odd = i32x4.splat(0);
  for (; from + 32 <= end; from += 32) {
    even = i32x4.add(even, i32x4.extadd_pairwise_i16x8_u(v128.load(from)));
    odd = i32x4.add(odd, i32x4.extadd_pairwise_i16x8_u(v128.load(from, 16)));
  }
  const lanes = i32x4.add(even, odd);
  const low = <u64>i32x4.extract_lane(lanes, 0) + <u64>i32x4.extract_lane(lanes, 1);
  const high = <u64>i32x4.extract_lane(lanes, 2) + <u64>i32x4.extract_lane(lanes, 3);
  return fold(low + high + restSum(from, bytes & 31));
}

/** Of at most 31 bytes. */
@inline
function restSum(from: usize, bytes: i32): u64 {
  let sum: u64 = 0;
  for (; bytes >= 4; bytes -= 4, from += 4) sum += load<u32>(from);
  if (bytes & 2) {
    sum += load<u16>(from);
    from += 2;
  }
  return bytes & 1 ? sum + <u64>load<u8>(from) : sum;
}
