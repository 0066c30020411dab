// Cold. Runs on: every thread.
// The two locks. They differ in what a locker does that finds the lock held; the word and its rules are the same (lock-word.ts).

import { Guard } from './guard.js';
import { LOCK_BYTES, LockWord } from './lock-word.js';
import { type Mortal, NOBODY, refuseOnMain, threadIdOf } from './thread.js';

abstract class Lock implements Mortal {
  private readonly name: string;
  private readonly word: LockWord;

  protected constructor(name: string, word: LockWord) {
    this.name = name;
    this.word = word;
  }

  /**
   * Blocks until the lock is this thread's.
   * @param timeoutMs ≥ 0 or Infinity
   * @throws SyncTimeoutError after `timeoutMs`, with the one who holds it · NotRecoverableError · Error when this thread holds it
   *   already, or is main
   */
  lock(timeoutMs: number): Guard {
    refuseOnMain(`${this.name}.lock`, 'lockAsync');
    const guard = new Guard(this.word);
    guard.lock(timeoutMs);
    return guard;
  }

  /**
   * The same for main, and for any thread that has an event loop to go back to. Two tasks of one thread exclude each other too.
   * Until it settles, the thread must not block: the wake-up may be this one's, and it could not act on it.
   * @throws SyncTimeoutError after `timeoutMs`, with the one who holds it · NotRecoverableError
   */
  async lockAsync(timeoutMs: number): Promise<Guard> {
    const guard = new Guard(this.word);
    await guard.lockAsync(timeoutMs);
    return guard;
  }

  /** @returns null when somebody holds it @throws NotRecoverableError */
  tryLock(): Guard | null {
    const guard = new Guard(this.word);
    return guard.tryLock() ? guard : null;
  }

  /** The `threadId` of the thread that holds it just now; null: nobody. */
  holder(): number | null {
    const owner = this.word.owner();
    return owner === NOBODY ? null : threadIdOf(owner);
  }

  /** If the dead thread held it, the next to lock it takes it over, with `ownerDied` set in its guard. */
  threadDied(threadId: number): void {
    this.word.threadDied(threadId);
  }
}

/** A locker that finds it held sleeps, and costs nothing until it is woken. Who comes meanwhile may be quicker: no order is promised. */
export class Mutex extends Lock {
  static readonly BYTES = LOCK_BYTES;

  /** @param byteOffset of BYTES zeroed bytes; a multiple of 4, better of 64 */
  constructor(buffer: ArrayBufferLike, byteOffset: number) {
    super('Mutex', new LockWord('mutex', buffer, byteOffset, 0));
  }
}

/** About as long as a wake-up takes: 10 µs, or 50 where Atomics.pause slows the looks. */
const SPINS = 1000;

/**
 * A locker that finds it held spins for about as long as a wake-up takes, and then sleeps like a Mutex's: for sections of a few
 * instructions, between threads that have a core each. Its owner may be preempted or dead, so nobody spins without limit.
 */
export class SpinLock extends Lock {
  static readonly BYTES = LOCK_BYTES;

  /**
   * @param byteOffset of BYTES zeroed bytes; a multiple of 4, better of 64
   * @param spins how often to look before sleeping, ≥ 0
   */
  constructor(buffer: ArrayBufferLike, byteOffset: number, spins = SPINS) {
    if (!Number.isInteger(spins) || spins < 0) throw new RangeError(`spins=${spins}: must be an integer ≥ 0`);
    super('SpinLock', new LockWord('spin lock', buffer, byteOffset, spins));
  }
}
