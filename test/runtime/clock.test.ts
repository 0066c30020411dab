// Cold. Runs on: main.

import t from 'tap';
import { HZ, MonotonicClock, usecsToJiffies, VirtualClock } from '../../src/runtime/clock.js';

const MS = 1e6;

t.test('µs become jiffies, rounded up', async (t) => {
  t.equal(HZ, 1000);
  const usecs = [0, 1, 1000, 1001, 2000, 2001, 8000];
  const jiffies = (hz: number) => usecs.map((us) => usecsToJiffies(us, hz));
  t.same(jiffies(1000), [0, 1, 1, 2, 2, 3, 8]);
  t.same(jiffies(250), [0, 1, 1, 1, 1, 1, 2]);
  t.same(jiffies(100), [0, 1, 1, 1, 1, 1, 1]);
});

t.test('time stands still between two ticks', async (t) => {
  const clock = new MonotonicClock();
  const before = clock.nowNs;
  const started = performance.now();
  while (performance.now() - started < 2);
  t.equal(clock.nowNs, before);
  clock.tick();
  const now = clock.nowNs;
  t.equal(clock.nowNs, now);
  t.ok(now >= before + 2 * MS, `${now - before} ns`);
  t.equal(clock.jiffies, Math.floor(now / MS) | 0);
});

t.test('virtual time moves when it is told to', async (t) => {
  const clock = new VirtualClock();
  clock.tick();
  t.equal(clock.nowNs, 0);
  clock.advance(2.5 * MS);
  clock.tick();
  t.same([clock.nowNs, clock.jiffies], [2.5 * MS, 2]);
});

t.test('jiffies wrap like int32', async (t) => {
  const clock = new VirtualClock();
  clock.advance((2 ** 31 - 1) * MS);
  t.equal(clock.jiffies, 2 ** 31 - 1);
  const before = clock.jiffies;
  clock.advance(3 * MS);
  t.equal(clock.jiffies, -(2 ** 31) + 2);
  t.equal((clock.jiffies - before) | 0, 3);
});
