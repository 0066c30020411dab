// Cold. Runs on: main.
// Threaded NAPI, and threaded busy poll. Each test is named by the case of the kernel's behaviour that it holds; the machine's
// device is eth0, and an instance's thread is a task on the CPU that schedules it.

import t from 'tap';
import type { Simulation } from '../../src/simulate/machine.js';
import { simulate } from '../../src/testing.js';
import { bits, busy, finds } from './drivers.js';

/** Whose thread was woken. */
function woken(m: Simulation): string[] {
  return m.trace.of('sched_waking').map((fields) => /^comm=(\S+)/.exec(fields)![1]!);
}

t.test('T01: threaded while idle: the next interrupt’s poll is the thread’s, and no softirq’s', async (t) => {
  const m = simulate();
  const seen: unknown[] = [];
  const a = m.napi('a', (napi) => {
    seen.push(bits(napi), napi.listOwner, m.cpu.pollList, m.cpu.pending);
    return finds(3)(napi, 64);
  });
  a.setThreaded('enabled');
  t.same([a.thread, bits(a), a.threaded], [`napi/eth0-${a.napiId}`, 'THREADED', 'enabled']);
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, bits(a)], [0, 'SCHED|THREADED|SCHED_THREADED'], 'not in the interrupt’s exit');
  t.same(woken(m), [a.thread]);
  m.run();
  t.same(seen, ['SCHED|THREADED|SCHED_THREADED', -1, [], []]);
  t.same([a.polls, bits(a), m.cpu.softirqs.NET_RX], [1, 'THREADED', 0]);
  t.same(m.trace.of('softirq_raise'), []);
});

t.test('T02: threaded while a softirq polls it: this cycle ends there, the next is the thread’s', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi) => {
    if (napi.polls === 1) t.ok(napi.beginSetThreaded('enabled').step(), 'nobody is waited for');
    return finds(1)(napi, 64);
  });
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, bits(a), m.cpu.softirqs.NET_RX], [1, 'THREADED', 1]);
  m.cpu.irq(() => a.schedule());
  t.same(woken(m), [a.thread]);
  m.run();
  t.same([a.polls, m.cpu.softirqs.NET_RX], [2, 1]);
});

t.test('T03: MISSED in that cycle: the extra poll is the thread’s already', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi) => {
    if (napi.polls === 1) {
      napi.beginSetThreaded('enabled');
      napi.schedule();
    }
    return finds(1)(napi, 64);
  });
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, bits(a), m.cpu.pollList], [1, 'SCHED|THREADED|SCHED_THREADED', []]);
  m.run();
  t.same([a.polls, bits(a), m.cpu.softirqs.NET_RX], [2, 'THREADED', 1]);
});

t.test('T04: one that never completes stays with its softirq', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  m.cpu.irq(() => a.schedule());
  a.setThreaded('enabled');
  for (let turn = 0; turn < 5; turn += 1) m.turn();
  t.equal(bits(a), 'SCHED|THREADED', 'no SCHED_THREADED');
  t.same([a.polls, woken(m)], [60, ['ksoftirqd/0']]);
});

t.test('T05: switched off while the thread polls: THREADED goes at once, the call waits for the thread', async (t) => {
  const m = simulate();
  let left = 3;
  const a = m.napi('a', (napi, budget) => {
    left -= 1;
    return left > 0 ? budget : finds(0)(napi, budget);
  });
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  const off = a.beginSetThreaded('disabled');
  t.notOk(off.step());
  t.equal(bits(a), 'SCHED|SCHED_THREADED', 'THREADED is gone');
  m.turn();
  t.notOk(off.step());
  t.ok(a.thread);
  m.run();
  t.ok(off.step());
  t.same([a.polls, a.thread, bits(a)], [3, null, '']);
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.cpu.softirqs.NET_RX], [4, 1], 'the next interrupt’s poll is a softirq’s');
});

t.test('T05: MISSED while it goes off: the extra poll is a softirq’s', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi) => {
    if (napi.polls === 1) {
      t.notOk(off.step());
      napi.schedule();
    }
    return finds(1)(napi, 64);
  });
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  const off = a.beginSetThreaded('disabled');
  m.run();
  t.ok(off.step());
  t.same([a.polls, m.cpu.softirqs.NET_RX, bits(a)], [2, 1, '']);
});

t.test('T05: and when that softirq leaves work to ksoftirqd, the thread does not take it', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi, budget) => {
    if (napi.polls > 1) return napi.polls < 10 ? budget : finds(0)(napi, budget);
    off.step();
    napi.schedule();
    return finds(1)(napi, budget);
  });
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  const off = a.beginSetThreaded('disabled');
  m.cpu.needResched = true;
  m.run();
  t.same([a.polls, m.cpu.softirqs.NET_RX], [10, 9], 'one poll was the thread’s');
});

t.test('T06: switched off while a softirq holds it: THREADED stays until that one has let go', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi, budget) => (napi.polls < 12 ? budget : finds(0)(napi, budget)));
  m.cpu.irq(() => a.schedule());
  a.setThreaded('enabled');
  const off = a.beginSetThreaded('disabled');
  t.notOk(off.step());
  t.equal(bits(a), 'SCHED|THREADED');
  m.run();
  t.ok(off.step());
  t.same([bits(a), a.thread], ['', null]);
});

