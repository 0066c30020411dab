// Cold. Runs on: every thread, at start.
// Initialisation that happens once, whoever comes first.
//
//   0  STATE   NEW · who initialises (thread.ts) · DONE
//
// who            from → to        why
// first comer    NEW → me         by compareExchange: one thread only
// it             me → DONE        initialised
// it             me → NEW         the initialiser threw: the next comer tries
// anybody        dead → NEW       threadDied(): likewise
// never          DONE → anything

import { wakeAll } from '../doorbell.js';
import { CACHE_LINE_BYTES } from '../layout.js';
import { wordsAt } from '../views.js';
import { SyncTimeoutError } from './errors.js';
import { ME, type Mortal, nameOf, refuseOnMain, threadIdOf, wordOf } from './thread.js';
import { waitFor, waitForAsync } from './wait.js';

const STATE = 0;
const NEW = 0;
const DONE = -1;

export class Once implements Mortal {
  static readonly BYTES = CACHE_LINE_BYTES;
  private readonly words: Int32Array;

  /** @param byteOffset of BYTES zeroed bytes; a multiple of 4, better of 64 */
  constructor(buffer: ArrayBufferLike, byteOffset: number) {
    this.words = wordsAt('once', buffer, byteOffset, Once.BYTES);
  }

  /**
   * Runs `initialise` if no thread has yet; blocks while another runs it. When it throws, the next caller tries again.
   * @param initialise synchronous: one that returns a promise is refused, and the next caller tries again
   * @throws whatever `initialise` throws · SyncTimeoutError when the running one takes longer than `timeoutMs` · Error when
   *   `initialise` itself calls this, and would wait for itself
   */
  run(initialise: () => void, timeoutMs: number): void {
    refuseOnMain('Once.run', 'runAsync');
    const comer = this.comer();
    if (!waitFor(this.words, STATE, comer.attempt, timeoutMs)) throw this.timeout(timeoutMs);
    if (comer.leads()) this.lead(initialise);
  }

  /** The same for the main thread. */
  async runAsync(initialise: () => void, timeoutMs: number): Promise<void> {
    const comer = this.comer();
    if (!(await waitForAsync(this.words, STATE, comer.attempt, timeoutMs))) throw this.timeout(timeoutMs);
    if (comer.leads()) this.lead(initialise);
  }

  /** If the dead thread was initialising, the next caller does. */
  threadDied(threadId: number): void {
    Atomics.compareExchange(this.words, STATE, wordOf(threadId), NEW);
    wakeAll(this.words, STATE);
  }

  /** What the last attempt found: NEW means that the caller now is the one who initialises. */
  private comer(): { attempt(): number | null; leads(): boolean } {
    let found = NEW;
    return {
      attempt: () => {
        found = this.enter();
        if (found === ME) throw new Error('once: called by its own initialiser, and would wait for itself');
        return found === NEW || found === DONE ? null : found;
      },
      leads: () => found === NEW,
    };
  }

  private enter(): number {
    return Atomics.compareExchange(this.words, STATE, NEW, ME);
  }

  private lead(initialise: () => void): void {
    let next = NEW;
    try {
      const returned: unknown = initialise();
      if (returned instanceof Promise)
        throw new TypeError('once: initialise returned a promise: it must be synchronous');
      next = DONE;
    } finally {
      Atomics.store(this.words, STATE, next); // Pairs with the look at the word in sleepWhile().
      wakeAll(this.words, STATE);
    }
  }

  private timeout(timeoutMs: number): SyncTimeoutError {
    const who = Atomics.load(this.words, STATE);
    const runs = who > 0;
    const name = runs ? nameOf(who) : 'the thread that initialises';
    return new SyncTimeoutError(`once: ${name} took longer than ${timeoutMs} ms`, runs ? threadIdOf(who) : null);
  }
}
