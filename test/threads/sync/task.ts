// Cold. Runs on: main and the workers of sync.test.ts.
// What such a worker is told, and where everything lies in the shared memory, in byte addresses.

export interface SyncTask {
  readonly buffer: SharedArrayBuffer;
  readonly role:
    | 'count'
    | 'spin'
    | 'take'
    | 'produce'
    | 'consume'
    | 'victim'
    | 'survivor'
    | 'heir'
    | 'holder'
    | 'passer'
    | 'twice';
  readonly rounds: number;
}

/** Longer than any wait here takes; who waits longer is stuck, and says for what. */
export const PATIENCE_MS = 20_000;

export const MUTEX = 0;
export const SPIN_LOCK = 64;
export const PERMITS = 128;
export const DONE = 192; // a semaphore: something that main waits for has happened
export const FILLED = 256; // conditions
export const EMPTIED = 320;
export const ROUND = 384; // a barrier
export const WORDS = 448; // the rest are words, written with a lock held

const at = WORDS / 4;
export const COUNT = at; // what the locks guard
export const INSIDE = at + 1; // 1: a thread is in the section
export const INHERITED = at + 2; // how often a lock was taken over
export const BROKEN = at + 3; // how often the section was found half way without a word, or whole with one
export const HEAD = at + 16; // a queue of four, guarded by the mutex
export const TAIL = at + 17;
export const SLOTS = at + 18;
export const SIZE = 4;
export const SEEN = at + 32; // per item: how often it was consumed

export const BYTES = 65_536;
