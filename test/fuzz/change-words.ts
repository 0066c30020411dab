// Cold. Runs on: main.
// Changes to single words and bytes of a capture, mostly to those that say something.

import type { Random } from '../../src/runtime/random.js';
import { type Capture, landmarksOf } from './landmarks.js';

/** Around limits that matter: alignment, block and header sizes, frame and packet sizes, signs. */
const WORDS = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  8,
  10,
  11,
  12,
  13,
  16,
  20,
  24,
  27,
  28,
  31,
  32,
  33,
  36,
  60,
  101,
  113,
  228,
  229,
  239,
  276,
  1514,
  9216,
  9217,
  0xffff,
  0x10000,
  262_144,
  262_145,
  524_288,
  16 * 2 ** 20,
  16 * 2 ** 20 + 4,
  0x7fffffff,
  0x80000000,
  0xfffffff0,
  0xfffffffc,
  0xffffffff,
  0x0a0d0d0a,
  0x1a2b3c4d,
  0x4d3c2b1a,
  0xa1b2c3d4,
  0xa1b23c4d,
  0x00010001,
  0x00090001,
  0x000e0008,
  0x000d0001,
];

export function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A place for a word: mostly one that says something. */
function placeOf(random: Random, bytes: Uint8Array, capture: Capture | null): number {
  const last = Math.max(0, bytes.length - 4);
  if (capture !== null && random.below(8) > 0) return Math.min(oneOf(random, capture.words), last);
  return random.below(last + 1);
}

export function setWord(random: Random, bytes: Uint8Array): Uint8Array {
  const capture = landmarksOf(bytes);
  const changed = new Uint8Array(bytes);
  if (bytes.length < 4) return changed;
  const value = random.below(4) === 0 ? bytes.length + random.below(9) - 4 : oneOf(random, WORDS);
  const at = placeOf(random, bytes, capture);
  const order = (capture?.isLittleEndian ?? true) !== (random.below(16) === 0);
  if (random.below(4) === 0) viewOf(changed).setUint16(at + 2 * random.below(2), value, order);
  else viewOf(changed).setUint32(at, value, order);
  return changed;
}

export function nudgeWord(random: Random, bytes: Uint8Array): Uint8Array {
  const capture = landmarksOf(bytes);
  const changed = new Uint8Array(bytes);
  if (bytes.length < 4) return changed;
  const at = placeOf(random, bytes, capture);
  const order = capture?.isLittleEndian ?? true;
  const by = oneOf(random, [-16, -4, -3, -2, -1, 1, 2, 3, 4, 16]);
  viewOf(changed).setUint32(at, viewOf(changed).getUint32(at, order) + by, order);
  return changed;
}

export function setByte(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes);
  changed[random.below(bytes.length)] = random.below(256);
  return changed;
}

export function flipBit(random: Random, bytes: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes);
  changed[random.below(bytes.length)]! ^= 1 << random.below(8);
  return changed;
}

/** All words that say something, so that most of the capture stays right. */
export function swapByteOrder(_: Random, bytes: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes);
  const data = viewOf(changed);
  const words = new Set(landmarksOf(bytes)?.words ?? []);
  for (const at of words) {
    if (at >= 0 && at + 4 <= bytes.length) data.setUint32(at, data.getUint32(at), true);
  }
  return changed;
}
