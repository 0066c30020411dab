// Cold. Runs on: main.
// The state machine of a NAPI instance: napi_schedule_prep, napi_complete_done, napi_enable, napi_disable, netpoll.
// Each test is named by the case of the kernel's behaviour that it holds; weight 64, budget 300, HZ 1000, time stands still.

import t from 'tap';
import { simulate } from '../../src/testing.js';
import { bits, busy, finds, script } from './drivers.js';

t.test('S01: schedule_prep three times: one owner, then MISSED, which is set once', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  const prep = () => [m.cpu.task(() => a.schedulePrep()), bits(a)];
  t.same(
    [prep(), prep(), prep()],
    [
      [true, 'SCHED'],
      [false, 'SCHED|MISSED'],
      [false, 'SCHED|MISSED'],
    ],
  );
  t.equal(a.holder, 0);
  t.same(m.cpu.pollList, [], 'prep lists nobody');
});

t.test('S02: MISSED: complete returns false, and exactly one more poll follows', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([0, 0], completions));
  m.cpu.irq(() => {
    a.schedule();
    a.schedule();
    t.equal(bits(a), 'SCHED|MISSED');
  });
  t.same(completions, [false, true]);
  t.equal(a.polls, 2);
  t.equal(bits(a), '');
  t.same(m.cpu.pollList, []);
});

t.test('S03: MISSED that comes during the poll counts the same, however often it comes', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', (napi) => {
    if (napi.polls === 1) for (let i = 0; i < 5; i += 1) m.cpu.irq(() => napi.schedule());
    completions.push(napi.completeDone(1));
    if (napi.polls === 1) t.same([bits(napi), m.cpu.pollList], ['SCHED', ['a']], 'back on the list at once');
    return 1;
  });
  m.cpu.irq(() => a.schedule());
  t.same(completions, [false, true]);
});

t.test('S04: while it is being disabled, an event is dropped and leaves no trace', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1));
  m.cpu.task(() => a.schedulePrep());
  a.beginDisable();
  t.equal(
    m.cpu.task(() => a.schedulePrep()),
    false,
  );
  t.equal(bits(a), 'SCHED|DISABLE', 'no MISSED');
});

t.test('S05: idle and being disabled: nobody gets SCHED, not even for the first time', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1));
  const disable = a.beginDisable();
  t.equal(
    m.cpu.task(() => a.schedule()),
    false,
  );
  t.equal(bits(a), 'DISABLE');
  t.equal(disable.step(), true, 'so it ends at once');
  t.equal(bits(a), 'SCHED|NPSVC');
});

t.test('S06: enable, then schedule with bottom halves off: polled before local_bh_enable() returns', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  a.disable();
  a.enable();
  m.cpu.bhDisabled(() => {
    t.ok(a.schedule());
    t.equal(a.polls, 0);
  });
  t.equal(a.polls, 1);
  t.notOk(m.cpu.ksoftirqdRunnable);
});

t.test(
  'S06: an interrupt on a disabled one leaves MISSED: one poll more in the next cycle, and none by itself',
  async (t) => {
    const m = simulate();
    const completions: boolean[] = [];
    const a = m.napi('a', script([], completions));
    a.disable();
    m.cpu.irq(() => t.notOk(a.schedule()));
    t.equal(bits(a), 'SCHED|MISSED|NPSVC');
    a.enable();
    t.equal(bits(a), 'MISSED', 'stale');
    t.equal(m.run(), 0, 'nothing moves');
    m.cpu.irq(() => t.ok(a.schedule()));
    t.same(completions, [false, true]);
  },
);

t.test('S07: a poll on another CPU: disable ends when it has let go', async (t) => {
  const m = simulate({ cpus: 2 });
  const seen: unknown[] = [];
  const a = m.napi('a', (napi) => {
    napi.set('THREADED_BUSY_POLL');
    const disable = napi.beginDisable();
    seen.push(disable.step(), bits(napi));
    seen.push(napi.completeDone(1), disable.step(), bits(napi), napi.holder);
    return 1;
  });
  m.cpus[1]!.irq(() => a.schedule());
  t.same(seen, [false, 'SCHED|DISABLE|THREADED_BUSY_POLL', true, true, 'SCHED|NPSVC', null]);
});

