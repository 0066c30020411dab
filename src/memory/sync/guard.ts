// Cold. Runs on: every thread.
// A lock that is held, as an object: who has it may unlock, and nobody else can.

import type { LockWord } from './lock-word.js';
import { refuseOnMain } from './thread.js';

/**
 * What `lock()` returns, for `using` or for `try … finally { guard.unlock(); }`. It stays in its thread; like C++'s unique_lock, it can
 * be locked again after it was unlocked.
 */
export class Guard {
  private readonly word: LockWord;
  private isHeld = false;
  private isInconsistent = false;

  /** @internal By Mutex and SpinLock; unlocked at first. */
  constructor(word: LockWord) {
    this.word = word;
  }

  get held(): boolean {
    return this.isHeld;
  }

  /**
   * True when an owner died with the lock held and nobody has repaired what it guards: repair it, then call consistent(). pthread's
   * EOWNERDEAD.
   */
  get ownerDied(): boolean {
    return this.isInconsistent;
  }

  /** What the lock guards is whole again, whatever the dead owner left. Unlocking without it makes the lock unusable for all. */
  consistent(): void {
    this.assertHeld();
    this.word.consistent();
    this.isInconsistent = false;
  }

  /**
   * Wakes one of those who wait.
   * @throws Error when the guard does not hold the lock
   */
  unlock(): void {
    this.assertHeld();
    this.isHeld = false;
    this.isInconsistent = false;
    this.word.release();
  }

  /** Again, after unlock(); in a worker. @throws what the lock's `lock` throws */
  lock(timeoutMs: number): void {
    refuseOnMain('Guard.lock', 'lockAsync');
    this.assertNotHeld();
    this.word.take(timeoutMs);
    this.taken();
  }

  /** The same for main. */
  async lockAsync(timeoutMs: number): Promise<void> {
    this.assertNotHeld();
    await this.word.takeAsync(timeoutMs);
    this.taken();
  }

  /** @returns false when somebody else holds the lock @throws NotRecoverableError */
  tryLock(): boolean {
    this.assertNotHeld();
    if (!this.word.tryTake()) return false;
    this.taken();
    return true;
  }

  /** For `using`: unlocks what is still locked. */
  [Symbol.dispose](): void {
    if (this.isHeld) this.unlock();
  }

  private taken(): void {
    this.isHeld = true;
    this.isInconsistent = this.word.isInconsistent();
  }

  private assertHeld(): void {
    if (!this.isHeld) throw new Error(`${this.word.kind}: this guard does not hold it`);
  }

  private assertNotHeld(): void {
    if (this.isHeld) throw new Error(`${this.word.kind}: this guard holds it already`);
  }
}
