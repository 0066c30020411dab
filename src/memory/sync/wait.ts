// Cold. Runs on: every thread.
// How every primitive here waits: it tries, and what the attempt saw is what it sleeps on. The blocking form and the async
// twin differ only in how they sleep, so that schedules explored with the one hold for the other.

import { sleepWhile, sleepWhileAsync } from '../doorbell.js';

/** @returns null when there is nothing to wait for any more, else the value of the word that only others can change */
export type Attempt = () => number | null;

/**
 * Attempts, and sleeps on `words[at]` between attempts. Whoever is woken attempts once more, also when its time is over: only a
 * sleeper that nobody has woken gives up, so no wake-up is lost with it.
 * @returns false when `timeoutMs` passed first
 */
export function waitFor(words: Int32Array, at: number, attempt: Attempt, timeoutMs: number): boolean {
  const deadline = deadlineOf(timeoutMs);
  for (;;) {
    const seen = attempt();
    if (seen === null) return true;
    if (!sleepWhile(words, at, seen, deadline - performance.now())) return false;
  }
}

/** The same for a thread that must not block. */
export async function waitForAsync(
  words: Int32Array,
  at: number,
  attempt: Attempt,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = deadlineOf(timeoutMs);
  for (;;) {
    const seen = attempt();
    if (seen === null) return true;
    if (!(await sleepWhileAsync(words, at, seen, deadline - performance.now()))) return false;
  }
}

/** @returns on performance.now()'s clock @throws RangeError for what is no duration */
export function deadlineOf(timeoutMs: number): number {
  assertDuration(timeoutMs);
  return performance.now() + timeoutMs;
}

/** For who changes something before it waits: what is refused must leave nothing behind. @throws RangeError */
export function assertDuration(timeoutMs: number): void {
  if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs=${timeoutMs}: must be ≥ 0, or Infinity`);
}
