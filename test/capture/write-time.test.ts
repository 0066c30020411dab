// Cold. Runs on: main.
// Times of captures: exact to the ns, on all threads the same, and near the wall clock's.

import fc from 'fast-check';
import t from 'tap';
import { CaptureTime, monotonicEpoch, timestampOf } from '../../src/capture/write-time.js';
import { VirtualClock } from '../../src/runtime/clock.js';

const bigOf = ({ high, low }: { high: number; low: number }) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

t.test('epoch + ns, in whole numbers', async () => {
  const word = fc.nat(0xffff_ffff);
  const ns = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));
  const property = fc.property(fc.nat(2 ** 30), word, ns, (high, low, ns) => {
    const right = bigOf({ high, low }) + BigInt(ns);
    const clock = new VirtualClock();
    clock.nowNs = ns;
    const time = new CaptureTime(clock, { high, low });
    time.read();
    return bigOf(timestampOf({ high, low }, ns)) === right && bigOf(time) === right;
  });
  fc.assert(property, { numRuns: 2000 });
});

t.test('each reading is of the clock then, not of when it was last read', async (t) => {
  class Ticking extends VirtualClock {
    override tick(): void {
      this.advance(1000);
    }
  }
  const time = new CaptureTime(new Ticking(), { high: 0, low: 5 });
  time.read();
  t.equal(time.low, 1005);
  time.read();
  t.equal(time.low, 2005);
});

t.test('the monotonic clock and the epoch make the wall clock', async (t) => {
  const now = bigOf(monotonicEpoch()) + process.hrtime.bigint();
  const wall = BigInt(Date.now()) * 1_000_000n;
  const off = now > wall ? now - wall : wall - now;
  t.ok(off < 1_000_000_000n, `${off} ns off, on a system that others use too`);
});
