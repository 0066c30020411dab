// Cold. Runs on: every thread of the explorer.
// A thread that may end at any step, and the one that tells the primitives of it when it has, as a worker's 'exit' event would.

import { threadId } from 'node:worker_threads';
import type { Ends } from '../../../src/explore/scenario.js';
import type { Mortal } from '../../../src/memory/sync/thread.js';

// Words of the scenario's memory, far from those under test.
const ENDED = 1024; // the mortal thread has
const MORTAL = 1025; // its threadId

export const HERALD_LABELS: Record<number, string> = { [ENDED * 4]: 'ENDED' };
/** Of a scenario with a thread `mortal`. */
export const MORTAL_ENDS: Ends = { threads: ['mortal'], word: ENDED * 4 };

/** The mortal thread's body; called when the thread attaches. */
export function mortal(words: Int32Array, body: () => void): () => void {
  words[MORTAL] = threadId;
  return body;
}

/** In another thread, once the mortal one has ended, however it did. */
export function tell(words: Int32Array, primitives: readonly Mortal[]): void {
  Atomics.wait(words, ENDED, 0);
  for (const primitive of primitives) primitive.threadDied(words[MORTAL]!);
}
