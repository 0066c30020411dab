// Cold. Runs on: main.

import fc from 'fast-check';
import t from 'tap';
import {
  ConstantArrival,
  OnOffArrival,
  PoissonArrival,
  RecordedArrival,
  Unpaced,
} from '../../src/nic/devices/arrival.js';
import type { Arrival, RecordedFrames } from '../../src/nic/devices/device.js';
import { RepeatedFrames } from '../../src/nic/devices/repeated-frames.js';
import { Random } from '../../src/runtime/random.js';

const START = 7_654_321_000_000_123; // the clock counts from boot; this one is up for 88 days
const SECOND = 1e9;
const HOUR = 3600 * SECOND;

function started<T extends Arrival>(arrival: T, startNs = START): T {
  arrival.start(startNs);
  return arrival;
}

/** Offers all that is due at each of these times, in bursts of 64, as the NIC does. */
function offeredAt(arrival: Arrival, elapsed: Iterable<number>, offered = 0): number[] {
  const counts: number[] = [];
  for (const ns of elapsed) {
    for (let due = 64; due === 64; offered += due) due = arrival.due(START + ns, offered, 64);
    counts.push(offered);
  }
  return counts;
}

const range = (from: number, to: number, step: number) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

/** Frames that were recorded at these times, once. */
class Recorded extends RepeatedFrames implements RecordedFrames {
  private readonly times: readonly number[];

  constructor(times: readonly number[]) {
    super(0, times.length);
    this.times = times;
  }

  timeNs(after: number): number {
    return this.times[this.position + after] ?? Number.POSITIVE_INFINITY;
  }
}

function recorded(times: readonly number[], speed = 1, offered = 0): RecordedArrival {
  const frames = new Recorded(times);
  frames.advance(offered);
  return started(new RecordedArrival(frames, speed));
}

t.test('unpaced: always as many as fit', async (t) => {
  const arrival = started(new Unpaced());
  t.equal(arrival.unpaced, true);
  t.equal(arrival.due(START, 1e15, 64), 64);
  t.ok(arrival.nextNs(1e15) <= START);
});

t.test('the others say that they need the clock', async (t) => {
  const paced = [new ConstantArrival(1), new PoissonArrival(1, 1), new OnOffArrival(1), recorded([0])];
  t.ok(paced.every((arrival) => !arrival.unpaced));
});

t.test('the first frame is due at once', async (t) => {
  const arrivals = [new ConstantArrival(1e-9), new PoissonArrival(1e-9, 3), new OnOffArrival(1e-9), recorded([0, 1e9])];
  for (const arrival of arrivals) {
    t.equal(started(arrival).nextNs(0), START);
    t.equal(arrival.due(START, 0, 64), 1, arrival.constructor.name);
  }
});

t.test('constant: exact over ten hours, at rates that no whole gap gives', async (t) => {
  // pps as a fraction, so that whole numbers can say how many frames k have k × 1e9 / pps ≤ elapsed.
  const rates: [bigint, bigint][] = [
    [1_000_000_000n, 1n],
    [14_880_952n, 1n],
    [1_000_000n, 3n],
    [1n, 1000n],
  ];
  for (const [numerator, denominator] of rates) {
    const arrival = started(new ConstantArrival(Number(numerator) / Number(denominator)));
    for (const elapsed of [1n, 999_999_999n, 3_600_000_000_000n, 36_000_000_000_001n]) {
      const expected = Number((elapsed * numerator) / (denominator * 1_000_000_000n)) + 1;
      t.equal(arrival.due(START + Number(elapsed), 0, Number.POSITIVE_INFINITY), expected);
    }
  }
});

t.test('constant: polled at odd times for two hours, no frame is lost or early', async (t) => {
  const pps = 1234.5;
  const arrival = started(new ConstantArrival(pps));
  const random = new Random(5);
  const polls: number[] = [];
  for (let ns = 0; ns < 2 * HOUR; ns += random.below(20e6)) polls.push(ns);
  const counts = offeredAt(arrival, polls);
  t.ok(counts.every((count, i) => Math.abs(count - (Math.floor((polls[i]! * pps) / SECOND) + 1)) === 0));
});

t.test('due() and nextNs() agree to the nanosecond, and max is kept', async () => {
  const pps = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
  const elapsed = fc.integer({ min: 0, max: 10 * HOUR });
  const kind = fc.constantFrom('constant', 'onoff');
  fc.assert(
    fc.property(kind, pps, elapsed, fc.integer({ min: 1, max: 1e9 }), (kind, pps, elapsed, periodNs) => {
      const arrival = started(
        kind === 'constant' ? new ConstantArrival(pps) : new OnOffArrival(pps, periodNs, periodNs),
      );
      const now = START + elapsed;
      const passed = arrival.due(now, 0, Number.POSITIVE_INFINITY);
      if (arrival.nextNs(passed) <= now || arrival.nextNs(passed - 1) > now) return false;
      const wake = Math.ceil(arrival.nextNs(passed));
      if (wake <= Number.MAX_SAFE_INTEGER && arrival.due(wake, passed, 1) !== 1) return false;
      return arrival.due(now, passed, 64) === 0 && arrival.due(now, Math.max(0, passed - 3), 2) === Math.min(passed, 2);
    }),
  );
});

