// Cold. Runs on: every thread.
// POSIX's counting semaphore. Whoever posts need not be who waited, so permits have no owner.
//
//   0  COUNT   permits free; what the waiting watch     post: + n · wait: − 1, only from a positive count
//   1  LAST    who took the last one, for messages      whoever takes
//
// who      COUNT                why
// wait     n → n − 1, n > 0     never below 0: a waiter sleeps on 0 and on nothing else
// post     n → n + m            then wakes m, whatever n was: with n > 0 another waiter may be woken and not yet here
// never    wake only on 0 → 1   two waiters and two quick posts: the second would sleep on

import { wake, wakeAll } from '../doorbell.js';
import { CACHE_LINE_BYTES } from '../layout.js';
import { wordsAt } from '../views.js';
import { SyncTimeoutError } from './errors.js';
import { ME, type Mortal, nameOf, refuseOnMain } from './thread.js';
import { waitFor, waitForAsync } from './wait.js';

const COUNT = 0;
const LAST = 1;
const COUNT_MAX = 2 ** 31 - 1;

export class Semaphore implements Mortal {
  static readonly BYTES = CACHE_LINE_BYTES;
  private readonly words: Int32Array;

  /** @param byteOffset of BYTES zeroed bytes; a multiple of 4, better of 64. It begins with no permit: post() those it shall have. */
  constructor(buffer: ArrayBufferLike, byteOffset: number) {
    this.words = wordsAt('semaphore', buffer, byteOffset, Semaphore.BYTES);
  }

  /**
   * Blocks until there is a permit, and takes it.
   * @param timeoutMs ≥ 0 or Infinity
   * @throws SyncTimeoutError after `timeoutMs`, with the one who took the last permit · Error on main
   */
  wait(timeoutMs: number): void {
    refuseOnMain('Semaphore.wait', 'waitAsync');
    if (!waitFor(this.words, COUNT, this.attempt, timeoutMs)) throw this.timeout(timeoutMs);
  }

  /** The same for main. */
  async waitAsync(timeoutMs: number): Promise<void> {
    if (!(await waitForAsync(this.words, COUNT, this.attempt, timeoutMs))) throw this.timeout(timeoutMs);
  }

  /** @returns false when there is no permit */
  tryWait(): boolean {
    return this.attempt() === null;
  }

  /**
   * Gives `permits`, and wakes as many of those who wait.
   * @throws RangeError when `permits` is no integer ≥ 1, or the count would pass 2^31 − 1 (POSIX's EOVERFLOW)
   */
  post(permits = 1): void {
    if (!Number.isInteger(permits) || permits < 1) throw new RangeError(`permits=${permits}: must be an integer ≥ 1`);
    for (let count = this.count(); ; count = this.count()) {
      if (count + permits > COUNT_MAX) throw new RangeError(`permits=${permits}: the count, ${count}, would overflow`);
      // Pairs with the load in attempt(), and with the look at the word in sleepWhile().
      if (Atomics.compareExchange(this.words, COUNT, count, count + permits) === count) break;
    }
    wake(this.words, COUNT, permits);
  }

  /** Permits free just now. */
  count(): number {
    return Atomics.load(this.words, COUNT);
  }

  /** Wakes those who wait. A permit that the dead thread had taken is not given back: only its user knows whether it should be. */
  threadDied(_threadId: number): void {
    wakeAll(this.words, COUNT);
  }

  private readonly attempt = (): number | null => {
    for (;;) {
      const count = this.count();
      if (count === 0) return count;
      if (Atomics.compareExchange(this.words, COUNT, count, count - 1) !== count) continue;
      Atomics.store(this.words, LAST, ME);
      return null;
    }
  };

  private timeout(timeoutMs: number): SyncTimeoutError {
    const last = nameOf(Atomics.load(this.words, LAST));
    return new SyncTimeoutError(
      `semaphore: no permit within ${timeoutMs} ms: count ${this.count()}, the last was taken by ${last}`,
    );
  }
}