t.test('T06: a disabled one is idle: it is switched off at once, where the kernel waits for ever', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  a.setThreaded('enabled');
  a.disable();
  t.equal(bits(a), 'SCHED|NPSVC');
  a.setThreaded('disabled');
  t.same([bits(a), a.thread], ['SCHED|NPSVC', null]);
  a.setThreaded('enabled');
  a.enable();
  a.disable();
  m.sysfs('eth0', 'threaded', 0);
  t.equal(a.thread, null);
});

t.test('T07: always 64: no squeeze, no ksoftirqd, no NET_RX, and others have their turn between polls', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  const app = m.cpu.addTask('app', () => true);
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  const order: number[] = [];
  while (a.polls < 10_000) {
    m.turn();
    m.advance(1e5);
    order.push(a.polls);
  }
  t.same([m.cpu.timeSqueeze, m.cpu.softirqs.NET_RX, m.cpu.counters.ksoftirqdRuns], [0, 0, 0]);
  t.ok(
    order.every((polls, turn) => turn === 0 || polls - order[turn - 1]! <= 1),
    'one poll a turn',
  );
  t.ok(app.steps > 1000);
});

t.test('T07: a softirq that a poll raises runs when bottom halves are on again, not within', async (t) => {
  const m = simulate();
  const ran: number[] = [];
  const a = m.napi('a', (napi) => {
    m.cpu.raise('TIMER');
    t.same([ran, m.cpu.preemptCount], [[], 0x200]);
    return finds(1)(napi, 64);
  });
  m.cpu.open('TIMER', () => ran.push(a.polls));
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  m.run();
  t.same([ran, woken(m)], [[1], [a.thread]], 'and ksoftirqd sleeps');
});

t.test('T08: sysfs takes 0 and 1; no NAPI instance, no mode', async (t) => {
  const m = simulate();
  t.throws(() => m.sysfs('eth0', 'threaded', 1), {
    code: 'EOPNOTSUPP',
    message: '/sys/class/net/eth0/threaded: 1: the device has no NAPI instance (EOPNOTSUPP)',
  });
  const a = m.napi('a', finds(0));
  t.throws(() => m.sysfs('eth0', 'threaded', 2), {
    code: 'EOPNOTSUPP',
    message: '/sys/class/net/eth0/threaded: 2: must be 0 or 1 (EOPNOTSUPP)',
  });
  m.sysfs('eth0', 'threaded', 1);
  t.equal(a.threaded, 'enabled');
  a.setThreaded('busy-poll');
  m.sysfs('eth0', 'threaded', 1);
  t.equal(a.threaded, 'enabled', 'sysfs overrides what was set for one alone');
});

t.test('T09: no thread for the third: the error is returned, and none is threaded', async (t) => {
  const m = simulate();
  const napis = ['a', 'b', 'c', 'd'].map((name, index) => m.napi(name, finds(0), { index }));
  m.threadsMax = 2;
  t.throws(() => m.sysfs('eth0', 'threaded', 1), { code: 'ENOMEM', message: /^napi\/eth0-4: no thread can be made/ });
  t.same(
    napis.map((napi) => [bits(napi), napi.thread]),
    napis.map(() => ['', null]),
  );
  for (const napi of napis) napi.disable();
  for (const napi of napis) napi.enable();
  t.same(napis.map(bits), ['', '', '', ''], 'nor will any be');
});

t.test('T09: one alone: nothing is changed', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { index: 0 });
  m.threadsMax = 0;
  t.throws(() => a.setThreaded('enabled'), { code: 'ENOMEM' });
  t.same([bits(a), a.thread], ['', null]);
});

/** Polls of one that is always found empty. */
function empty(completions: boolean[]) {
  return (napi: Parameters<ReturnType<typeof finds>>[0]) => {
    completions.push(napi.completeDone(0));
    return 0;
  };
}

t.test('T10: threaded busy poll: the thread sleeps until the first interrupt, then polls for ever', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', empty(completions));
  a.setThreaded('busy-poll');
  t.equal(m.run(), 0);
  t.equal(bits(a), 'THREADED|THREADED_BUSY_POLL');
  m.cpu.irq(() => a.schedule());
  for (let turn = 0; turn < 100; turn += 1) m.turn();
  t.equal(a.polls, 100);
  t.notOk(completions.includes(true), 'nobody is told to turn the interrupt on');
  t.equal(bits(a), 'SCHED|IN_BUSY_POLL|THREADED|SCHED_THREADED|THREADED_BUSY_POLL');
});

t.test('T10: what GRO holds is flushed by the thread, since no completion does', async (t) => {
  for (const [hz, oldOnly] of [
    [1000, true],
    [250, false],
  ] as const) {
    const m = simulate({ hz });
    const flushes: boolean[] = [];
    const gro = { held: 1, count: 0, flush: (old: boolean) => flushes.push(old), deliver: () => {} };
    const a = m.napi('a', empty([]), { gro });
    a.setThreaded('busy-poll');
    m.cpu.irq(() => a.schedule());
    for (let turn = 0; turn < 3; turn += 1) m.turn();
    t.same(flushes, [oldOnly, oldOnly, oldOnly], `${hz} HZ`);
  }
});

