// Cold. Runs on: main, to check --size; NIC, before the first packet.
// Frame sizes as RFC 2544 counts them: with the 4 bytes of FCS, which are not stored. Size 64 is 60 bytes in memory.

import { FRAME_BYTES_MAX } from '../../bursts/layout.js';
import type { Random } from '../../runtime/random.js';
import { SEQUENCE_BYTES, sequenceOffset } from './frame-bytes.js';

export const FCS_BYTES = 4;
const FRAME_SIZE_MIN = 64;
export const FRAME_SIZE_MAX = FRAME_BYTES_MAX;

/** What `--ip` may say; 'mixed': even flows are IPv4, odd ones IPv6. */
export type IpVersion = 4 | 6 | 'mixed';

/** 'imix', or sizes that are sent in turn, so that each has an equal share (one that is listed twice has two). */
export type FrameSizes = 'imix' | readonly number[];

// The simple IMIX: 7 : 4 : 1, here as 28 + 16 + 4 = 48 frames; its mean is 353.83 bytes.
const IMIX = [...Array<number>(28).fill(64), ...Array<number>(16).fill(570), ...Array<number>(4).fill(1518)];

/** The smallest size whose frames have room for the sequence field. */
export function minimumFrameSize(ipVersion: IpVersion): number {
  const needed = sequenceOffset(ipVersion === 4 ? 4 : 6) + SEQUENCE_BYTES + FCS_BYTES;
  return Math.max(FRAME_SIZE_MIN, needed);
}

/** Reads `64`, `64,512,1518` or `imix`. */
export function parseFrameSizes(text: string): FrameSizes {
  if (text === 'imix') return 'imix';
  const sizes = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  if (sizes.some((size) => !(size >= FRAME_SIZE_MIN && size <= FRAME_SIZE_MAX))) {
    const right = `a frame size from ${FRAME_SIZE_MIN} to ${FRAME_SIZE_MAX} with FCS`;
    throw new RangeError(`--size ${text}: use ${right}, several with commas between them, or imix`);
  }
  return sizes;
}

/** The distinct sizes, as they first come. */
export function distinctSizes(sizes: FrameSizes): number[] {
  return [...new Set(sizes === 'imix' ? IMIX : sizes)];
}

/** The sizes in sending order: a list as it stands, IMIX shuffled once. */
export function sizePattern(sizes: FrameSizes, random: Random): number[] {
  if (sizes !== 'imix') return [...sizes];
  const pattern = [...IMIX];
  for (let i = pattern.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [pattern[i], pattern[j]] = [pattern[j]!, pattern[i]!];
  }
  return pattern;
}

export function patternLength(sizes: FrameSizes): number {
  return sizes === 'imix' ? IMIX.length : sizes.length;
}
