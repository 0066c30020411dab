// Cold. Runs on: every thread, at start.
// Primitives for the control plane over shared memory; never used on the packet path. Blocking forms are for workers and
// throw on the main thread, which must stay free for its workers' events; it uses the async twins.

import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { waitWhile, wakeAll } from './doorbell.js';
import { CACHE_LINE_BYTES } from './layout.js';
import type { Views } from './views.js';

/** A wait in this file that found its limit passed. */
export class SyncTimeoutError extends Error {
  override readonly name = 'SyncTimeoutError';
}

function refuseOnMain(what: string, twin: string): void {
  if (isMainThread) throw new Error(`${what} would block the main thread; use ${twin}`);
}

// A barrier for a fixed number of parties, reusable.
//   0  ARRIVED     parties that have come in this round            Atomics.add
//   1  ROUND       rounds completed; what the waiting watch         last party of a round
const ARRIVED = 0;
const ROUND = 1;
export const BARRIER_BYTES = CACHE_LINE_BYTES;

export class Barrier {
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly parties: number;

  /** @param parties how many threads meet here, ≥ 1; all give the same number */
  constructor(views: Views, address: number, parties: number) {
    if (!Number.isInteger(parties) || parties < 1) throw new RangeError(`parties=${parties}: must be an integer ≥ 1`);
    this.words = views.words;
    this.base = address / 4;
    this.parties = parties;
  }

  /**
   * Blocks until all parties have arrived.
   * @throws SyncTimeoutError after `timeoutMs`, with the number of those who came
   */
  wait(timeoutMs: number): void {
    refuseOnMain('Barrier.wait', 'waitAsync');
    const round = this.arrive();
    if (!waitWhile(this.words, this.base + ROUND, round, timeoutMs)) throw this.timeout(timeoutMs);
  }

  /** The same for the main thread. `abandoned` is asked while it waits: true ends the wait without the others. */
  async waitAsync(timeoutMs: number, abandoned: () => boolean): Promise<void> {
    const round = this.arrive();
    const deadline = Date.now() + timeoutMs;
    while (this.round() === round && !abandoned()) {
      if (Date.now() >= deadline) throw this.timeout(timeoutMs);
      await delay(1);
    }
  }

  /** Lets every waiting party go although not all have come: the machine is ending. */
  breakUp(): void {
    Atomics.add(this.words, this.base + ROUND, 1);
    wakeAll(this.words, this.base + ROUND);
  }

  /** @returns the round that the caller now waits to end */
  private arrive(): number {
    const round = this.round();
    const arrived = Atomics.add(this.words, this.base + ARRIVED, 1) + 1;
    if (arrived === this.parties) {
      Atomics.store(this.words, this.base + ARRIVED, 0);
      this.breakUp(); // Pairs with the load of ROUND in waitWhile().
    }
    return round;
  }

  private round(): number {
    return Atomics.load(this.words, this.base + ROUND);
  }

  private timeout(timeoutMs: number): SyncTimeoutError {
    const arrived = Atomics.load(this.words, this.base + ARRIVED);
    return new SyncTimeoutError(`barrier: ${arrived} of ${this.parties} parties came within ${timeoutMs} ms`);
  }
}

// Initialisation that happens once, whoever comes first.
//   0  STATE   NEW → RUNNING (one thread, by compareExchange) → DONE; → NEW again when the initialiser threw
const NEW = 0;
const RUNNING = 1;
const DONE = 2;
export const ONCE_BYTES = CACHE_LINE_BYTES;

export class Once {
  private readonly words: Int32Array;
  private readonly at: number;

  constructor(views: Views, address: number) {
    this.words = views.words;
    this.at = address / 4;
  }

  /**
   * Runs `initialise` if no thread has yet; blocks while another runs it. When it throws, the next caller tries again.
   * @throws whatever `initialise` throws · SyncTimeoutError when the running one takes longer than `timeoutMs`
   */
  run(initialise: () => void, timeoutMs: number): void {
    refuseOnMain('Once.run', 'runAsync');
    for (;;) {
      const state = this.enter();
      if (state === DONE) return;
      if (state === NEW) {
        this.lead(initialise);
        return;
      }
      if (!waitWhile(this.words, this.at, RUNNING, timeoutMs)) throw this.timeout(timeoutMs);
    }
  }

  /** The same for the main thread. */
  async runAsync(initialise: () => void, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const state = this.enter();
      if (state === DONE) return;
      if (state === NEW) {
        this.lead(initialise);
        return;
      }
      if (Date.now() >= deadline) throw this.timeout(timeoutMs);
      await delay(1);
    }
  }

  /** @returns what was found; NEW means that the caller now is the one who initialises */
  private enter(): number {
    return Atomics.compareExchange(this.words, this.at, NEW, RUNNING);
  }

  private lead(initialise: () => void): void {
    let next = NEW;
    try {
      initialise();
      next = DONE;
    } finally {
      Atomics.store(this.words, this.at, next); // Pairs with the load in waitWhile().
      wakeAll(this.words, this.at);
    }
  }

  private timeout(timeoutMs: number): SyncTimeoutError {
    return new SyncTimeoutError(`once: the thread that initialises took longer than ${timeoutMs} ms`);
  }
}