t.test('T11: back to threaded: IN_BUSY_POLL goes with the next round, whose completion lets go', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', empty(completions));
  a.setThreaded('busy-poll');
  m.cpu.irq(() => a.schedule());
  m.turn();
  a.setThreaded('enabled');
  t.equal(bits(a), 'SCHED|IN_BUSY_POLL|THREADED|SCHED_THREADED');
  t.equal(m.run(), 1);
  t.same([completions, bits(a)], [[false, true], 'THREADED']);
});

t.test('T11: and off altogether', async (t) => {
  const m = simulate();
  const a = m.napi('a', empty([]));
  a.setThreaded('busy-poll');
  m.cpu.irq(() => a.schedule());
  m.turn();
  a.setThreaded('disabled');
  t.same([bits(a), a.thread], ['', null]);
});

t.test('T11: its interrupts go to another CPU: it lets go, and is polled there', async (t) => {
  const m = simulate({ cpus: 2 });
  let home = 0;
  const ran: number[] = [];
  const a = m.napi(
    'a',
    (napi) => {
      ran.push(napi.holder!);
      return empty([])(napi);
    },
    { isHome: () => ran.length < 3 || home === 1 },
  );
  a.setThreaded('busy-poll');
  m.cpu.irq(() => a.schedule());
  m.run();
  t.same([ran, bits(a)], [[0, 0, 0, 0], 'THREADED|THREADED_BUSY_POLL']);
  home = 1;
  m.cpus[1]!.irq(() => a.schedule());
  for (let turn = 0; turn < 3; turn += 1) m.turn();
  t.same(ran.slice(4), [1, 1, 1]);
});

t.test('T12: disabled while its thread busy-polls: IN_BUSY_POLL goes, and disable ends', async (t) => {
  for (const poll of [empty([]), busy]) {
    const m = simulate();
    const a = m.napi('a', poll, { index: 0 });
    a.setThreaded('busy-poll');
    m.cpu.irq(() => a.schedule());
    m.turn();
    t.ok(a.has('IN_BUSY_POLL'));
    a.disable();
    t.equal(bits(a), 'SCHED|NPSVC');
    const { polls } = a;
    t.equal(m.run(), 0);
    a.enable();
    t.equal(bits(a), 'THREADED|THREADED_BUSY_POLL', 'its config has kept the mode');
    m.cpu.irq(() => a.schedule());
    m.turn();
    t.equal(a.polls, polls + 1);
  }
});

t.test('T13: SCHED is a busy poller’s: the thread does not poll', async (t) => {
  const m = simulate({ cpus: 2 });
  const [poller, other] = [m.cpus[0]!, m.cpus[1]!];
  const a = m.napi('a', finds(0));
  a.setThreaded('enabled');
  poller.busyLoop(a.napiId, {
    loopEnd: () => {
      other.irq(() => t.notOk(a.schedule()));
      t.equal(bits(a), 'SCHED|MISSED|IN_BUSY_POLL|THREADED', 'no SCHED_THREADED');
      const { polls } = a;
      t.equal(m.run(), 0);
      t.same([a.polls - polls, woken(m)], [0, []]);
      return true;
    },
  });
  t.same([a.polls, m.run(), bits(a)], [2, 0, 'THREADED'], 'in the loop, and to end it');
});

t.test('T13: nor does its task on another CPU, when that one’s schedule follows at once', async (t) => {
  const m = simulate({ cpus: 2 });
  const ran: number[] = [];
  const a = m.napi('a', (napi) => {
    ran.push(napi.holder!);
    napi.completeDone(0);
    if (ran.length === 1) m.cpus[1]!.irq(() => a.schedule());
    return 0;
  });
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  m.cpu.turn();
  t.notOk(m.cpu.isReady, 'SCHED_THREADED is cpu1’s');
  m.run();
  t.same(ran, [0, 1]);
});

t.test('a thread shares its CPU with ksoftirqd and the application by weight', async (t) => {
  const m = simulate();
  const a = m.napi('a', (_, budget) => {
    m.advance(20_000);
    return budget;
  });
  const app = m.cpu.addTask('app', () => {
    m.advance(20_000);
    return true;
  });
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  while (m.nowNs < 1e9) m.turn();
  const share = app.runNs / m.nowNs;
  t.ok(share > 0.49 && share < 0.51, `${share}`);
});

t.test('one that was threaded before it had an id: the thread’s name has 0', async (t) => {
  const m = simulate();
  m.napi('first', finds(0));
  m.sysfs('eth0', 'threaded', 1);
  const b = m.napi('b', finds(0), { disabled: true });
  t.equal(b.thread, 'napi/eth0-0');
  b.enable();
  t.same([b.thread, bits(b)], ['napi/eth0-0', 'THREADED']);
});
