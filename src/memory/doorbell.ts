// Hot. Runs on: every thread. The only file that calls Atomics.wait and Atomics.notify.
//
// One doorbell per thread, one word on a cache line of its own.
//   who      from → to           why
//   owner    AWAKE → ASLEEP      nothing to do; it re-checks everything after saying so, then waits
//   owner    ASLEEP → AWAKE      the re-check found work, or the wait timed out
//   anybody  ASLEEP → AWAKE      something to do; whoever makes this change, and nobody else, notifies
//   main     any → GONE          the owner's thread has ended
//   main     any → AWAKE         before a thread owns it
//   owner    GONE ↔ AWAKE        an attached thread, which never sleeps here: around each of its calls
//   never    wait without announce(), and a look at every source of work, before it

import { CACHE_LINE_BYTES } from './layout.js';
import type { Views } from './views.js';

export const DOORBELL_BYTES = CACHE_LINE_BYTES;

const AWAKE = 0;
const ASLEEP = 1;
const GONE = 2;

/** Wakes the thread that owns the doorbell at word `at`, if it sleeps or is about to. */
export function ringDoorbell(words: Int32Array, at: number): void {
  // Pairs with the store in announce(): the caller has published its work before, so either we see ASLEEP here or the
  // sleeper's re-check sees the work.
  if (Atomics.load(words, at) !== ASLEEP) return;
  if (Atomics.compareExchange(words, at, ASLEEP, AWAKE) === ASLEEP) Atomics.notify(words, at, 1);
}

/**
 * Main, when a thread has ended anywhere: it may have been about to ring one of them, or between the change of a doorbell and its notify.
 * @param doorbells byte addresses
 */
export function wakeAfterEnd(words: Int32Array, doorbells: readonly number[]): void {
  for (const doorbell of doorbells) {
    ringDoorbell(words, doorbell / 4);
    wake(words, doorbell / 4, 1);
  }
}

/** The owner's side of a doorbell. */
export class Doorbell {
  private readonly words: Int32Array;
  private readonly at: number;

  constructor(views: Views, address: number) {
    this.words = views.words;
    this.at = address / 4;
  }

  /** Says that the owner is about to sleep. Every source of work is looked at after this, and before wait(). */
  announce(): void {
    Atomics.store(this.words, this.at, ASLEEP); // Pairs with the load in ringDoorbell().
  }

  /** Takes announce() back. */
  withdraw(): void {
    Atomics.store(this.words, this.at, AWAKE);
  }

  /** Sleeps until somebody rings, at most `timeoutMs`. Returns at once when somebody rang since announce(). */
  wait(timeoutMs: number): void {
    Atomics.wait(this.words, this.at, ASLEEP, timeoutMs);
    Atomics.store(this.words, this.at, AWAKE);
  }
}

/** True while the owner of the doorbell at word `at` sleeps or is about to, or there is none. */
export function isAsleep(words: Int32Array, at: number): boolean {
  return Atomics.load(words, at) !== AWAKE;
}

/** Main, before a thread owns the doorbell. */
export function openDoorbell(words: Int32Array, at: number): void {
  Atomics.store(words, at, AWAKE);
}

/** Main, when the owner's thread has ended: whoever rings finds nobody. */
export function closeDoorbell(words: Int32Array, at: number): void {
  Atomics.store(words, at, GONE);
}

/** A thread that waits in waitAsync() alone would end: this is how often it does nothing instead, in ms. */
const KEEP_ALIVE_MS = 60_000;

/** Sleeps if `words[at]` is `value`, until woken; perhaps for nothing. @returns false when `timeoutMs` passed first */
export function sleepWhile(words: Int32Array, at: number, value: number, timeoutMs: number): boolean {
  return Atomics.wait(words, at, value, timeoutMs) !== 'timed-out';
}

/** The same for a thread that must not block. It and sleepWhile() stand in one queue for wake(). */
export async function sleepWhileAsync(
  words: Int32Array,
  at: number,
  value: number,
  timeoutMs: number,
): Promise<boolean> {
  const sleep = Atomics.waitAsync(words, at, value, timeoutMs);
  if (!sleep.async) return sleep.value !== 'timed-out';
  const keepAlive = setInterval(() => {}, KEEP_ALIVE_MS);
  try {
    return (await sleep.value) !== 'timed-out';
  } finally {
    clearInterval(keepAlive);
  }
}

/** Wakes the first `count` that sleep on this word. */
export function wake(words: Int32Array, at: number, count: number): void {
  Atomics.notify(words, at, count);
}

/** Wakes every thread that sleeps on this word. */
export function wakeAll(words: Int32Array, at: number): void {
  Atomics.notify(words, at);
}
