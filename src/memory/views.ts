// Cold. Runs on: every thread, once.
// The one place where typed-array views are made, so that tests can put checking views in their stead.

import { types } from 'node:util';
import { WORD_BYTES } from './layout.js';

export interface Views {
  /** Every word that threads share; index = byte address / 4. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Counters and times; index = byte address / 8. */
  readonly doubles: Float64Array;
}

export type ViewFactory = (buffer: ArrayBufferLike) => Views;

export const viewsOf: ViewFactory = (buffer) => ({
  words: new Int32Array(buffer),
  bytes: new Uint8Array(buffer),
  doubles: new Float64Array(buffer),
});

/**
 * The words of one struct that lies in somebody's shared memory.
 * @param what for messages
 * @throws TypeError, RangeError when there is no such place in `buffer`
 */
export function wordsAt(what: string, buffer: ArrayBufferLike, byteOffset: number, bytes: number): Int32Array {
  if (!types.isSharedArrayBuffer(buffer)) throw new TypeError(`${what}: buffer: must be a SharedArrayBuffer`);
  if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset % WORD_BYTES !== 0) {
    throw new RangeError(`${what}: byteOffset=${byteOffset}: must be a multiple of ${WORD_BYTES}, ≥ 0`);
  }
  if (byteOffset + bytes > buffer.byteLength) {
    const room = `its ${bytes} bytes must lie in the buffer's ${buffer.byteLength}`;
    throw new RangeError(`${what}: byteOffset=${byteOffset}: ${room}`);
  }
  return new Int32Array(buffer, byteOffset, bytes / WORD_BYTES);
}
