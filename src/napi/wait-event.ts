// Hot. Runs on: every thread.
// What one thread brings and others wait for, and who of them sleeps (a wait queue, include/linux/wait.h).
//
// An event's words, in anybody's shared memory:                                      written by
//   0       COUNT      what has come so far; wraps                                   its producers
//   1       NAPI_ID    of the instance that brought the last of it, or 0             a producer, before COUNT
//   2       MACHINE    whose threads sleep                                           a waiter, before its bits
//   3       SLEEPING   bit i: word SLEEPERS + i has bits                             waiters set bits, who signals takes all
//   4 … 15  SLEEPERS   a bit for each bell (memory/bells.ts) that is to be rung      likewise
//
// who       what                                            why
// waiter    arms: its bit, then that of SLEEPING            when it has said that it sleeps, and before its last look at COUNT
// producer  COUNT, then SLEEPING: takes the bits, rings     either it finds the bit, or the waiter's last look finds COUNT
// A producer that ends between the two rings nobody: main wakes all CPUs, when it is told of that (cpu-remains.ts, attachments.ts)
// A waiter that has left by its time-out, or ended, leaves its bit: it is rung once for nothing, or is not there.
// never     a bit taken by a thread that cannot ring         the others' signals would find nobody
// never     a bit cleared by its waiter                      another wait of the same thread may sleep by it

import { type Bell, canRing, ringBell } from '../memory/bells.js';
import { CACHE_LINE_BYTES } from '../memory/layout.js';
import { wordsAt } from '../memory/views.js';

const COUNT = 0;
const NAPI_ID = 1;
const MACHINE = 2;
const SLEEPING = 3;
const SLEEPERS = 4;
const BITS = 32;
/** A cache line of its own. */
export const EVENT_BYTES = CACHE_LINE_BYTES;

/** What one can wait for, as one waiter sees it: what it has taken is no news to it any more. */
export interface Waitable {
  /** Something has come since the last take(). */
  isReady(): boolean;
  /** Takes what has come. @returns the id of the NAPI instance that brought the last of it; 0: of none that is known */
  take(): number;
}

/**
 * Something that one thread brings and another waits for: a socket's readiness, in 64 zeroed bytes of a SharedArrayBuffer. Each
 * thread attaches its own object to them. Any number of waiters, each of which sees all that comes, in one machine at a time.
 */
export class WaitEvent implements Waitable {
  /** Room that one takes. */
  static readonly BYTES = EVENT_BYTES;
  private readonly words: Int32Array;
  private seen: number;

  /**
   * Nothing has come yet, from this waiter's point of view.
   * @param byteOffset a multiple of 4; of 64, so that events do not share a cache line
   * @throws TypeError · RangeError when there is no such place in `buffer`
   */
  constructor(buffer: ArrayBufferLike, byteOffset = 0) {
    this.words = wordsAt('WaitEvent', buffer, byteOffset, EVENT_BYTES);
    this.seen = Atomics.load(this.words, COUNT);
  }

  /**
   * The producer's side, when what came is where the waiter will look: it came by way of instance `napiId`, which a waiter
   * then busy-polls (sk_mark_napi_id); 0: of none. A sink has it as `burst.napiId`. Wakes who sleeps until it: from any thread of the
   * machine, from main, from attached threads. Of several producers the last one's instance is known.
   */
  signal(napiId: number): void {
    Atomics.store(this.words, NAPI_ID, napiId);
    Atomics.add(this.words, COUNT, 1); // Pairs with the loads in isReady() and take().
    // Behind COUNT: pairs with the or in arm(), and the look at isReady() behind that.
    if (Atomics.load(this.words, SLEEPING) !== 0) this.wakeSleepers();
  }

  isReady(): boolean {
    return Atomics.load(this.words, COUNT) !== this.seen;
  }

  /** What comes from here on is news again: look at what came after this, not before. */
  take(): number {
    this.seen = Atomics.load(this.words, COUNT);
    return Atomics.load(this.words, NAPI_ID);
  }

  /** @internal Who signals from here on rings this bell, once. Whoever sleeps by it has announced that, and looks at isReady() after this. */
  arm({ machine, number }: Bell): void {
    const index = Math.floor(number / BITS);
    Atomics.store(this.words, MACHINE, machine);
    Atomics.or(this.words, SLEEPERS + index, 1 << (number % BITS));
    Atomics.or(this.words, SLEEPING, 1 << index); // Behind the bit, which wakeSleepers() is to find.
  }

  private wakeSleepers(): void {
    const { words } = this;
    const machine = Atomics.load(words, MACHINE);
    if (!canRing(machine)) return;
    for (let some = Atomics.exchange(words, SLEEPING, 0); some !== 0; some &= some - 1) {
      const index = lowest(some);
      for (let bits = Atomics.exchange(words, SLEEPERS + index, 0); bits !== 0; bits &= bits - 1) {
        ringBell(machine, index * BITS + lowest(bits));
      }
    }
  }
}

/** Number of the lowest bit that is set. */
function lowest(bits: number): number {
  return BITS - 1 - Math.clz32(bits & -bits);
}
