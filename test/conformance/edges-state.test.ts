// Cold. Runs on: main.
// The state machine at its edges: bits in company, weights of one and of more than 64, counts that are left over. Each test is named by the
// section of the kernel's rules that it holds; weight 64, budget 300, HZ 1000, time stands still unless a test moves it.

import t from 'tap';
import { simulate } from '../../src/testing.js';
import { groOf } from './device.js';
import { bits, busy, finds, script } from './drivers.js';

const T = 20_000;

// ── schedule ──

t.test('1.3: NPSVC or IN_BUSY_POLL alone: prep takes SCHED all the same', async (t) => {
  for (const bit of ['NPSVC', 'IN_BUSY_POLL'] as const) {
    const m = simulate();
    const a = m.napi('a', finds(0));
    a.set(bit);
    t.ok(
      m.cpu.task(() => a.schedulePrep()),
      bit,
    );
    t.same([a.has('SCHED'), a.has('MISSED'), a.holder], [true, false, 0]);
  }
});

t.test('1.3: DISABLE on an idle one with a stale MISSED: nothing changes, and disabling leaves MISSED', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  a.set('MISSED');
  const disable = a.beginDisable();
  t.notOk(m.cpu.task(() => a.schedule()));
  t.equal(bits(a), 'MISSED|DISABLE');
  t.ok(disable.step());
  t.equal(bits(a), 'SCHED|MISSED|NPSVC');
});

t.test('1.3: mark_missed of a disabled one: marked, since SCHED is parked', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { disabled: true });
  t.ok(a.ifScheduledMarkMissed());
  t.equal(bits(a), 'SCHED|MISSED|NPSVC');
});

t.test('1.3: in its own poll, behind complete: idle, so it is scheduled anew, and marks nothing missed', async (t) => {
  const m = simulate();
  const scheduled: boolean[] = [];
  const a = m.napi('a', (napi) => {
    napi.completeDone(1);
    if (napi.polls === 1) scheduled.push(napi.schedule());
    return 1;
  });
  m.cpu.irq(() => a.schedule());
  t.same([scheduled, a.polls, m.cpu.softirqs.NET_RX, bits(a)], [[true], 2, 1, '']);
});

// ── poll ──

t.test('1.4: weight 1: a poll a packet, charged 1, and an empty one completes', async (t) => {
  const m = simulate({ budget: 1 });
  const completions: boolean[] = [];
  const a = m.napi('a', script([1, 1, 0], completions), { weight: 1 });
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, completions, m.cpu.timeSqueeze, m.cpu.softirqs.NET_RX], [3, [true], 2, 3]);
  t.equal(m.trace.of('napi_poll')[0], 'napi poll on napi struct a for device eth0 work 1 budget 1');
});

t.test('1.4: weight 1 and 2 packets: over the weight, charged 2, polled again', async (t) => {
  const m = simulate({ budget: 2 });
  const a = m.napi('a', script([2, 0]), { weight: 1 });
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.cpu.timeSqueeze], [2, 1]);
  t.match(m.log[0], /returned 2, exceeding its budget of 1\.$/);
});

t.test('1.4: weight 128: 64 is under it, and left to the driver', async (t) => {
  const m = simulate();
  const a = m.napi('a', () => 64, { weight: 128 });
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, bits(a), m.cpu.pollList, m.cpu.pending], [1, 'SCHED', [], []]);
});

t.test('1.4: one less than the weight, completed, with MISSED: polled once more in the same invocation', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi) => {
    if (napi.polls === 1) napi.schedule();
    return finds(napi.polls === 1 ? 63 : 0)(napi, 64);
  });
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.cpu.softirqs.NET_RX, m.log], [2, 1, []]);
});

