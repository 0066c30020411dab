// Cold. Runs on: main.
// Changes to whole packets and blocks of a capture.

import type { Random } from '../../src/runtime/random.js';
import { oneOf, viewOf } from './change-words.js';
import { landmarksOf } from './landmarks.js';

const SECTION = 0x0a0d0d0a;
const PART_BYTES_MIN = 16;
const TRAILER_BYTES = 4;

/** From the beginning of one part to that of a later one. */
function rangeOf(random: Random, bytes: Uint8Array): [from: number, to: number] {
  const parts = landmarksOf(bytes)?.parts ?? [];
  if (parts.length < 2) {
    const from = random.below(bytes.length);
    return [from, from + random.below(Math.min(64, bytes.length - from) + 1)];
  }
  const first = random.below(parts.length - 1);
  const last = first + 1 + random.below(Math.min(3, parts.length - 1 - first));
  return [Math.min(parts[first]!, bytes.length), Math.min(parts[last]!, bytes.length)];
}

export function repeatPart(random: Random, bytes: Uint8Array): Uint8Array {
  const [from, to] = rangeOf(random, bytes);
  const times = oneOf(random, [1, 1, 2, 4, 40]);
  const part = bytes.subarray(from, to);
  return Buffer.concat([bytes.subarray(0, to), ...Array<Uint8Array>(times).fill(part), bytes.subarray(to)]);
}

export function dropPart(random: Random, bytes: Uint8Array): Uint8Array {
  const [from, to] = rangeOf(random, bytes);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

export function swapParts(random: Random, bytes: Uint8Array): Uint8Array {
  const [a, b] = [rangeOf(random, bytes), rangeOf(random, bytes)].sort((one, other) => one[0] - other[0]);
  if (a![1] > b![0]) return new Uint8Array(bytes);
  const part = ([from, to]: [number, number]) => bytes.subarray(from, to);
  return Buffer.concat([part([0, a![0]]), part(b!), part([a![1], b![0]]), part(a!), bytes.subarray(b![1])]);
}

/** A packet or a block gets longer or shorter, and says so: the whole stays right, or breaks one rule only. */
export function resizePart(random: Random, bytes: Uint8Array): Uint8Array {
  const capture = landmarksOf(bytes);
  if (capture === null || capture.parts.length < 2) return insert(random, bytes);
  const part = random.below(capture.parts.length - 1);
  const [from, to] = [capture.parts[part]!, Math.min(capture.parts[part + 1]!, bytes.length)];
  const by = oneOf(random, [-16, -8, -4, -3, -2, -1, 1, 2, 3, 4, 8, 100]);
  const isBlock = viewOf(bytes).getUint32(0) === SECTION;
  const end = Math.max(from + PART_BYTES_MIN, (isBlock ? to - TRAILER_BYTES : to) + by);
  const body = new Uint8Array(end - from);
  body.set(bytes.subarray(from, Math.min(end, to)));
  const whole = Buffer.concat([bytes.subarray(0, from), body, bytes.subarray(isBlock ? to - TRAILER_BYTES : to)]);
  const [first, length] = isBlock ? [from + 4, body.length + TRAILER_BYTES] : [from + 8, body.length - 16];
  const set = (at: number) => at + 4 <= whole.length && viewOf(whole).setUint32(at, length, capture.isLittleEndian);
  set(first);
  if (isBlock) set(end);
  return whole;
}

/** The beginning of one capture and the end of another. */
export function splice(random: Random, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const other = oneOf(random, corpus);
  if (other.length === 0) return new Uint8Array(bytes);
  return Buffer.concat([bytes.subarray(0, rangeOf(random, bytes)[0]), other.subarray(rangeOf(random, other)[0])]);
}

export function insert(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const more = Uint8Array.from({ length: oneOf(random, [1, 2, 4, 4, 8, 12, 16]) }, () =>
    oneOf(random, [0, 1, 9, 255, random.below(256)]),
  );
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
}
