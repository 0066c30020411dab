// Cold. Runs on: main.
// Threaded NAPI at its edges, and what is refused where something is set. Each test is named by the section of the kernel's rules that it
// holds; weight 64, HZ 1000, time stands still.

import t from 'tap';
import type { SysfsName } from '../../src/napi/device.js';
import { simulate } from '../../src/testing.js';
import { bits, busy, finds, script } from './drivers.js';

t.test('4.4: returns 10 without completing: its thread polls it again, where a softirq would not', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi) => (napi.polls < 4 ? 10 : finds(0)(napi, 64)));
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  m.run();
  t.same([a.polls, bits(a)], [4, 'THREADED']);
});

t.test('4.4: completes and returns 64 all the same: not polled again', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi, budget) => {
    napi.completeDone(1);
    return budget;
  });
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  m.run();
  t.same([a.polls, bits(a)], [1, 'THREADED']);
});

t.test('4.4: over the weight: said once, and polled again, without a budget to charge', async (t) => {
  const m = simulate();
  const a = m.napi('a', script([65, 65, 0]));
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  m.run();
  t.same([a.polls, m.log.length, m.cpu.timeSqueeze], [3, 1, 0]);
});

t.test('4.4: PREFER_BUSY_POLL at full budget: completed, and scheduled for its thread anew', async (t) => {
  const m = simulate();
  const a = m.napi('a', script([64, 0]));
  a.setThreaded('enabled');
  a.set('PREFER_BUSY_POLL');
  m.cpu.irq(() => a.schedule());
  m.turn();
  t.same([a.polls, bits(a)], [1, 'SCHED|THREADED|SCHED_THREADED']);
  m.run();
  t.same([a.polls, bits(a), m.cpu.softirqs.NET_RX], [2, 'THREADED', 0]);
});

t.test('4.4: netpoll holds it while the thread’s poll completes: false, and the thread polls on', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([1, 0], completions));
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  a.set('NPSVC');
  m.turn();
  t.same([completions, bits(a)], [[false], 'SCHED|NPSVC|THREADED|SCHED_THREADED']);
  a.clear('NPSVC');
  m.run();
  t.same(completions, [false, true]);
});

t.test('4.4: threaded with a stale MISSED: one poll more, and both are the thread’s', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([], completions));
  a.set('MISSED');
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  m.run();
  t.same([completions, m.cpu.softirqs.NET_RX, a.listOwner], [[false, true], 0, -1]);
});

t.test('4.4: switched on twice: one thread; switched off while idle: at once', async (t) => {
  const m = simulate();
  m.threadsMax = 1;
  const a = m.napi('a', finds(0));
  a.setThreaded('enabled');
  a.setThreaded('enabled');
  a.setThreaded('busy-poll');
  t.ok(a.beginSetThreaded('disabled').step());
  t.same([a.thread, bits(a)], [null, '']);
  t.ok(a.beginSetThreaded('disabled').step(), 'and once more');
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.cpu.softirqs.NET_RX], [1, 1]);
});

t.test('4.4: busy-poll, always at full budget: disabling ends', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  a.setThreaded('busy-poll');
  m.cpu.irq(() => a.schedule());
  for (let turn = 0; turn < 3; turn += 1) m.turn();
  t.ok(a.has('IN_BUSY_POLL'));
  a.disable();
  t.equal(bits(a), 'SCHED|NPSVC');
});

t.test('4.4: busy-poll: GRO is flushed each round: old ones where a jiffy is short, else all', async (t) => {
  for (const [hz, how] of [
    [1000, true],
    [250, false],
    [100, false],
  ] as const) {
    const m = simulate({ hz });
    const flushes: boolean[] = [];
    const gro = { held: 1, count: 0, flush: (oldOnly: boolean) => flushes.push(oldOnly), deliver: () => {} };
    const a = m.napi('a', finds(1), { gro });
    a.setThreaded('busy-poll');
    m.cpu.irq(() => a.schedule());
    m.turn();
    m.turn();
    t.same(flushes, [how, how], `${hz} Hz`);
  }
});

t.test('4.4: busy-poll begins with the first schedule, also when that is the timer’s', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1), { deferHardIrqs: 1, groFlushTimeoutNs: 20_000 });
  m.cpu.irq(() => a.schedule());
  a.setThreaded('busy-poll');
  t.equal(bits(a), 'THREADED|THREADED_BUSY_POLL');
  m.advance(20_000);
  m.turn();
  t.ok(a.has('IN_BUSY_POLL'));
});

t.test('4.4: a softirq’s poll of one that is to busy-poll takes no IN_BUSY_POLL', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', (napi) => {
    if (napi.polls === 1) napi.beginSetThreaded('busy-poll');
    completions.push(napi.completeDone(1));
    return 1;
  });
  m.cpu.irq(() => a.schedule());
  t.same([completions, bits(a)], [[true], 'THREADED|THREADED_BUSY_POLL']);
});

t.test('4.4: sysfs makes of one that busy-polls a plain threaded one', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { index: 0 });
  a.setThreaded('busy-poll');
  m.sysfs('eth0', 'threaded', 1);
  t.equal(bits(a), 'THREADED');
  a.disable();
  a.enable();
  t.equal(bits(a), 'THREADED', 'and its config, too');
});

t.test('4.4: sysfs on a disabled one: its thread is called by the id that it had', async (t) => {
  const m = simulate();
  const [a, b] = [m.napi('a', finds(0), { index: 0 }), m.napi('b', finds(0), { index: 1, disabled: true })];
  const name = `napi/eth0-${a.napiId}`;
  a.disable();
  m.sysfs('eth0', 'threaded', 1);
  t.same([a.thread, b.thread], [name, 'napi/eth0-0']);
  t.equal(bits(a), 'SCHED|NPSVC|THREADED');
});

t.test('4.1: what sysfs cannot read is EINVAL, also what is below 0', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  for (const file of ['threaded', 'napi_defer_hard_irqs', 'gro_flush_timeout'] as SysfsName[]) {
    for (const value of [-1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      t.throws(() => m.sysfs('eth0', file, value), { code: 'EINVAL' }, `${file} ${value}`);
      t.throws(() => m.sysfs('eth9', file, value), { code: 'EINVAL' }, `${file} ${value}, without a NAPI instance`);
    }
  }
  t.throws(() => m.sysfs('eth0', 'threaded', 2), { code: 'EOPNOTSUPP' });
  t.same([a.tunables.deferHardIrqs, a.tunables.groFlushTimeoutNs, bits(a)], [0, 0, '']);
});
