// Cold. Runs on: main.
// Mitigation and busy polling at their edges: the timer against who polls already, suspension in other orders, the end of a busy loop. Each
// test is named by the section of the kernel's rules that it holds; weight 64, HZ 1000, time stands still unless a test moves it.

import t from 'tap';
import { NO_BUSY_POLL, socketParams } from '../../src/napi/busy-params.js';
import { simulate } from '../../src/testing.js';
import { device } from './device.js';
import { bits, busy, finds, script } from './drivers.js';

const T = 20_000;
const BOTH = { deferHardIrqs: 2, groFlushTimeoutNs: T };
const SUSPENDED = { ...BOTH, irqSuspendTimeoutNs: 1_000_000 };

const atOnce = { loopEnd: () => true };

// ── the timer ──

t.test('4.1: the timer expires while somebody busy-polls: nothing, no MISSED, and not again', async (t) => {
  const { m, a, polls } = device(1, BOTH);
  m.cpu.irq(() => a.schedule());
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      m.advance(T);
      m.cpu.irq();
      t.equal(bits(a), 'SCHED|IN_BUSY_POLL');
      return true;
    },
  });
  t.same(polls, ['1/64', '0/8', '0/8']);
  t.same([a.timerCpu, a.deferCount], [0, 0], 'the last of the completions armed it anew');
});

t.test('4.1: the timer expires while the thread has it: nothing, no MISSED', async (t) => {
  const { m, a, polls } = device(1, BOTH);
  m.cpu.irq(() => a.schedule());
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  m.advance(T);
  m.cpu.irq();
  t.equal(bits(a), 'SCHED|THREADED|SCHED_THREADED');
  m.turn();
  t.same(polls, ['1/64', '0/64']);
});

t.test('4.1: the timer of a threaded one wakes its thread', async (t) => {
  const { m, a, completions } = device(1, BOTH);
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  m.run();
  t.same([completions, m.nowNs, m.cpu.softirqs.NET_RX], [[false, false, true], 2 * T, 0]);
});

t.test('4.1: PREFER_BUSY_POLL, DISABLE, and the timer expires: nothing is cleared and nobody schedules', async (t) => {
  const { m, a } = device(1, BOTH);
  m.cpu.irq(() => a.schedule());
  a.set('PREFER_BUSY_POLL');
  const disable = a.beginDisable();
  m.advance(T);
  m.cpu.irq();
  t.same([bits(a), a.polls], ['DISABLE|PREFER_BUSY_POLL', 1]);
  t.ok(disable.step());
  t.equal(bits(a), 'SCHED|NPSVC');
});

t.test('4.1: MISSED with defer 1: it is used up, and the next completion turns the interrupt on', async (t) => {
  const { m, a, completions, hooks } = device(1, { ...BOTH, deferHardIrqs: 1 });
  hooks.onPoll = (poll) => {
    if (poll === 1) a.schedule();
  };
  m.cpu.irq(() => a.schedule());
  t.same([completions, a.timerCpu], [[false, true], null]);
});

t.test('4.1: the timer polls where it was armed, though another CPU scheduled meanwhile and let go', async (t) => {
  const { m, a } = device(1, BOTH, 2);
  const [zero, one] = [m.cpus[0]!, m.cpus[1]!];
  one.irq(() => a.schedule());
  t.equal(a.timerCpu, 1);
  a.tune({ groFlushTimeoutNs: 0 });
  zero.irq(() => a.schedule());
  t.equal(a.timerCpu, 1, 'a completion without a timeout leaves it');
  m.run();
  t.same([zero.softirqs.NET_RX, one.softirqs.NET_RX, a.listOwner], [1, 2, -1]);
});

t.test('4.1: the shortest and the longest timeout', async (t) => {
  for (const [groFlushTimeoutNs, polls] of [
    [1, 2],
    [Number.MAX_SAFE_INTEGER, 1],
  ] as const) {
    const { m, a } = device(1, { deferHardIrqs: 1, groFlushTimeoutNs });
    m.cpu.irq(() => a.schedule());
    m.runFor(86_400e9);
    t.equal(a.polls, polls, `${groFlushTimeoutNs} ns`);
    a.disable();
    t.equal(a.timerCpu, null);
  }
});

t.test('4.1: two instances, one deferred, one not: each has its own count and timer', async (t) => {
  const m = simulate();
  const done: [boolean[], boolean[]] = [[], []];
  const a = m.napi('a', script([1], done[0]), BOTH);
  const b = m.napi('b', script([1], done[1]));
  m.cpu.irq(() => {
    a.schedule();
    b.schedule();
  });
  m.run();
  t.same(done, [[false, false, true], [true]]);
});

// ── busy polling ──

t.test('4.2: over at once: one poll, and the one that ends it', async (t) => {
  const { m, a, polls } = device(9);
  m.cpu.busyLoop(a.napiId, atOnce);
  t.same([polls, m.cpu.counters.busyPollRxPackets, bits(a)], [['8/8', '1/8'], 8, '']);
});