t.test('S07: once disabled it is neither threaded nor preferred, has no timer and no id', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { deferHardIrqs: 1, groFlushTimeoutNs: 20_000 });
  m.cpu.core.softnet.napis[a.id]!.timer.start(20_000);
  a.setThreaded('enabled');
  a.set('THREADED_BUSY_POLL');
  a.set('PREFER_BUSY_POLL');
  t.ok(a.has('THREADED'));
  a.disable();
  t.same([bits(a), a.timerCpu, a.napiId], ['SCHED|NPSVC', null, 0]);
});

t.test('S08: scheduled and not polled yet: disable lets it have its poll', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(3));
  m.cpu.task(() => a.schedule());
  a.disable();
  t.equal(a.polls, 1);
  t.equal(bits(a), 'SCHED|NPSVC');
});

t.test('S09: one that always uses its budget, with a MISSED: one poll more, then disabled', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  m.cpu.irq(() => a.schedule());
  m.cpu.irq(() => a.schedule());
  const disable = a.beginDisable();
  const before = a.polls;
  t.notOk(disable.step());
  m.run();
  t.equal(a.polls, before + 2, 'the one that was due, and one for MISSED');
  t.ok(disable.step());
  t.same(m.cpu.pollList, []);
});

t.test('S09: without a MISSED, the poll that is due is the last', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  m.cpu.pass();
  m.cpu.irq(() => a.schedule());
  const before = a.polls;
  a.disable();
  t.equal(a.polls, before + 1);
});

t.test('S09: that last poll counts as an empty one: no deferral begins', async (t) => {
  const m = simulate();
  const timers: number[] = [];
  const timer = { start: (ns: number) => timers.push(ns), cancel: () => {} };
  const a = m.napi('a', busy, { timer, deferHardIrqs: 2, groFlushTimeoutNs: 20_000 });
  m.cpu.task(() => a.schedule());
  a.disable();
  t.same([a.polls, a.deferCount, timers], [1, 0, []]);
});

t.test('S10: disabled twice: never returns, and DISABLE stays set', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  a.disable();
  t.throws(() => a.disable(), {
    name: 'NapiError',
    call: 'napi_disable',
    message: 'napi_disable: never returns: it is disabled already (napi 0: SCHED|DISABLE|NPSVC|LISTED, disabled)',
  });
  t.equal(bits(a), 'SCHED|DISABLE|NPSVC');
});

t.test('S11: enabled twice: BUG, and the state is as before', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  const id = a.napiId;
  t.throws(() => a.enable(), { message: 'napi_enable: it is not disabled (napi 0: LISTED, held by nobody)' });
  t.equal(bits(a), '');
  t.equal(a.napiId, id);
});

t.test('S12: freshly added: born disabled, scheduled by nobody, found by no id', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { disabled: true });
  t.same(a.state, ['SCHED', 'NPSVC', 'LISTED']);
  t.equal(
    m.cpu.task(() => a.schedulePrep()),
    false,
  );
  t.same([a.napiId, a.listOwner, a.holder], [0, -1, null]);
  a.enable();
  t.equal(m.ids.find(a.napiId)?.id, a.id);
  const was = a.napiId;
  a.disable();
  t.equal(m.ids.find(was), null);
});

t.test('S12: ids are larger than the number of CPUs, and nobody shares one', async (t) => {
  const m = simulate({ cpus: 4 });
  const ids = ['a', 'b', 'c'].map((name) => m.napi(name, busy).napiId);
  t.same(ids, [5, 6, 7]);
  t.equal(m.ids.find(4), null);
});

t.test('S13: added twice: a warning, and no effect', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  m.cpu.task(() => a.schedule());
  t.throws(() => a.add(), {
    call: 'netif_napi_add',
    message: /it is listed already \(napi 0: SCHED\|LISTED, held by context 0/,
  });
  t.equal(bits(a), 'SCHED');
  t.same(m.cpu.pollList, ['a']);
});

t.test('S14: deleted while enabled: a warning, and it is off the list; once more: nothing', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  t.throws(() => a.del(), { call: 'netif_napi_del', message: /it is not disabled \(napi 0: 0, held by nobody/ });
  t.same(a.state, []);
  a.del();
  const b = m.napi('b', finds(0), { disabled: true });
  b.del();
  t.same(b.state, ['SCHED', 'NPSVC']);
  b.add();
  t.same(b.state, ['SCHED', 'NPSVC', 'LISTED']);
});

