// Cold. Runs on: every thread of the explorer.
// A thread that may die, and the one that tells of its death when it has ended, as a worker's 'exit' event would.

import { threadId } from 'node:worker_threads';
import type { Mortal } from '../../../src/memory/sync/thread.js';
import { dieAfter } from './mortal.js';

// Words of the scenario's memory, far from those under test.
const ENDED = 1024; // the mortal thread has
const MORTAL = 1025; // its threadId

export const HERALD_LABELS: Record<number, string> = { [ENDED * 4]: 'ENDED' };

/** The mortal thread's body; called when the thread attaches. */
export function mortal(words: Int32Array, calls: number, body: () => void): () => void {
  words[MORTAL] = threadId;
  return () => {
    dieAfter(calls, body);
    Atomics.store(words, ENDED, 1);
    Atomics.notify(words, ENDED);
  };
}

/** In another thread, once the mortal one has ended, however it did. */
export function tell(words: Int32Array, primitives: readonly Mortal[]): void {
  Atomics.wait(words, ENDED, 0);
  for (const primitive of primitives) primitive.threadDied(words[MORTAL]!);
}
