// Cold. Runs on: CPU n (the checking sinks), main (what they must find).
// The checksum by which a test knows a packet's bytes: Fletcher's second sum over 32-bit words. It tells a changed word, two
// words that changed places, and a missing end.

import { FRAME_BYTES_MAX } from '../../src/bursts/layout.js';

/** One packet's bytes, ready to be summed. */
export class Packet {
  readonly bytes = new Uint8Array(FRAME_BYTES_MAX + 4);
  private readonly words = new Int32Array(this.bytes.buffer);

  /** The checksum of the first `length` bytes, int32. */
  checksum(length: number): number {
    this.bytes.fill(0, length, (length + 3) & ~3);
    let first = 0;
    let second = 0;
    for (let word = 0; word < length; word += 4) {
      first = (first + this.words[word >> 2]!) | 0;
      second = (second + first) | 0;
    }
    return second;
  }
}

/**
 * What pktgen's sequence field adds to a frame's checksum, compared with sequence number 0. The field starts in the middle
 * of a word, so x's low half stands in the upper half of word k, its high half beside the complement's low half in word
 * k+1, the complement's high half in word k+2. The second sum weighs words n-k, n-k-1, n-k-2; all but this cancels out.
 */
export function sequenceShare(sequence: number): number {
  return (sequence << 16) + (sequence >>> 16);
}