t.test('1.4: MISSED at full budget without complete: MISSED stays until it completes', async (t) => {
  const m = simulate();
  const seen: string[] = [];
  const completions: boolean[] = [];
  const a = m.napi('a', (napi, budget) => {
    seen.push(bits(napi));
    if (napi.polls === 1) {
      napi.schedule();
      return budget;
    }
    completions.push(napi.completeDone(0));
    return 0;
  });
  m.cpu.irq(() => a.schedule());
  t.same(
    [seen, completions],
    [
      ['SCHED', 'SCHED|MISSED', 'SCHED'],
      [false, true],
    ],
  );
});

t.test('1.4: DISABLE comes before PREFER_BUSY_POLL at full budget: no deferral, and nobody schedules it', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy, { deferHardIrqs: 2, groFlushTimeoutNs: T });
  m.cpu.task(() => a.schedulePrep());
  a.set('PREFER_BUSY_POLL');
  const disable = a.beginDisable();
  m.cpu.irq(() => a.scheduleHeld());
  t.same([a.polls, bits(a), a.deferCount, a.timerCpu], [1, 'DISABLE', 0, null]);
  t.ok(disable.step());
});

t.test(
  '1.4: DISABLE at full budget with a deferral that is left: one is used up, and the timer is cancelled',
  async (t) => {
    const m = simulate();
    const a = m.napi('a', (napi, budget) => (napi.polls === 1 ? finds(1)(napi, budget) : budget), {
      deferHardIrqs: 3,
      groFlushTimeoutNs: T,
    });
    m.cpu.irq(() => a.schedule());
    t.equal(a.deferCount, 2);
    m.cpu.task(() => a.schedulePrep());
    const disable = a.beginDisable();
    m.cpu.irq(() => a.scheduleHeld());
    t.same([bits(a), a.deferCount, a.timerCpu], ['DISABLE', 1, 0]);
    t.ok(disable.step());
    m.run();
    t.same([a.timerCpu, a.polls], [null, 2]);
  },
);

t.test('1.4: over the weight while DISABLE is set: said, completed, not polled again', async (t) => {
  const m = simulate();
  const a = m.napi('a', () => 65);
  m.cpu.task(() => a.schedulePrep());
  const disable = a.beginDisable();
  m.cpu.irq(() => a.scheduleHeld());
  t.same([a.polls, m.log.length, disable.step()], [1, 1, true]);
});

t.test('1.4: PREFER_BUSY_POLL and MISSED at full budget: listed once, by the completion', async (t) => {
  const m = simulate();
  const seen: string[] = [];
  const a = m.napi('a', (napi, budget) => {
    seen.push(bits(napi));
    if (napi.polls > 1) return finds(0)(napi, budget);
    napi.set('PREFER_BUSY_POLL');
    napi.schedule();
    return budget;
  });
  m.cpu.irq(() => a.schedule());
  t.same([seen, bits(a), m.cpu.softirqs.NET_RX, m.log], [['SCHED', 'SCHED'], '', 1, []]);
});

t.test(
  '1.4: PREFER_BUSY_POLL at full budget, held packets, a timeout alone: the timer runs, and it is scheduled, too',
  async (t) => {
    const m = simulate();
    const { gro, flushes } = groOf(1);
    const a = m.napi('a', script([64, 64]), { gro, groFlushTimeoutNs: T });
    m.cpu.task(() => a.schedulePrep());
    a.set('PREFER_BUSY_POLL');
    m.cpu.needResched = true;
    m.cpu.irq(() => a.scheduleHeld());
    t.same([a.polls, flushes, a.timerCpu, bits(a), m.cpu.pollList], [2, ['old', 'old'], 0, 'SCHED', ['a']]);
  },
);

t.test('1.4: PREFER_BUSY_POLL under budget: goes with the completion of the driver', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(63));
  m.cpu.task(() => a.schedulePrep());
  a.set('PREFER_BUSY_POLL');
  m.cpu.irq(() => a.scheduleHeld());
  t.same([a.polls, bits(a)], [1, '']);
});