t.test('added again, it has the bits that nobody clears', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0), { disabled: true });
  a.set('NO_BUSY_POLL'); // netif_napi_add_tx()
  m.cpu.irq(() => a.schedule());
  a.del();
  a.add();
  t.same(a.state, ['SCHED', 'MISSED', 'NPSVC', 'LISTED', 'NO_BUSY_POLL']);
  a.enable();
  t.equal(a.napiId, 0, 'nobody may busy-poll it');
});

t.test('S15: returns 10 without completing: stuck, interrupts only set MISSED, and disable hangs', async (t) => {
  const m = simulate();
  const a = m.napi('a', () => 10);
  m.cpu.irq(() => a.schedule());
  t.equal(bits(a), 'SCHED');
  t.notOk(a.isListed);
  m.cpu.irq(() => t.notOk(a.schedule()));
  t.equal(bits(a), 'SCHED|MISSED');
  m.run();
  t.equal(a.polls, 1);
  t.throws(() => a.disable(), {
    call: 'napi_disable',
    holder: 0,
    message: /never returns: nothing moves any more \(napi 0: SCHED\|MISSED\|DISABLE\|LISTED, held by context 0/,
  });
});

t.test('S16: returns 65: said once, polled again, and charged 65', async (t) => {
  const m = simulate({ budget: 65 });
  const a = m.napi('a', () => 65);
  m.cpu.irq(() => a.schedule());
  t.equal(a.polls, 10);
  t.same(m.log, ['NAPI poll function a returned 65, exceeding its budget of 64.']);
  t.equal(m.cpu.timeSqueeze, 10, 'a budget of 65 is used up by one poll');
});

t.test('S16: 64 does not use up a budget of 65', async (t) => {
  const m = simulate({ budget: 65 });
  const a = m.napi('a', busy);
  m.cpu.irq(() => a.schedule());
  t.same([m.log, m.cpu.timeSqueeze], [[], 0]);
});

t.test('S17: a weight over 64 is said once, and taken', async (t) => {
  const m = simulate();
  const budgets: number[] = [];
  for (const name of ['a', 'b']) {
    const napi = m.napi(
      name,
      (n, budget) => {
        budgets.push(budget);
        return finds(0)(n, budget);
      },
      { weight: 128 },
    );
    m.cpu.irq(() => napi.schedule());
  }
  t.same(budgets, [128, 128]);
  t.same(m.log, ['eth0: netif_napi_add_weight() called with weight 128']);
});

t.test('S18: completes and returns 64 all the same: visited in the next pass, and not polled', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi, budget) => {
    napi.completeDone(budget);
    return budget;
  });
  m.cpu.irq(() => a.schedule());
  t.equal(a.polls, 1);
  t.equal(m.trace.of('napi_poll').length, 1);
  t.equal(m.cpu.softirqs.NET_RX, 2, 'there was a pass for it');
  t.same([bits(a), m.cpu.pollList, m.cpu.inNetRxAction], ['', [], false]);
});

t.test('S19: exactly 64 and now empty: polled again, and only then is the interrupt on', async (t) => {
  const m = simulate();
  const line = m.line('eth0', () => a.schedule());
  const ring = [64, 0, 0];
  const a = m.napi('a', (napi, budget) => {
    const work = ring.shift()!;
    if (work === budget)
      line.raise(); // remembered by the device until it is unmasked
    else if (napi.completeDone(work)) line.unmask();
    return work;
  });
  line.raise();
  m.run();
  const order = m.trace.events.filter(({ event }) => ['irq_handler_entry', 'napi_poll'].includes(event));
  t.same(
    order.map(({ event }) => event),
    ['irq_handler_entry', 'napi_poll', 'napi_poll', 'irq_handler_entry', 'napi_poll'],
  );
});

t.test('S20: netpoll polls: complete_done returns false, and SCHED stays as it is', async (t) => {
  const m = simulate({ cpus: 2 });
  const seen: unknown[] = [];
  const a = m.napi('a', (napi, budget) => {
    if (budget === 0) return 0;
    // The device is not known to netpoll yet, so that the polls do not take turns.
    napi.set('NPSVC');
    seen.push(napi.completeDone(3), bits(napi));
    napi.clear('NPSVC');
    seen.push(napi.completeDone(3), bits(napi));
    return 3;
  });
  m.cpu.irq(() => a.schedule());
  t.same(seen, [false, 'SCHED|NPSVC', true, '']);
});

t.test('S20: so it is for whoever busy-polls', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  a.set('IN_BUSY_POLL');
  m.cpu.task(() => a.schedulePrep());
  t.notOk(m.cpu.task(() => a.completeDone(0)));
  t.equal(bits(a), 'SCHED|IN_BUSY_POLL');
});

