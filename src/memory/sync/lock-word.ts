// Cold. Runs on: every thread.
// One word is a lock, after Drepper's third mutex ("Futexes Are Tricky") with the owner in it, as in Linux's robust futexes.
//
//   bits 0–28   OWNER        who holds it (thread.ts); 0: it is free; all ones: NOT_RECOVERABLE
//   bit 29      OWNER_DIED   an owner died holding it, and nobody has said consistent() since
//   bit 30      WAITERS      somebody sleeps on it or is about to: unlocking wakes one
//
// who        from → to                            why
// locker     free → me                            nobody slept, as far as it knows
// locker     free, OWNER_DIED → me, OWNER_DIED    take-over: it is told
// locker     held → held, WAITERS                 then, and only then, it sleeps, on exactly this value
// woken      free → me, WAITERS                   it knows only that itself has slept: others may still
// owner      me → free                            unlock; wakes one if WAITERS was set
// owner      me, OWNER_DIED → me                  consistent()
// owner      me, OWNER_DIED → NOT_RECOVERABLE     unlock without it; wakes all
// anybody    dead → free, OWNER_DIED              threadDied(); wakes all, whoever the owner is
// never      sleep on a value without WAITERS     nobody would wake the sleeper
// never      give up when woken, unless WAITERS   the wake-up may be all that the other sleepers had
//            is set again
// never      NOT_RECOVERABLE → anything           what it guards is broken, and nobody has repaired it

import { wake, wakeAll } from '../doorbell.js';
import { CACHE_LINE_BYTES } from '../layout.js';
import { pause } from '../pause.js';
import { wordsAt } from '../views.js';
import { NotRecoverableError, SyncTimeoutError } from './errors.js';
import { ME, NOBODY, nameOf, threadIdOf, wordOf } from './thread.js';
import { assertDuration, waitFor, waitForAsync } from './wait.js';

const OWNER = 0x1fff_ffff;
const OWNER_DIED = 1 << 29;
const WAITERS = 1 << 30;
const FREE = 0;
const NOT_RECOVERABLE = OWNER;
const LOCK = 0; // where the word is in `words`
/** A cache line: who spins on the word is not disturbed by its neighbours. */
export const LOCK_BYTES = CACHE_LINE_BYTES;

/** The rules above. Whoever is given a lock by it calls release() once, in the same thread. */
export class LockWord {
  /** For messages. */
  readonly kind: string;
  private readonly words: Int32Array;
  private readonly spins: number;

  /** @param spins how often a blocking locker looks before it sleeps */
  constructor(kind: string, buffer: ArrayBufferLike, byteOffset: number, spins: number) {
    this.kind = kind;
    this.words = wordsAt(kind, buffer, byteOffset, LOCK_BYTES);
    this.spins = spins;
  }

  /** @throws SyncTimeoutError · NotRecoverableError · Error when this thread holds it, which it would wait for itself */
  take(timeoutMs: number): void {
    if (this.owner() === ME) throw new Error(`${this.kind}: this thread holds it already, and would wait for itself`);
    assertDuration(timeoutMs);
    if (this.spin()) return;
    if (!waitFor(this.words, LOCK, this.attempt(), timeoutMs)) throw this.timeout(timeoutMs);
  }

  /** Another task of this thread may hold it, and let go while this one waits. @throws SyncTimeoutError · NotRecoverableError */
  async takeAsync(timeoutMs: number): Promise<void> {
    if (!(await waitForAsync(this.words, LOCK, this.attempt(), timeoutMs))) throw this.timeout(timeoutMs);
  }

  /** @returns false when somebody holds it @throws NotRecoverableError */
  tryTake(): boolean {
    const word = this.load();
    if ((word & OWNER) !== NOBODY) return false;
    return Atomics.compareExchange(this.words, LOCK, word, word | ME) === word;
  }

  /** @throws Error when this thread does not hold it */
  release(): void {
    const word = this.load();
    if ((word & OWNER) !== ME)
      throw new Error(`${this.kind}: unlocked by ${nameOf(ME)}, held by ${nameOf(word & OWNER)}`);
    const next = (word & OWNER_DIED) === 0 ? FREE : NOT_RECOVERABLE;
    // Pairs with the load in attempt(). Until here, others could only add WAITERS.
    const last = Atomics.exchange(this.words, LOCK, next);
    if (next === NOT_RECOVERABLE) wakeAll(this.words, LOCK);
    else if ((last & WAITERS) !== 0) wake(this.words, LOCK, 1);
  }

  /** For the owner: an earlier one died, and what the lock guards may be half done. */
  isInconsistent(): boolean {
    return (Atomics.load(this.words, LOCK) & OWNER_DIED) !== 0;
  }

  /** For the owner: what the lock guards is whole again. */
  consistent(): void {
    Atomics.and(this.words, LOCK, ~OWNER_DIED);
  }

  threadDied(threadId: number): void {
    const dead = wordOf(threadId);
    for (let word = Atomics.load(this.words, LOCK); (word & OWNER) === dead; word = Atomics.load(this.words, LOCK)) {
      Atomics.compareExchange(this.words, LOCK, word, OWNER_DIED);
    }
    wakeAll(this.words, LOCK);
  }

  /** The thread that holds it, as a word. */
  owner(): number {
    const owner = Atomics.load(this.words, LOCK) & OWNER;
    return owner === NOT_RECOVERABLE ? NOBODY : owner;
  }

  /** One waiter's attempts: from the second on, it has slept. */
  private attempt(): () => number | null {
    let slept = false;
    return () => {
      for (;;) {
        const word = this.load();
        const isFree = (word & OWNER) === NOBODY;
        const next = isFree ? word | ME | (slept ? WAITERS : 0) : word | WAITERS;
        if (next !== word && Atomics.compareExchange(this.words, LOCK, word, next) !== word) continue;
        if (isFree) return null;
        slept = true;
        return next;
      }
    };
  }

  /** Test and test-and-set: only a look that found it free writes. */
  private spin(): boolean {
    for (let looks = 0; looks < this.spins; looks += 1) {
      if (this.tryTake()) return true;
      pause();
    }
    return false;
  }

  private load(): number {
    const word = Atomics.load(this.words, LOCK);
    if (word !== NOT_RECOVERABLE) return word;
    throw new NotRecoverableError(
      `${this.kind}: its owner died, and who took it over unlocked it without consistent()`,
    );
  }

  private timeout(timeoutMs: number): SyncTimeoutError {
    const owner = this.owner();
    const holder = owner === NOBODY ? null : threadIdOf(owner);
    return new SyncTimeoutError(`${this.kind}: not to be had within ${timeoutMs} ms: held by ${nameOf(owner)}`, holder);
  }
}
