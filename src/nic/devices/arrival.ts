// Hot. Runs on: NIC, once per burst.
// When frames come. What all of these keep: frame k is due at `nowNs` if, and only if, nextNs(k) ≤ nowNs, so that a NIC
// that slept until nextNs() finds the frame. A frame's time is computed from its number, relative to the first frame:
// gaps that were rounded and summed would drift by minutes in an hour.

import { Random } from '../../runtime/random.js';
import type { Arrival, RecordedFrames } from './device.js';

const NS_PER_SECOND = 1e9;

/** As fast as the rings take them. */
export class Unpaced implements Arrival {
  readonly unpaced = true;
  private startNs = 0;

  start(nowNs: number): void {
    this.startNs = nowNs;
  }

  due(_nowNs: number, _offered: number, max: number): number {
    return max;
  }

  nextNs(_offered: number): number {
    return this.startNs;
  }
}

/** One frame every 1e9 / pps ns. */
export class ConstantArrival implements Arrival {
  readonly unpaced = false;
  private readonly pps: number;
  private startNs = 0;

  constructor(pps: number) {
    this.pps = pps;
  }

  start(nowNs: number): void {
    this.startNs = nowNs;
  }

  due(nowNs: number, offered: number, max: number): number {
    const guess = Math.floor(((nowNs - this.startNs) * this.pps) / NS_PER_SECOND) + 1;
    return dueOf(this, guess, nowNs, offered, max);
  }

  nextNs(offered: number): number {
    return this.startNs + (offered * NS_PER_SECOND) / this.pps;
  }
}

/** Like ConstantArrival while on, silent while off: a clock that only runs during the on time gives the frames their times. */
export class OnOffArrival implements Arrival {
  readonly unpaced = false;
  private readonly pps: number;
  private readonly onNs: number;
  private readonly offNs: number;
  private startNs = 0;

  constructor(pps: number, onNs: number = 200e6, offNs: number = 200e6) {
    this.pps = pps;
    this.onNs = onNs;
    this.offNs = offNs;
  }

  start(nowNs: number): void {
    this.startNs = nowNs;
  }

  due(nowNs: number, offered: number, max: number): number {
    const elapsed = nowNs - this.startNs;
    const periods = Math.floor(elapsed / (this.onNs + this.offNs));
    const inPeriod = Math.min(this.onNs, elapsed - periods * (this.onNs + this.offNs));
    const guess = Math.floor(((periods * this.onNs + inPeriod) * this.pps) / NS_PER_SECOND) + 1;
    return dueOf(this, guess, nowNs, offered, max);
  }

  nextNs(offered: number): number {
    const onTime = (offered * NS_PER_SECOND) / this.pps;
    return this.startNs + onTime + Math.floor(onTime / this.onNs) * this.offNs;
  }
}

/** `guess` frames may be due by `nowNs`. Its rounding can be one off from that of nextNs(), which has the last word. */
function dueOf(arrival: Arrival, guess: number, nowNs: number, offered: number, max: number): number {
  let passed = Math.max(offered, guess);
  while (arrival.nextNs(passed) <= nowNs) passed++;
  while (passed > offered && arrival.nextNs(passed - 1) > nowNs) passed--;
  return Math.min(max, passed - offered);
}

/**
 * Gaps of exponential length, as from many independent senders. They are drawn once, in order, when the clock reaches
 * them; so `offered` never lies behind a frame that due() has not yet counted.
 */
export class PoissonArrival implements Arrival {
  readonly unpaced = false;
  private readonly pps: number;
  private readonly random: Random;
  private startNs = 0;
  /** Frames that due() has found due so far. */
  private passed = 0;
  /** The time of frame number `passed`, in mean gaps after the first: the rate enters once, not with every gap. */
  private meanGaps = 0;

  constructor(pps: number, seed: number) {
    this.pps = pps;
    this.random = new Random(seed);
  }

  start(nowNs: number): void {
    this.startNs = nowNs;
  }

  due(nowNs: number, offered: number, max: number): number {
    while (this.passed - offered < max && this.drawnNs() <= nowNs) {
      this.passed++;
      this.meanGaps -= Math.log(1 - this.random.next()); // next() is under 1, so this is finite
    }
    return Math.min(max, this.passed - offered);
  }

  /** For a frame that was already found due, a time that is past. */
  nextNs(offered: number): number {
    return offered < this.passed ? this.startNs : this.drawnNs();
  }

  private drawnNs(): number {
    return this.startNs + (this.meanGaps * NS_PER_SECOND) / this.pps;
  }
}

/**
 * A capture's own times, `speed` times as fast. A frame whose time lies before that of the frame ahead of it is due
 * together with that one: frames keep their order. One that comes out of a pipe after its time is due at once.
 */
export class RecordedArrival implements Arrival {
  readonly unpaced = false;
  private readonly frames: RecordedFrames;
  private readonly speed: number;
  private startNs = 0;

  constructor(frames: RecordedFrames, speed: number) {
    this.frames = frames;
    this.speed = speed;
  }

  start(nowNs: number): void {
    this.startNs = nowNs;
  }

  due(nowNs: number, _offered: number, max: number): number {
    let count = 0;
    while (count < max && this.timeOf(count) <= nowNs) count++;
    return count;
  }

  nextNs(_offered: number): number {
    return this.timeOf(0);
  }

  private timeOf(after: number): number {
    return this.startNs + this.frames.timeNs(after) / this.speed;
  }
}