t.test('1.4: completes twice in one poll: a warning, and it is idle', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi) => {
    napi.completeDone(1);
    t.throws(() => napi.completeDone(1), { name: 'NapiError', call: 'napi_complete_done', state: ['LISTED'] });
    return 1;
  });
  m.cpu.irq(() => a.schedule());
  t.equal(bits(a), '');
});

t.test('1.4: not polled because SCHED is clear: 0 is charged, and no trace is left', async (t) => {
  const m = simulate({ budget: 64 });
  const a = m.napi('a', (napi, budget) => {
    napi.completeDone(1);
    return budget;
  });
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.trace.of('napi_poll').length, m.cpu.timeSqueeze, m.cpu.softirqs.NET_RX], [1, 1, 1, 2]);
});

// ── complete ──

t.test('1.5: while NPSVC is set nothing is touched: neither count, nor GRO, nor MISSED, nor the list', async (t) => {
  const m = simulate();
  const { gro, flushes } = groOf(1);
  const a = m.napi('a', () => 0, { gro, deferHardIrqs: 2, groFlushTimeoutNs: T });
  m.cpu.bhDisabled(() => {
    a.schedule();
    a.set('MISSED');
    a.set('NPSVC');
    t.notOk(a.completeDone(5));
    t.same([a.deferCount, flushes, a.timerCpu, m.cpu.pollList, a.listOwner], [0, [], null, ['a'], 0]);
    t.equal(bits(a), 'SCHED|MISSED|NPSVC');
  });
});

t.test('1.5: no work and held packets: no timer, all are flushed', async (t) => {
  const m = simulate();
  const { gro, flushes } = groOf(1);
  const a = m.napi('a', finds(0), { gro, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  t.same([flushes, a.timerCpu], [['all'], null]);
});

t.test(
  '1.5: a count without a timeout runs down unseen, and what is left of it counts when there is one',
  async (t) => {
    const m = simulate();
    const completions: boolean[] = [];
    const a = m.napi('a', script([1, 0, 0, 0], completions), { deferHardIrqs: 3 });
    m.cpu.irq(() => a.schedule());
    t.same([completions, a.deferCount, a.timerCpu], [[true], 2, null]);
    a.tune({ groFlushTimeoutNs: T });
    m.cpu.irq(() => a.schedule());
    t.same([completions, a.deferCount, a.timerCpu], [[true, false], 1, 0]);
    m.run();
    t.same([completions, a.deferCount], [[true, false, false, true], 0]);
  },
);

t.test('1.5: defer 1: one completion is deferred, the timer’s is not', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([1], completions), { deferHardIrqs: 1, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  m.run();
  t.same([completions, a.polls], [[false, true], 2]);
});

t.test('1.5: the largest count there is', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1), { deferHardIrqs: 0x7fffffff, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  t.equal(a.deferCount, 0x7ffffffe);
});

t.test('1.5: napi_defer_hard_irqs set to 0 while a count is left: it runs down all the same', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([1], completions), { deferHardIrqs: 2, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  a.tune({ deferHardIrqs: 0 });
  m.run();
  t.same(completions, [false, false, true]);
});

t.test('1.5: gro_flush_timeout set to 0 while a timer is armed: it polls, and the interrupt is on', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([1], completions), { deferHardIrqs: 5, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  a.tune({ groFlushTimeoutNs: 0 });
  m.run();
  t.same([completions, a.deferCount], [[false, true], 3]);
});

t.test('1.5: bits that are not its own stay', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  m.cpu.bhDisabled(() => {
    a.schedulePrep();
    for (const bit of ['DISABLE', 'NO_BUSY_POLL', 'THREADED', 'THREADED_BUSY_POLL', 'SCHED_THREADED'] as const)
      a.set(bit);
    t.ok(a.completeDone(0));
  });
  t.equal(bits(a), 'DISABLE|NO_BUSY_POLL|THREADED|THREADED_BUSY_POLL');
});