t.test('4.2: over at once, and somebody has it: nothing is polled; PREFER_BUSY_POLL if it is preferred', async (t) => {
  for (const prefer of [false, true]) {
    const { m, a } = device(9);
    m.cpu.irq(() => a.schedulePrep());
    m.cpu.busyLoop(a.napiId, { ...atOnce, prefer });
    t.same([a.polls, bits(a)], [0, prefer ? 'SCHED|PREFER_BUSY_POLL' : 'SCHED']);
  }
});

t.test('4.2: a budget over the weight', async (t) => {
  const { m, a, polls } = device(300);
  m.cpu.busyLoop(a.napiId, { ...atOnce, budget: 128 });
  t.same([polls, m.log], [['128/128', '128/128', '44/64'], []], 'nobody says that it exceeds anything');
});

t.test('4.2: a budget of 1', async (t) => {
  const { m, a, polls } = device(3);
  m.cpu.busyLoop(a.napiId, { ...atOnce, budget: 1 });
  t.same(polls, ['1/1', '1/1', '1/64']);
});

t.test('4.2: a stale MISSED keeps nobody from claiming, and the end clears it', async (t) => {
  const { m, a, polls } = device(0);
  a.set('MISSED');
  m.cpu.busyLoop(a.napiId, atOnce);
  t.same([polls, bits(a)], [['0/8', '0/8'], '']);
});

t.test('4.2: MISSED in the last poll, which completes: scheduled', async (t) => {
  const { m, a, polls, hooks } = device(0);
  hooks.onPoll = (poll) => {
    if (poll === 2) a.schedule();
  };
  m.cpu.busyLoop(a.napiId, atOnce);
  t.same([polls, bits(a)], [['0/8', '0/8', '0/64'], '']);
});

t.test('4.2: MISSED in the last poll, which uses its budget, with the timer armed: it stays behind', async (t) => {
  const { m, a, polls, hooks, completions } = device(16, BOTH);
  hooks.onPoll = (poll) => {
    if (poll === 2) a.schedule();
  };
  m.cpu.busyLoop(a.napiId, { ...atOnce, prefer: true });
  t.same([polls, bits(a), a.timerCpu], [['8/8', '8/8'], 'MISSED', 0]);
  m.advance(T);
  m.cpu.irq();
  t.same(
    [polls.slice(2), completions],
    [
      ['0/64', '0/64'],
      [false, false],
    ],
    'one poll more, and no deferral more than there were',
  );
});

t.test('4.2: preferred with one of the knobs alone: scheduled, no timer', async (t) => {
  for (const options of [{ deferHardIrqs: 2 }, { groFlushTimeoutNs: T }]) {
    const { m, a, polls } = device(16, options);
    m.cpu.needResched = true;
    m.cpu.busyLoop(a.napiId, { ...atOnce, prefer: true });
    t.same([polls, a.timerCpu], [['8/8', '8/8', '0/64'], null], JSON.stringify(options));
  }
});

t.test('4.2: preferred, and the last poll completes: its completion counts one of the deferrals', async (t) => {
  for (const [packets, count] of [
    [0, 1],
    [9, 1],
  ] as const) {
    const { m, a, completions } = device(packets, BOTH);
    m.cpu.busyLoop(a.napiId, { ...atOnce, prefer: true });
    t.same([completions.at(-1), a.deferCount, a.timerCpu], [false, count, 0], `${packets} packets`);
  }
});

t.test('4.2: the last poll returns more than its budget: neither completed nor scheduled', async (t) => {
  const m = simulate();
  const a = m.napi('a', (_, budget) => budget + 1);
  m.cpu.busyLoop(a.napiId);
  t.same([a.polls, bits(a), m.cpu.pollList], [2, 'SCHED', []]);
});

t.test('4.2: the end leaves work to a threaded one’s thread', async (t) => {
  const { m, a, polls } = device(17);
  a.setThreaded('enabled');
  m.cpu.busyLoop(a.napiId);
  t.same([polls, bits(a), m.cpu.pollList], [['8/8', '8/8'], 'SCHED|THREADED|SCHED_THREADED', []]);
  m.run();
  t.same([polls.slice(2), m.cpu.softirqs.NET_RX], [['1/64'], 0]);
});

t.test('4.2: PREFER_BUSY_POLL on one whose thread busy-polls: it goes on, and completes nothing', async (t) => {
  const { m, a, completions } = device(0);
  a.setThreaded('busy-poll');
  m.cpu.irq(() => a.schedule());
  m.turn();
  m.cpu.busyLoop(a.napiId, { ...atOnce, prefer: true });
  t.equal(bits(a), 'SCHED|IN_BUSY_POLL|PREFER_BUSY_POLL|THREADED|SCHED_THREADED|THREADED_BUSY_POLL');
  m.turn();
  t.same([completions, a.polls], [[false, false], 2]);
});

t.test('4.2: over behind the resched: it returns without one more poll', async (t) => {
  const { m, a, polls } = device(0);
  let asked = 0;
  m.cpu.needResched = true;
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      asked += 1;
      return asked === 2;
    },
  });
  t.same([asked, polls, bits(a)], [2, ['0/8', '0/8'], '']);
});

