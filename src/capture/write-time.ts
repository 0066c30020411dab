// Hot. Runs on: every thread that records; main finds the epoch.
// From the monotonic clock, which all threads share, to ns since 1970, exact to the ns.

import type { Clock } from '../runtime/clock.js';
import type { Timestamp } from './pcapng-write.js';

const WORD = 2 ** 32;

/**
 * When the monotonic clock stood at 0, by the wall clock now. Main asks once, for all threads: so no two of them differ,
 * and a wall clock that is set while packets come does not turn their order. Waits for the next ms to begin, since the wall
 * clock tells no more.
 */
export function monotonicEpoch(): Timestamp {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  const ns = BigInt(now) * 1_000_000n - process.hrtime.bigint();
  return { high: Number(ns >> 32n), low: Number(ns & 0xffff_ffffn) };
}

/** @param ns of the monotonic clock, a whole number below 2^53 */
export function timestampOf(epoch: Timestamp, ns: number): Timestamp {
  const upper = Math.floor(ns / WORD);
  const low = epoch.low + (ns - upper * WORD);
  return low < WORD ? { high: epoch.high + upper, low } : { high: epoch.high + upper + 1, low: low - WORD };
}

/** The time of the burst at hand, as int32 words. */
export class CaptureTime {
  high = 0;
  low = 0;
  private readonly clock: Clock;
  private readonly epoch: Timestamp;

  constructor(clock: Clock, epoch: Timestamp) {
    this.clock = clock;
    this.epoch = epoch;
  }

  /**
   * Reads the clock: while the thread holds the queue, so that a queue's times do not go back when the next burst is
   * another CPU's. The time that the poll began at could.
   */
  read(): void {
    this.clock.tick();
    const ns = this.clock.nowNs;
    const upper = Math.floor(ns / WORD); // As timestampOf(), without its object.
    const low = this.epoch.low + (ns - upper * WORD);
    this.high = (this.epoch.high + upper + (low < WORD ? 0 : 1)) | 0;
    this.low = low | 0;
  }
}
