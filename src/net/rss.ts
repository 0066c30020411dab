// Cold. Runs on: main.
// Receive side scaling: the Toeplitz hash by its definition, and the tables by which burst functions compute it.

import { RSS_INDIRECTION, RSS_INDIRECTION_ENTRIES, RSS_INPUT_BYTES } from '../bursts/layout.js';
import { WORD_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';

/** Microsoft's verification key, for which hashes are published; hyperv and hns3 use it as it is. */
export const RSS_KEY: Uint8Array = Uint8Array.from(
  Buffer.from('6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa', 'hex'),
);

/** The input's last bit is hashed with 32 bits of the key, so the key is longer than the input by this. */
const KEY_BEYOND_INPUT = 4;

/**
 * The XOR, over every set bit i of the input (most significant first), of key bits i … i+31.
 * @returns an unsigned 32-bit number
 */
export function toeplitz(key: Uint8Array, input: Uint8Array): number {
  if (key.length < input.length + KEY_BEYOND_INPUT) {
    throw new RangeError(
      `key.length=${key.length}: ${input.length} input bytes need ${input.length + KEY_BEYOND_INPUT}`,
    );
  }
  let hash = 0;
  for (let bit = 0; bit < input.length * 8; bit++) {
    if (bitAt(input, bit) === 1) hash ^= keyWord(key, bit);
  }
  return hash >>> 0;
}

function bitAt(bytes: Uint8Array, bit: number): number {
  return (bytes[bit >> 3]! >> (7 - (bit & 7))) & 1;
}

/** Bits `bit` … `bit`+31 of the key. */
function keyWord(key: Uint8Array, bit: number): number {
  let word = 0;
  for (let i = 0; i < 32; i++) word = (word << 1) | bitAt(key, bit + i);
  return word;
}

/**
 * Fills the RSS table area: table k holds what each value of input byte k adds to the hash (the hash of an input is the
 * XOR of its bytes' hashes); then the indirection table in the kernel's default order, entry i = i % queues.
 */
export function writeRssTables(views: Views, address: number, key: Uint8Array, queues: number): void {
  for (let k = 0; k < RSS_INPUT_BYTES; k++) writeByteTable(views, address / WORD_BYTES + k * 256, key, k);
  const indirection = (address + RSS_INDIRECTION) / WORD_BYTES;
  for (let i = 0; i < RSS_INDIRECTION_ENTRIES; i++) views.words[indirection + i] = i % queues;
}

function writeByteTable(views: Views, first: number, key: Uint8Array, k: number): void {
  const input = new Uint8Array(k + 1);
  for (let value = 0; value < 256; value++) {
    input[k] = value;
    views.words[first + value] = toeplitz(key, input);
  }
}