t.test('S21: netpoll polls with budget 0, also one that nobody scheduled; work is said once', async (t) => {
  const m = simulate();
  const budgets: number[] = [];
  const poll = (work: number) => (_: unknown, budget: number) => {
    budgets.push(budget);
    return work;
  };
  const [a, b] = [m.napi('a', poll(0)), m.napi('b', poll(2))];
  m.cpu.netpoll(a, b);
  m.cpu.netpoll(b);
  t.same(budgets, [0, 0, 0]);
  t.same(m.log, ['b exceeded budget in poll']);
  t.same(m.trace.of('napi_poll').slice(0, 2), [
    'napi poll on napi struct a for device eth0 work 0 budget 0',
    'napi poll on napi struct b for device eth0 work 2 budget 0',
  ]);
  t.same([bits(a), bits(b)], ['', ''], 'NPSVC is gone');
});

t.test('S21: a poll and netpoll take turns: whoever polls is not netpolled', async (t) => {
  const m = simulate({ cpus: 2 });
  const budgets: number[] = [];
  const a = m.napi(
    'a',
    (napi, budget) => {
      budgets.push(budget);
      if (budget === 0) return 0;
      m.cpus[1]!.netpoll(napi);
      return finds(1)(napi, budget);
    },
    { netpoll: true },
  );
  m.cpu.irq(() => a.schedule());
  t.same(budgets, [64]);
  m.cpus[1]!.netpoll(a);
  t.same(budgets, [64, 0], 'afterwards it is');
});

t.test('S22: netpoll leaves a disabled one alone', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  a.disable();
  m.cpu.netpoll(a);
  t.equal(a.polls, 0);
  t.equal(bits(a), 'SCHED|NPSVC');
});

t.test('S22: disable waits for a netpoll that is under way', async (t) => {
  const m = simulate();
  const seen: boolean[] = [];
  const a = m.napi('a', (napi) => {
    seen.push(disable.step());
    return napi.id;
  });
  const disable = a.beginDisable();
  m.cpu.netpoll(a);
  t.same([...seen, disable.step()], [false, true]);
});

t.test('S23: synchronize waits for SCHED, and forbids nothing', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1));
  a.synchronize();
  m.cpu.task(() => a.schedule());
  a.synchronize();
  t.equal(a.polls, 1);
  t.ok(m.cpu.task(() => a.schedule()));
  m.run();
  const stuck = m.napi('stuck', () => 1);
  m.cpu.irq(() => stuck.schedule());
  t.throws(() => stuck.synchronize(), { message: /^napi_synchronize: .* held by context 0\)$/ });
});

t.test('S24: it runs on the CPU that schedules it, wherever it ran before', async (t) => {
  const m = simulate({ cpus: 2 });
  const ran: number[] = [];
  const a = m.napi('a', (napi) => {
    ran.push(napi.holder!, napi.listOwner);
    return finds(1)(napi, 64);
  });
  for (const cpu of m.cpus) cpu.irq(() => a.schedule());
  t.same(ran, [0, 0, 1, 1]);
  t.equal(a.listOwner, -1, 'nobody’s once it has completed');
});

t.test('S25: prep, mask, schedule: an event in between is neither lost nor masked twice', async (t) => {
  const m = simulate();
  const device = { masked: false, ring: 1, masks: 0 };
  const a = m.napi('a', (napi) => {
    const work = device.ring;
    device.ring = 0;
    if (napi.completeDone(work)) device.masked = false;
    return work;
  });
  const interrupt = (meanwhile: () => void) =>
    m.cpu.irq(() => {
      if (!a.schedulePrep()) return;
      meanwhile();
      t.notOk(device.masked);
      device.masked = true;
      device.masks += 1;
      a.scheduleHeld();
    });
  interrupt(() => {
    device.ring += 1;
    interrupt(() => {}); // not masked yet, so it comes: it finds SCHED, and leaves MISSED
  });
  t.match(device, { masked: false, ring: 0, masks: 1 });
  t.equal(a.polls, 2, 'MISSED brought a second look');
});

