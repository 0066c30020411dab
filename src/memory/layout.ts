// Cold. Runs on: every thread, once.
// Helpers for drawings of shared memory. Addresses are in bytes; "words" are int32.

export const WORD_BYTES = 4;
export const DOUBLE_BYTES = 8;
export const CACHE_LINE_BYTES = 64;
export const CACHE_LINE_WORDS = CACHE_LINE_BYTES / WORD_BYTES;
export const PAGE_BYTES = 65_536; // one WebAssembly page

/** Rounds `value` up to a multiple of `unit`, which is a power of two. */
export function alignUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** The smallest power of two that is at least `value` (1 … 2^30). */
export function powerOfTwoAtLeast(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, value)));
}

export function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value > 0 && Number.isInteger(Math.log2(value));
}