t.test('4.2: pending softirqs run between its polls, at local_bh_enable()', async (t) => {
  const { m, a } = device(0);
  const b = m.napi('b', finds(0));
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      if (b.polls > 0) return true;
      m.cpu.task(() => b.schedule());
      return false;
    },
  });
  t.same([b.polls, a.polls], [1, 3]);
});

t.test('4.2: an id of nobody, below all and above', async (t) => {
  const { m, a } = device(9);
  let asked = 0;
  for (const id of [0, -1, 1, a.napiId + 1, Number.NaN, 2 ** 32]) {
    m.cpu.busyLoop(id, { loopEnd: () => ++asked > 0 });
  }
  t.same([asked, a.polls], [0, 0]);
});

t.test(
  '4.2: a budget over all that can be: EPERM of a user, who may not raise it at all, EINVAL of others',
  async (t) => {
    const set = (budget: number, capNetAdmin: boolean) => () => socketParams(NO_BUSY_POLL, { budget }, { capNetAdmin });
    t.throws(set(65_536, false), { code: 'EPERM' });
    t.throws(set(65_536, true), { code: 'EINVAL' });
    t.throws(set(-1, false), { code: 'EINVAL' });
  },
);

// ── suspending ──

t.test('4.3: suspended again and again: the last time counts, once', async (t) => {
  const { m, a, polls } = device(0, SUSPENDED);
  for (let time = 0; time < 3; time += 1) {
    m.cpu.task(() => a.suspendIrqs());
    m.advance(600_000);
    m.cpu.irq();
  }
  t.same(polls, []);
  m.run();
  t.same([polls.length, m.nowNs, m.cpu.counters.timerIrqs], [1, 2_200_000, 1]);
});

t.test('4.3: irq_suspend_timeout shorter than gro_flush_timeout: it replaces the later time', async (t) => {
  const { m, a } = device(1, { deferHardIrqs: 1, groFlushTimeoutNs: 50 * T, irqSuspendTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  m.cpu.task(() => a.suspendIrqs());
  m.run();
  t.same([a.polls, m.nowNs], [2, T]);
});

t.test('4.3: a deferral behind a suspension replaces the longer time', async (t) => {
  const { m, a } = device(1, SUSPENDED);
  m.cpu.task(() => a.suspendIrqs());
  m.cpu.irq(() => a.schedule());
  m.advance(T);
  m.cpu.irq();
  t.equal(a.polls, 2);
});

t.test('4.3: resumed while somebody has it: MISSED, so one poll more', async (t) => {
  const { m, a, completions, hooks } = device(0, SUSPENDED);
  hooks.onPoll = (poll) => {
    if (poll === 1) a.resumeIrqs();
  };
  m.cpu.irq(() => a.schedule());
  t.same(completions, [false, true]);
});

t.test('4.3: resumed while it is being disabled, or is disabled: nobody polls', async (t) => {
  const { m, a } = device(0, SUSPENDED);
  const disable = a.beginDisable();
  m.cpu.task(() => a.resumeIrqs());
  t.equal(bits(a), 'DISABLE');
  disable.step();
  m.cpu.task(() => a.resumeIrqs());
  m.run();
  t.equal(a.polls, 0);
});

t.test('4.3: irq_suspend_timeout set to 0 in between: resume does nothing, the safety timer polls', async (t) => {
  const { m, a } = device(0, SUSPENDED);
  m.cpu.task(() => a.suspendIrqs());
  a.tune({ irqSuspendTimeoutNs: 0 });
  m.cpu.task(() => a.resumeIrqs());
  t.equal(a.polls, 0);
  m.run();
  t.same([a.polls, m.nowNs], [1, 1_000_000]);
});

t.test('4.3: resumed with a timer armed: polled now, and once more when it is due', async (t) => {
  const { m, a, completions } = device(0, { irqSuspendTimeoutNs: 1_000_000 });
  m.cpu.task(() => a.suspendIrqs());
  m.cpu.task(() => a.resumeIrqs());
  t.same([completions, a.timerCpu], [[true], 0], 'a completion without a timeout cancels nothing');
  m.run();
  t.same(completions, [true, true]);
});

t.test('4.3: the safety timer clears PREFER_BUSY_POLL: the full polls of its softirq go on', async (t) => {
  const { m, a, polls } = device(130, SUSPENDED);
  a.set('PREFER_BUSY_POLL');
  m.cpu.task(() => a.suspendIrqs());
  m.run();
  t.same(polls.slice(0, 3), ['64/64', '64/64', '2/64']);
});

// ── netpoll ──

t.test('1.7: a busy loop has its poll lock to the end: netpoll passes it over', async (t) => {
  const m = simulate({ cpus: 2 });
  const a = m.napi('a', busy, { netpoll: true });
  m.cpu.needResched = true;
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      m.cpus[1]!.netpoll(a);
      return true;
    },
  });
  t.same(
    m.trace.of('napi_poll').filter((fields) => fields.endsWith('budget 0')),
    [],
  );
});