t.test('1.5: MISSED while DISABLE is set: polled once more, and then let go', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([1, 0], completions));
  m.cpu.task(() => a.schedulePrep());
  a.set('MISSED');
  const disable = a.beginDisable();
  m.cpu.irq(() => a.scheduleHeld());
  t.same([completions, a.polls, disable.step()], [[false, true], 2, true]);
});

// ── control ──

t.test('1.6: disabling and enabling leave the count of deferrals', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([1, 0, 0], completions), { deferHardIrqs: 2, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  a.disable();
  t.same([a.timerCpu, a.deferCount], [null, 1]);
  a.enable();
  m.run();
  t.same(completions, [false], 'its timer is gone');
  m.cpu.irq(() => a.schedule());
  t.same([completions, a.timerCpu], [[false, false], 0]);
});

t.test('1.6: a PREFER_BUSY_POLL that a busy loop sets on a disabled one survives enabling', async (t) => {
  const m = simulate();
  const a = m.napi('a', script([64, 0]));
  const { napiId } = a;
  let rounds = 0;
  m.cpu.irq(() => a.schedulePrep());
  m.cpu.busyLoop(napiId, {
    prefer: true,
    loopEnd: () => {
      rounds += 1;
      if (rounds === 2) return true;
      m.cpu.irq(() => a.scheduleHeld());
      a.disable();
      t.equal(bits(a), 'SCHED|NPSVC');
      return false;
    },
  });
  t.equal(bits(a), 'SCHED|NPSVC|PREFER_BUSY_POLL');
  a.enable();
  t.equal(bits(a), 'PREFER_BUSY_POLL');
});

t.test('1.6: deleted while it is disabled: SCHED and NPSVC stay, and added again it is as new', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  a.disable();
  a.del();
  t.same(a.state, ['SCHED', 'NPSVC']);
  a.del();
  a.add();
  t.same(a.state, ['SCHED', 'NPSVC', 'LISTED']);
});

t.test('1.6: disabling waits for the thread of a threaded one, which needs no new schedule for it', async (t) => {
  const m = simulate();
  const a = m.napi('a', script([64, 64, 3]));
  a.setThreaded('enabled');
  m.cpu.irq(() => a.schedule());
  a.disable();
  t.same([a.polls, bits(a), a.thread !== null], [1, 'SCHED|NPSVC', true], 'its first full poll is its last');
});

t.test('1.6: enabled again while the timer of its earlier life would be due: nothing polls', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1), { deferHardIrqs: 1, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  a.disable();
  a.enable();
  m.run();
  t.same([a.polls, a.timerCpu, bits(a)], [1, null, '']);
});

// ── netpoll ──

t.test('1.7: what is scheduled during a netpoll is polled by its softirq, afterwards', async (t) => {
  const m = simulate();
  const polls: number[] = [];
  const a = m.napi('a', (napi, budget) => {
    polls.push(budget);
    if (budget === 0) m.cpu.irq(() => t.ok(napi.schedule()));
    else t.equal(napi.completeDone(1), !napi.has('NPSVC'));
    return budget === 0 ? 0 : 1;
  });
  m.cpu.localBhDisable();
  m.cpu.netpoll(a);
  t.same([polls, bits(a)], [[0], 'SCHED']);
  m.cpu.localBhEnable();
  t.same([polls, bits(a)], [[0, 64], '']);
});

t.test('1.7: being disabled and idle it is netpolled, and disable waits for that', async (t) => {
  const m = simulate();
  const steps: boolean[] = [];
  const a = m.napi('a', () => {
    steps.push(disable.step());
    return 0;
  });
  const disable = a.beginDisable();
  m.cpu.netpoll(a);
  t.same([a.polls, steps, disable.step()], [1, [false], true]);
});

t.test('1.7: several in order; a disabled one among them is passed over', async (t) => {
  const m = simulate();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => m.napi(name, () => 0));
  b!.disable();
  m.cpu.netpoll(a!, b!, c!);
  t.same([a!.polls, b!.polls, c!.polls, bits(b!)], [1, 0, 1, 'SCHED|NPSVC']);
});
