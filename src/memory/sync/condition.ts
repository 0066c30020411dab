// Cold. Runs on: every thread.
// POSIX's condition variable, for any lock here.
//
//   0  SEQUENCE   notifications so far; what the waiting watch     Atomics.add
//
// A waiter reads SEQUENCE while it holds the lock, unlocks, and sleeps while it is the same: a notification between the two
// changes it, so that there is no moment in which one is lost. Nothing of a waiter is stored, so none that dies leaves anything.
// never   read SEQUENCE after unlocking           a notification in between would be missed
// never   take a notification along               who cannot have its lock back passes it on
// never   notify without changing SEQUENCE       who is about to sleep would sleep on

import { wake, wakeAll } from '../doorbell.js';
import { CACHE_LINE_BYTES } from '../layout.js';
import { wordsAt } from '../views.js';
import { SyncTimeoutError } from './errors.js';
import type { Guard } from './guard.js';
import { type Mortal, refuseOnMain } from './thread.js';
import { type Attempt, assertDuration, waitFor, waitForAsync } from './wait.js';

const SEQUENCE = 0;

/** The least time for which a waiter tries to have its lock back. */
const RELOCK_MS_MIN = 1000;

export class Condition implements Mortal {
  static readonly BYTES = CACHE_LINE_BYTES;
  private readonly words: Int32Array;

  /** @param byteOffset of BYTES zeroed bytes; a multiple of 4, better of 64 */
  constructor(buffer: ArrayBufferLike, byteOffset: number) {
    this.words = wordsAt('condition', buffer, byteOffset, Condition.BYTES);
  }

  /**
   * Unlocks, blocks until notified, and locks again. It may return without a notification meant for this thread (another's, or a
   * thread's death): always in a loop, `while (!ready()) condition.wait(guard, 100)`.
   * @param timeoutMs ≥ 0 or Infinity: for the notification, and then once more, but at least 1 s, for the lock
   * @throws SyncTimeoutError without a notification; the guard holds its lock again · SyncTimeoutError or NotRecoverableError when
   *   the lock cannot be had again; `guard.held` is false · Error when the guard does not hold its lock, or on main
   */
  wait(guard: Guard, timeoutMs: number): void {
    refuseOnMain('Condition.wait', 'waitAsync');
    assertDuration(timeoutMs);
    const attempt = this.leave(guard);
    const notified = waitFor(this.words, SEQUENCE, attempt, timeoutMs);
    try {
      guard.lock(relockMs(timeoutMs));
    } finally {
      if (!guard.held) this.notifyOne(); // It cannot use the notification that it may have had: another may.
    }
    if (!notified) throw timeout(timeoutMs);
  }

  /** The same for main. */
  async waitAsync(guard: Guard, timeoutMs: number): Promise<void> {
    assertDuration(timeoutMs);
    const attempt = this.leave(guard);
    const notified = await waitForAsync(this.words, SEQUENCE, attempt, timeoutMs);
    try {
      await guard.lockAsync(relockMs(timeoutMs));
    } finally {
      if (!guard.held) this.notifyOne(); // As above.
    }
    if (!notified) throw timeout(timeoutMs);
  }

  /** Wakes at least one of those who wait. What they wait for is changed before, with the lock held. */
  notifyOne(): void {
    Atomics.add(this.words, SEQUENCE, 1); // Pairs with the look at the word in sleepWhile().
    wake(this.words, SEQUENCE, 1);
  }

  /** Wakes all who wait. */
  notifyAll(): void {
    Atomics.add(this.words, SEQUENCE, 1); // As above.
    wakeAll(this.words, SEQUENCE);
  }

  /** Wakes all: the dead thread may have been woken, and died before it did anything, while another waits for the same. */
  threadDied(_threadId: number): void {
    this.notifyAll();
  }

  private leave(guard: Guard): Attempt {
    const sequence = Atomics.load(this.words, SEQUENCE);
    guard.unlock();
    return () => (Atomics.load(this.words, SEQUENCE) === sequence ? sequence : null);
  }
}

function relockMs(timeoutMs: number): number {
  return Math.max(timeoutMs, RELOCK_MS_MIN);
}

function timeout(timeoutMs: number): SyncTimeoutError {
  return new SyncTimeoutError(`condition: no notification within ${timeoutMs} ms`);
}