/** The times of the first `count` frames, each offered as soon as it is due. */
function timesOf(arrival: Arrival, count: number): number[] {
  return Array.from({ length: count }, (_, frame) => {
    const time = arrival.nextNs(frame);
    if (arrival.due(time, frame, 1) !== 1) throw new Error(`frame ${frame} is not due at its own time`);
    return time;
  });
}

t.test('poisson: mean and variance of the gaps are those of an exponential', async (t) => {
  const pps = 250_000;
  const count = 200_000;
  const times = timesOf(started(new PoissonArrival(pps, 11), 0), count + 1);
  const gaps = times.slice(1).map((time, i) => (time - times[i]!) / (SECOND / pps)); // in mean gaps: mean 1, variance 1
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / count;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / count;
  const overThree = gaps.filter((gap) => gap > 3).length / count;
  t.ok(Math.abs(mean - 1) < 4 / Math.sqrt(count), `mean ${mean}`); //               within four standard errors
  t.ok(Math.abs(variance - 1) < 4 * Math.sqrt(8 / count), `variance ${variance}`);
  t.ok(Math.abs(overThree - Math.exp(-3)) < 0.002, `gaps over three mean gaps: ${overThree}`);
  t.ok(gaps.every((gap) => gap >= 0 && Number.isFinite(gap)));
});

t.test('poisson: counts per interval have a variance equal to their mean', async (t) => {
  const counts = offeredAt(started(new PoissonArrival(100_000, 12)), range(0, 10 * SECOND, 1e6));
  const perMs = counts.slice(1).map((count, i) => count - counts[i]!);
  const mean = perMs.reduce((sum, n) => sum + n, 0) / perMs.length;
  const variance = perMs.reduce((sum, n) => sum + (n - mean) ** 2, 0) / perMs.length;
  t.ok(Math.abs(mean - 100) < 0.5, `mean ${mean}`);
  t.ok(Math.abs(variance / mean - 1) < 0.06, `variance over mean ${variance / mean}`);
});

t.test('poisson: the seed decides, and how often one asks does not', async (t) => {
  const poll = (seed: number, step: number) => {
    const counts = offeredAt(started(new PoissonArrival(1e6, seed)), range(0, 2e8, step));
    return counts.filter((_, i) => (i * step) % 1e6 === 0).join();
  };
  t.equal(poll(1, 1e6), poll(1, 1e6));
  t.equal(poll(1, 1e6), poll(1, 1e4));
  t.not(poll(1, 1e6), poll(2, 1e6));
});

t.test('poisson: frames that were due but not taken stay due, whatever max is', async (t) => {
  const arrival = started(new PoissonArrival(1e6, 9));
  const now = START + 1e6;
  const due = arrival.due(now, 0, 1e6);
  t.ok(due > 800 && due < 1200, `${due} due after 1 ms`);
  t.equal(arrival.due(now, 0, 64), 64);
  t.equal(arrival.due(now, due - 10, 64), 10);
  t.ok(arrival.nextNs(due - 10) <= now);
  t.ok(arrival.nextNs(due) > now);
});

t.test('onoff: the rate during 0.2 s, then nothing for 0.2 s', async (t) => {
  const pps = 1e5;
  const counts = offeredAt(started(new OnOffArrival(pps)), range(0, 2 * SECOND, 1e6));
  const perMs = counts.slice(1).map((count, i) => count - counts[i]!);
  const on = perMs.filter((_, ms) => ms % 400 < 199);
  const off = perMs.filter((_, ms) => ms % 400 >= 200 && ms % 400 < 399);
  t.ok(
    on.every((count) => count === 100),
    'on',
  );
  t.ok(
    off.every((count) => count === 0),
    'off',
  );
  t.equal(counts.at(-1), 5 * 20_000 + 1, 'five on times, and the first frame of the sixth');
});

t.test('onoff: what the on time leaves of a gap is carried over; exact over hours', async (t) => {
  const arrival = started(new OnOffArrival(3, 0.5e9, 1.5e9)); // 1.5 frames per on time
  const times = range(0, 5, 1).map((frame) => Math.round((arrival.nextNs(frame) - START) / 1e6));
  t.same(times, [0, 333, 2167, 4000, 4333, 6167]);
  t.equal(arrival.due(START + 10 * HOUR, 0, Number.POSITIVE_INFINITY), 18_000 * 1.5 + 1);
});

t.test('recorded: original times', async (t) => {
  const times = [0, 100, 100, 250];
  t.same(
    [0, 99, 100, 249, 250].map((ns) => recorded(times).due(START + ns, 0, 64)),
    [1, 1, 3, 3, 4],
  );
  t.equal(recorded(times, 1, 1).due(START + 250, 1, 2), 2);
  t.equal(recorded(times, 1, 3).nextNs(3), START + 250);
});

t.test('recorded: N times as fast', async (t) => {
  t.equal(recorded([0, 100, 1000], 4, 1).nextNs(1), START + 25);
  t.equal(recorded([0, 100, 1000], 4, 2).nextNs(2), START + 250);
});

t.test('recorded: a time that goes backwards is due at once, behind the frame before it', async (t) => {
  const arrival = recorded([0, 500, -200, 300, 600], 1, 1);
  t.equal(arrival.due(START + 499, 1, 64), 0, 'it waits for the frame before it');
  t.equal(arrival.due(START + 500, 1, 64), 3);
});
