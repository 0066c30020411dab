// Cold. Runs on: every thread, at start.
// A barrier for a fixed number of parties, reusable.
//
//   0  ARRIVED     parties that have come in this round            Atomics.add
//   1  ROUND       rounds completed; what the waiting watch         last party of a round
//
// never   look at ROUND after arriving     the last party may have ended the round in between

import { setTimeout as delay } from 'node:timers/promises';
import { wakeAll } from '../doorbell.js';
import { CACHE_LINE_BYTES } from '../layout.js';
import { wordsAt } from '../views.js';
import { SyncTimeoutError } from './errors.js';
import { refuseOnMain } from './thread.js';
import { assertDuration, deadlineOf, waitFor } from './wait.js';

const ARRIVED = 0;
const ROUND = 1;

export class Barrier {
  static readonly BYTES = CACHE_LINE_BYTES;
  private readonly words: Int32Array;
  private readonly parties: number;

  /**
   * @param byteOffset of BYTES zeroed bytes; a multiple of 4, better of 64
   * @param parties how many threads meet here, ≥ 1; all give the same number
   */
  constructor(buffer: ArrayBufferLike, byteOffset: number, parties: number) {
    if (!Number.isInteger(parties) || parties < 1) throw new RangeError(`parties=${parties}: must be an integer ≥ 1`);
    this.words = wordsAt('barrier', buffer, byteOffset, Barrier.BYTES);
    this.parties = parties;
  }

  /**
   * Blocks until all parties have arrived.
   * @throws SyncTimeoutError after `timeoutMs`, with the number of those who came; the barrier is of no use afterwards
   */
  wait(timeoutMs: number): void {
    refuseOnMain('Barrier.wait', 'waitAsync');
    assertDuration(timeoutMs);
    const round = this.arrive();
    const attempt = () => (this.round() === round ? round : null);
    if (!waitFor(this.words, ROUND, attempt, timeoutMs)) throw this.timeout(timeoutMs);
  }

  /**
   * The same for the main thread. `abandoned` is asked every millisecond: true ends the wait without the others.
   * @returns true when the round ended: all came, or breakUp() let them go; false when it was abandoned before that
   */
  async waitAsync(timeoutMs: number, abandoned: () => boolean = () => false): Promise<boolean> {
    const deadline = deadlineOf(timeoutMs);
    const round = this.arrive();
    while (this.round() === round) {
      if (abandoned()) return this.round() !== round; // The others may have met since the look above, and then died.
      if (performance.now() >= deadline) throw this.timeout(timeoutMs);
      await delay(1);
    }
    return true;
  }

  /** Lets every waiting party go although not all have come: a party has died, or all is ending. */
  breakUp(): void {
    Atomics.add(this.words, ROUND, 1);
    wakeAll(this.words, ROUND);
  }

  /** @returns the round that the caller now waits to end */
  private arrive(): number {
    const round = this.round();
    const arrived = Atomics.add(this.words, ARRIVED, 1) + 1;
    if (arrived === this.parties) {
      Atomics.store(this.words, ARRIVED, 0);
      this.breakUp(); // Pairs with the load of ROUND in wait().
    }
    return round;
  }

  private round(): number {
    return Atomics.load(this.words, ROUND);
  }

  private timeout(timeoutMs: number): SyncTimeoutError {
    const arrived = Atomics.load(this.words, ARRIVED);
    return new SyncTimeoutError(`barrier: ${arrived} of ${this.parties} parties came within ${timeoutMs} ms`);
  }
}
