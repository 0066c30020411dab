// Hot. Runs on: every thread.
// The words by which one thread (a context: a CPU or a NIC) and main know each other.
//
//                                                                     written by
//   0   DOORBELL   a line of its own                                   owner, whoever rings, main (doorbell.ts)
//   16  REQUEST    what main asks for; looked at at delivery points    main
//   32  DONE       the last request that the owner has carried out     owner; main, before there is one
//   33  QUIESCENT  moves once per turn of the loop: alive              owner
//   34  TID        kernel thread id, 0 where there is none             owner, once

import { closeDoorbell, DOORBELL_BYTES, isAsleep, openDoorbell, ringDoorbell } from './doorbell.js';
import { CACHE_LINE_BYTES, CACHE_LINE_WORDS } from './layout.js';
import type { Views } from './views.js';

const REQUEST = DOORBELL_BYTES / 4;
const DONE = REQUEST + CACHE_LINE_WORDS;
const QUIESCENT = DONE + 1;
const TID = QUIESCENT + 1;
export const CONTEXT_BYTES = 3 * CACHE_LINE_BYTES;

/** What main can ask of a thread. Each request includes those before it. */
export const NO_REQUEST = 0;
/** A NIC offers no further frame; a CPU goes on as before. */
export const END_SOURCE = 1;
/** Leave the loop. */
export const STOP = 2;

export class ContextWords {
  private readonly words: Int32Array;
  private readonly base: number;

  constructor(views: Views, address: number) {
    this.words = views.words;
    this.base = address / 4;
  }

  // ── main's side ──
  /** Before a thread has this context: nothing is asked of it, and it is awake. */
  begin(): void {
    Atomics.store(this.words, this.base + REQUEST, NO_REQUEST);
    Atomics.store(this.words, this.base + DONE, NO_REQUEST);
    openDoorbell(this.words, this.base);
  }

  /** No thread has it any more, or an attached one is outside of its calls: to whoever waits for it, it sleeps, and nobody wakes it. */
  end(): void {
    closeDoorbell(this.words, this.base);
  }

  /** Asks, and wakes the thread. Pairs with the load in request(). */
  ask(request: number): void {
    Atomics.store(this.words, this.base + REQUEST, request);
    ringDoorbell(this.words, this.base);
  }

  done(): number {
    return Atomics.load(this.words, this.base + DONE);
  }

  tid(): number {
    return Atomics.load(this.words, this.base + TID);
  }

  quiescent(): number {
    return Atomics.load(this.words, this.base + QUIESCENT);
  }

  /** The owner sleeps or is about to, or there is none: it holds nothing, and looks at everything anew before it works again. */
  asleep(): boolean {
    return isAsleep(this.words, this.base);
  }

  // ── the owner's side ──
  /** An attached thread begins a call, and ends it by end(). @returns false when it may not, since all ends: then it has not begun */
  enter(): boolean {
    openDoorbell(this.words, this.base);
    // Behind it: pairs with ask(STOP), and the look at asleep() behind that. Either we see STOP here, or main sees us.
    if (this.request() !== STOP) return true;
    this.end();
    return false;
  }

  request(): number {
    return Atomics.load(this.words, this.base + REQUEST);
  }

  report(request: number): void {
    Atomics.store(this.words, this.base + DONE, request);
  }

  /** One turn of the loop is over and the thread holds no pointer into retired memory. */
  turn(): void {
    const turns = this.words[this.base + QUIESCENT]!;
    Atomics.store(this.words, this.base + QUIESCENT, (turns + 1) | 0); // Pairs with the load in quiescent().
  }

  writeTid(tid: number): void {
    Atomics.store(this.words, this.base + TID, tid);
  }
}
