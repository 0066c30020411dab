// Cold. Runs on: main.
// One change to a capture, chosen by a random generator: of lengths, types and options, of whole packets and blocks, of
// two captures spliced, of anything.

import { gunzipSync, gzipSync } from 'node:zlib';
import type { Random } from '../../src/runtime/random.js';
import { dropPart, insert, repeatPart, resizePart, splice, swapParts } from './change-parts.js';
import { flipBit, nudgeWord, oneOf, setByte, setWord, swapByteOrder } from './change-words.js';

const INPUT_BYTES_MAX = 40_000;
const GZIP_LEVEL = 1;

// A Buffer's slice() is no copy: what is written to is copied by its constructor.
type Change = (random: Random, bytes: Uint8Array, corpus: readonly Uint8Array[]) => Uint8Array;

const CHANGES: readonly Change[] = [
  setWord,
  setWord,
  setWord,
  nudgeWord,
  nudgeWord,
  setByte,
  flipBit,
  cut,
  repeatPart,
  dropPart,
  swapParts,
  resizePart,
  resizePart,
  splice,
  swapByteOrder,
  insert,
  pack,
];

/** @returns a new capture; small enough that a run of many stays quick */
export function mutateCapture(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes = oneOf(random, corpus);
  for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = changeOnce(random, bytes, corpus);
  return bytes;
}

export function changeOnce(random: Random, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  if (bytes.length === 0) return oneOf(random, corpus);
  const inner = random.below(4) > 0 ? unpacked(bytes) : null;
  if (inner !== null) return gzipSync(changeOnce(random, inner, corpus), { level: GZIP_LEVEL });
  return oneOf(random, CHANGES)(random, bytes, corpus).subarray(0, INPUT_BYTES_MAX);
}

/** What a gzip file holds; null when it is none, or a broken one. */
function unpacked(bytes: Uint8Array): Uint8Array | null {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return null;
  try {
    return gunzipSync(bytes, { maxOutputLength: 10 * INPUT_BYTES_MAX });
  } catch {
    return null;
  }
}

function cut(random: Random, bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

/** gzip, sometimes twice, sometimes as two members. */
function pack(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const zip = (part: Uint8Array) => gzipSync(part, { level: GZIP_LEVEL });
  return random.below(3) === 0 ? Buffer.concat([zip(bytes.subarray(0, at)), zip(bytes.subarray(at))]) : zip(bytes);
}
