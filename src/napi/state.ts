// Hot. Runs on: CPU n; main reads.
// The state of one NAPI instance.
//
//   0   STATE           compareExchange only (below)
//   16  NEXT            next on a poll list, or NO_NAPI          SCHED holder
//   17  IN_HAND_CURSOR  ring cursor of the burst in hand          SCHED holder
//   18  IN_HAND_COUNT   its frames; 0 = nothing in hand           SCHED holder
//
// STATE: bit 0 SCHED, bit 1 MISSED, bits 16 … 27 the holder's context id while SCHED.
// who       from → to               why
// schedule  idle → SCHED            packets arrived; the line is masked; whoever made this change joins the poll list
// schedule  SCHED → SCHED|MISSED    arrived while scheduled: the holder must poll once more
// complete  SCHED → idle            ring drained under budget; then, and only then, unmask
// complete  SCHED|MISSED → SCHED    work came meanwhile: poll again, keep the line masked
// never     idle → MISSED           nobody is polling, so nobody would look again
// Setting SCHED is the acquire of all the words that belong to the SCHED holder, clearing it the release.

import { CACHE_LINE_BYTES, CACHE_LINE_WORDS } from '../memory/layout.js';
import type { Views } from '../memory/views.js';

const STATE = 0;
const NEXT = CACHE_LINE_WORDS;
const IN_HAND_CURSOR = NEXT + 1;
const IN_HAND_COUNT = NEXT + 2;
export const NAPI_BYTES = 2 * CACHE_LINE_BYTES;

const SCHED = 1;
const MISSED = 2;
const HOLDER_SHIFT = 16;
const HOLDER_MASK = 0xfff;

export const NO_NAPI = -1;
export const NO_HOLDER = -1;

export class NapiState {
  private readonly words: Int32Array;
  private readonly base: number;

  constructor(views: Views, address: number) {
    this.words = views.words;
    this.base = address / 4;
  }

  /** Main, before any thread runs: enabled and idle. */
  create(): void {
    this.words[this.base + NEXT] = NO_NAPI;
    Atomics.store(this.words, this.base + STATE, 0);
  }

  /** napi_schedule_prep. @returns true when `context` now holds SCHED and must put the instance on a poll list */
  schedulePrep(context: number): boolean {
    for (;;) {
      const old = Atomics.load(this.words, this.base + STATE);
      const next = (old & SCHED) === 0 ? old | SCHED | (context << HOLDER_SHIFT) : old | MISSED;
      if (next === old) return false;
      if (Atomics.compareExchange(this.words, this.base + STATE, old, next) !== old) continue;
      return (old & SCHED) === 0;
    }
  }

  /**
   * The last step of napi_complete_done. @returns true when SCHED was given up: the caller may touch nothing but the line.
   * False when MISSED was set: SCHED is kept, and the caller schedules once more.
   * @throws Error when SCHED is not set (the kernel's WARN): whoever completes must hold it
   */
  complete(): boolean {
    for (;;) {
      const old = Atomics.load(this.words, this.base + STATE);
      if ((old & SCHED) === 0) throw notScheduled();
      const missed = (old & MISSED) !== 0;
      const next = missed ? old & ~MISSED : old & ~(SCHED | (HOLDER_MASK << HOLDER_SHIFT));
      if (Atomics.compareExchange(this.words, this.base + STATE, old, next) === old) return !missed;
    }
  }

  /** The context that holds SCHED, or NO_HOLDER. */
  holder(): number {
    const state = Atomics.load(this.words, this.base + STATE);
    return (state & SCHED) === 0 ? NO_HOLDER : (state >> HOLDER_SHIFT) & HOLDER_MASK;
  }

  get next(): number {
    return this.words[this.base + NEXT]!;
  }

  set next(id: number) {
    this.words[this.base + NEXT] = id;
  }

  /** Before a burst is touched: what is lost if this thread ends now. */
  takeInHand(cursor: number, count: number): void {
    this.words[this.base + IN_HAND_CURSOR] = cursor;
    this.words[this.base + IN_HAND_COUNT] = count;
  }

  /** After the burst's cursors and counters are out. */
  handOn(): void {
    this.words[this.base + IN_HAND_COUNT] = 0;
  }

  inHand(): number {
    return this.words[this.base + IN_HAND_COUNT]!;
  }
}

function notScheduled(): Error {
  return new Error('napi: complete() of an instance that is not scheduled');
}