t.test('S25: prep, schedule, mask: the poll has unmasked already when the mask comes', async (t) => {
  const m = simulate();
  let masked = false;
  const a = m.napi('a', (napi) => {
    if (napi.completeDone(1)) masked = false;
    return 1;
  });
  // As a handler in process context, or a threaded one: the softirq can run between its steps.
  m.cpu.bhDisabled(() => a.schedulePrep() && a.scheduleHeld());
  masked = true;
  m.run();
  t.equal(a.polls, 1);
  t.ok(masked, 'nobody will ever unmask it');
});

t.test('mark_missed: only where somebody polls', async (t) => {
  const m = simulate();
  const seen: unknown[] = [];
  const a = m.napi('a', (napi) => {
    if (napi.polls === 1) seen.push(napi.ifScheduledMarkMissed(), bits(napi));
    return finds(0)(napi, 64);
  });
  t.equal(a.ifScheduledMarkMissed(), false);
  m.cpu.irq(() => a.schedule());
  t.same(seen, [true, 'SCHED|MISSED']);
  t.equal(a.polls, 2);
  m.cpu.task(() => a.schedulePrep());
  a.beginDisable();
  t.equal(a.ifScheduledMarkMissed(), true, 'as if it were noted');
  t.equal(bits(a), 'SCHED|DISABLE');
});

t.test('complete_done: what stays and what goes, in the kernel’s order', async (t) => {
  const m = simulate();
  const order: string[] = [];
  const flush = (oldOnly: boolean) => order.push(`flush ${oldOnly} ${bits(a)}`);
  const gro = { held: 1, count: 0, flush, deliver: () => {} };
  const timer = { start: (ns: number) => order.push(`timer ${ns} ${bits(a)}`) };
  const completions: boolean[] = [];
  const options = { gro, timer, deferHardIrqs: 2, groFlushTimeoutNs: 20_000 };
  const a = m.napi('a', script([5, 0, 0], completions), options);
  for (let cycle = 0; cycle < 3; cycle += 1) m.cpu.irq(() => a.schedule());
  t.same(order, ['flush true SCHED', 'timer 20000 ', 'flush true SCHED', 'timer 20000 ', 'flush false SCHED']);
  t.same([a.deferCount, completions], [0, [false, false, true]]);
});

t.test('complete_done: MISSED uses up a deferral, and starts no timer', async (t) => {
  const m = simulate();
  const timers: number[] = [];
  const completions: boolean[] = [];
  const timer = { start: (ns: number) => timers.push(ns) };
  const a = m.napi('a', script([1, 0], completions), { timer, deferHardIrqs: 2, groFlushTimeoutNs: 20_000 });
  m.cpu.irq(() => {
    a.schedule();
    a.schedule();
  });
  t.same(completions, [false, false]);
  t.same(timers, [20_000], 'of the second completion');
  t.equal(a.deferCount, 0);
});

t.test('complete_done: a deferral without a timeout defers nothing', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([1], completions), { deferHardIrqs: 2 });
  m.cpu.irq(() => a.schedule());
  t.same([completions, a.deferCount], [[true], 1]);
});

t.test('a threaded one goes to its thread: no list, no owner, no softirq', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  m.sysfs('eth0', 'threaded', 1);
  m.cpu.irq(() => a.schedule());
  t.equal(bits(a), 'SCHED|THREADED|SCHED_THREADED');
  t.same([m.cpu.pollList, a.listOwner, m.trace.of('softirq_raise')], [[], -1, []]);
  m.cpu.task(() => a.completeDone(0));
  t.equal(bits(a), 'THREADED');
  a.disable();
  t.equal(bits(a), 'SCHED|NPSVC');
  a.enable();
  t.equal(bits(a), 'THREADED', 'its device is threaded');
});

t.test('complete_done: held packets start the timer, and the line is unmasked all the same', async (t) => {
  const m = simulate();
  const timers: number[] = [];
  const completions: boolean[] = [];
  const timer = { start: (ns: number) => timers.push(ns), cancel: () => {} };
  const gro = { held: 2, count: 0, flush: () => {}, deliver: () => {} };
  const a = m.napi('a', script([5, 0], completions), { timer, gro, groFlushTimeoutNs: 20_000 });
  m.cpu.irq(() => a.schedule());
  m.cpu.irq(() => a.schedule());
  t.same([completions, timers], [[true, true], [20_000]], 'an empty poll starts none');
});

t.test('complete_done: of one that nobody scheduled: a warning', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  t.throws(() => m.cpu.task(() => a.completeDone(0)), {
    message: 'napi_complete_done: it is not scheduled (napi 0: LISTED, held by nobody)',
  });
});
