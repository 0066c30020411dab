// Cold. Runs on: main.
// net_rx_action and the softirq core. Each test is named by the case of the kernel's behaviour that it holds; weight 64, budget
// 300, HZ 1000, time stands still unless a test moves it.

import t from 'tap';
import type { Simulation } from '../../src/simulate/machine.js';
import type { PollFunction } from '../../src/simulate/napi.js';
import { simulate } from '../../src/testing.js';
import { busy, finds } from './drivers.js';

/** Instances A, B, … that are polled as `polls` say, and who was polled: a string a run of NET_RX. */
function instances(m: Simulation, polls: readonly PollFunction[]) {
  const napis = polls.map((poll, id) =>
    m.napi(String.fromCharCode(65 + id), (napi, budget) => {
      order.push(napi.name);
      return poll(napi, budget);
    }),
  );
  const order: string[] = [];
  const schedule = (names = 'ABCDEFGH') => {
    for (const napi of napis) if (names.includes(napi.name)) napi.schedule();
  };
  /** `count` passes. @returns who was polled in each */
  const passes = (count: number) =>
    Array.from({ length: count }, () => {
      order.length = 0;
      m.cpu.pass();
      return order.join('');
    });
  return { napis, order, schedule, passes };
}

/** Schedules them with bottom halves off, so that nothing has run yet. */
function scheduled(m: Simulation, polls: readonly PollFunction[], names?: string) {
  const made = instances(m, polls);
  m.cpu.core.softirqs.localBhDisable();
  m.cpu.irq(() => made.schedule(names));
  m.cpu.core.softirqs.preempt.enableBh();
  return made;
}

t.test('N01: one that is always busy: ten passes, then ksoftirqd', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  m.cpu.irq(() => a.schedule());
  t.equal(a.polls, 10, '640 packets');
  t.equal(m.cpu.softirqs.NET_RX, 10);
  t.equal(m.cpu.timeSqueeze, 0);
  t.same(m.trace.of('sched_waking'), ['comm=ksoftirqd/0 prio=120 target_cpu=000'], 'woken once');
  t.same(m.cpu.pending, ['NET_RX']);
  t.ok(m.cpu.ksoftirqd());
  t.equal(a.polls, 20, 'with the same limits');
  t.ok(m.cpu.ksoftirqdRunnable);
});

t.test('N02: four that are always busy fit a pass', async (t) => {
  const m = simulate();
  const { passes } = scheduled(m, [busy, busy, busy, busy]);
  t.same(passes(2), ['ABCD', 'ABCD']);
  t.equal(m.cpu.timeSqueeze, 0);
  t.same(m.cpu.pending, ['NET_RX'], 'raised again');
});

t.test('N03: the fifth uses up the budget: a squeeze in every pass', async (t) => {
  const m = simulate();
  const { passes } = scheduled(m, [busy, busy, busy, busy, busy]);
  t.same(passes(3), ['ABCDE', 'ABCDE', 'ABCDE']);
  t.equal(m.cpu.timeSqueeze, 3);
});

t.test('N04: six take turns: what was not polled comes first', async (t) => {
  const m = simulate();
  const { passes } = scheduled(m, [busy, busy, busy, busy, busy, busy]);
  t.same(passes(4), ['ABCDE', 'FABCD', 'EFABC', 'DEFAB']);
  t.equal(m.cpu.timeSqueeze, 4);
});

t.test('N05: the last packet of the last one uses up the budget: squeezed, although nothing is left', async (t) => {
  const m = simulate({ budget: 50 });
  const a = m.napi('a', finds(50));
  m.cpu.irq(() => a.schedule());
  t.equal(m.cpu.timeSqueeze, 1);
  t.equal(m.trace.of('softirq_raise').length, 1, 'by the schedule, and not again');
  t.notOk(m.cpu.inNetRxAction);
});

t.test('N06: at least one is polled, whatever the budget', async (t) => {
  const m = simulate({ budget: 1 });
  const { passes } = scheduled(m, [busy, busy]);
  t.same(passes(3), ['A', 'B', 'A']);
  t.equal(m.cpu.timeSqueeze, 3);
});

t.test('N06: and with a budget of 64, one each', async (t) => {
  const m = simulate({ budget: 64 });
  const { passes } = scheduled(m, [busy]);
  t.same(passes(2), ['A', 'A']);
  t.equal(m.cpu.timeSqueeze, 2, 'without any other in need');
});

t.test('N07: one that its poll schedules comes before itself', async (t) => {
  const m = simulate();
  const made = scheduled(
    m,
    [
      (_, budget) => {
        made.schedule('B');
        return budget;
      },
      finds(1),
    ],
    'A',
  );
  t.same(made.passes(2), ['A', 'BA']);
});

t.test('N08: all have completed and an interrupt schedules another: reached in the same invocation', async (t) => {
  const m = simulate();
  const line = m.line('eth1', () => made.schedule('B'));
  const made = scheduled(
    m,
    [
      (napi, budget) => {
        line.raise();
        return finds(1)(napi, budget);
      },
      finds(1),
    ],
    'A',
  );
  t.same(made.passes(1), ['AB']);
  t.equal(m.cpu.softirqs.NET_RX, 1, 'no pass of its own');
  t.equal(m.trace.of('softirq_raise').length, 1, 'and no raise: that was for A');
});

t.test('N08: while one has more to do, it waits for the next pass', async (t) => {
  const m = simulate();
  const line = m.line('eth1', () => made.schedule('B'));
  const made = scheduled(
    m,
    [
      (napi, budget) => {
        if (napi.polls === 1) line.raise();
        return budget;
      },
      finds(1),
    ],
    'A',
  );
  t.same(made.passes(2), ['A', 'BA']);
});

/** Two that schedule each other for ever, `work` packets each. */
function pingPong(m: Simulation, work: number, each = () => {}) {
  const ping = (other: () => string): PollFunction => {
    return (napi) => {
      napi.completeDone(work);
      made.schedule(other());
      each();
      return work;
    };
  };
  const made = scheduled(m, [ping(() => 'B'), ping(() => 'A')], 'A');
  return made;
}

t.test('N09: two that schedule each other go on within one invocation, until the budget is gone', async (t) => {
  const m = simulate();
  const [polled] = pingPong(m, 1).passes(1);
  t.equal(polled, 'AB'.repeat(150));
  t.equal(m.cpu.softirqs.NET_RX, 1);
  t.equal(m.cpu.timeSqueeze, 1);
  t.same(m.cpu.pending, ['NET_RX']);
});

t.test('N09: or two jiffies', async (t) => {
  const m = simulate();
  const [polled] = pingPong(m, 1, () => m.advance(1e5)).passes(1);
  t.equal(polled?.length, 20);
  t.equal(m.cpu.timeSqueeze, 1);
});

t.test('N09: budget and time are those of the invocation, not of each round', async (t) => {
  const m = simulate({ budget: 5 });
  const [polled] = pingPong(m, 2).passes(1);
  t.equal(polled, 'ABA');
});

t.test('N10: a poll of three jiffies ends it; the others are carried over in order', async (t) => {
  const m = simulate();
  const slow: PollFunction = (napi) => {
    m.jiffies += 3;
    return finds(1)(napi, 64);
  };
  const { passes } = scheduled(m, [slow, slow, slow]);
  t.same(passes(1), ['A']);
  t.equal(m.cpu.timeSqueeze, 1);
  t.same(m.cpu.pollList, ['B', 'C']);
  t.same(passes(2), ['B', 'C']);
});

t.test('N11: the limit is netdev_budget_usecs in jiffies, counted from where the invocation began', async (t) => {
  for (const { budgetUsecs, hz, polls } of [
    { budgetUsecs: 2000, hz: 1000, polls: 2 },
    { budgetUsecs: 4000, hz: 1000, polls: 4 },
    { budgetUsecs: 4001, hz: 1000, polls: 5 },
    { budgetUsecs: 8000, hz: 250, polls: 2 },
    { budgetUsecs: 20_000, hz: 100, polls: 2 },
  ]) {
    const m = simulate({ budgetUsecs, hz });
    m.jiffies = 2 ** 31 - 1; // and they wrap
    const again: PollFunction = (napi) => {
      m.jiffies += 1;
      napi.completeDone(1);
      napi.schedule();
      return 1;
    };
    const [polled] = scheduled(m, [again]).passes(1);
    t.equal(polled?.length, polls, `${budgetUsecs} µs at ${hz} HZ`);
  }
});

t.test('N11: by default two jiffies, whatever HZ', async (t) => {
  for (const hz of [100, 250, 1000]) {
    const m = simulate({ hz });
    const [polled] = pingPong(m, 1, () => {
      m.jiffies += 1;
    }).passes(1);
    t.equal(polled, 'AB');
  }
});

t.test('N12: work is left: in_net_rx_action stays, and a schedule before the next pass raises nothing', async (t) => {
  const m = simulate();
  const made = scheduled(m, [busy, finds(1)], 'A');
  made.passes(1);
  t.ok(m.cpu.inNetRxAction);
  m.trace.clear();
  m.cpu.core.softirqs.localBhDisable();
  m.cpu.irq(() => made.schedule('B'));
  m.cpu.core.softirqs.preempt.enableBh();
  t.same(m.trace.of('softirq_raise'), []);
  t.same(m.cpu.pollList, ['A', 'B']);
  t.same(made.passes(1), ['AB']);
});

t.test('N12: nothing is left: the next schedule raises', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1));
  m.cpu.irq(() => a.schedule());
  t.notOk(m.cpu.inNetRxAction);
  m.cpu.irq(() => a.schedule());
  t.equal(m.trace.of('softirq_raise').length, 2);
});

t.test('N13: scheduled in process context: ksoftirqd is woken, and runs it', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1));
  m.cpu.task(() => a.schedule());
  t.equal(a.polls, 0);
  t.equal(m.trace.of('sched_waking').length, 1);
  m.cpu.raise('TIMER');
  t.equal(m.trace.of('sched_waking').length, 1, 'once');
  m.run();
  t.equal(a.polls, 1);
  t.equal(m.cpu.counters.ksoftirqdRuns, 1);
  t.notOk(m.cpu.ksoftirqdRunnable);
});

t.test('N14: with bottom halves off: inline, before local_bh_enable() returns, and ksoftirqd sleeps', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1));
  m.cpu.bhDisabled(() => {
    m.cpu.bhDisabled(() => a.schedule());
    t.equal(a.polls, 0, 'the inner pair runs nothing');
  });
  t.equal(a.polls, 1);
  t.same(m.trace.of('sched_waking'), []);
});

t.test('N15: an interrupt over bottom halves that are off: left pending, and run when they are on again', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1));
  m.cpu.bhDisabled(() => {
    m.cpu.irq(() => a.schedule());
    t.same([a.polls, m.cpu.pending], [0, ['NET_RX']]);
  });
  t.equal(a.polls, 1);
  t.same(m.trace.of('sched_waking'), []);
});

t.test('N15: an interrupt over a softirq: left to the restart', async (t) => {
  const m = simulate();
  const b = m.napi('b', finds(1));
  const ran: string[] = [];
  m.cpu.open('TIMER', () => {
    m.cpu.irq(() => b.schedule());
    ran.push(`b polled ${b.polls} times`);
  });
  m.cpu.irq(() => m.cpu.raise('TIMER'));
  t.same(ran, ['b polled 0 times']);
  t.equal(b.polls, 1);
  t.same(m.trace.of('softirq_entry'), ['vec=1 [action=TIMER]', 'vec=3 [action=NET_RX]']);
});

t.test('N15: a nested interrupt runs nothing, the outer one does', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1));
  m.cpu.irq(() => {
    m.cpu.irq(() => a.schedule());
    t.equal(a.polls, 0);
  });
  t.equal(a.polls, 1);
});

t.test('N16: marked in process context and no interrupt: pending for ever, and said when the tick stops', async (t) => {
  const m = simulate();
  m.cpu.mark('NET_RX');
  t.equal(m.run(), 0);
  t.ok(m.cpu.idle());
  t.same(m.log, ['NOHZ tick-stop error: local softirq work is pending, handler #08!!!']);
  t.same(m.cpu.pending, ['NET_RX']);
  for (let i = 0; i < 20; i += 1) m.cpu.idle();
  t.equal(m.log.length, 10, 'ten times at most');
  m.cpu.irq();
  t.same(m.cpu.pending, [], 'the next irq_exit runs it');
});

t.test('N17: the lowest vector first, each counted', async (t) => {
  const m = simulate();
  const ran: string[] = [];
  for (const vector of ['RCU', 'NET_RX', 'TIMER', 'HI'] as const) m.cpu.open(vector, () => ran.push(vector));
  m.cpu.irq(() => {
    for (const vector of ['RCU', 'NET_RX', 'TIMER'] as const) m.cpu.raise(vector);
    t.same(m.cpu.pending, ['TIMER', 'NET_RX', 'RCU']);
  });
  t.same(ran, ['TIMER', 'NET_RX', 'RCU']);
  t.match(m.cpu.softirqs, { HI: 0, TIMER: 1, NET_RX: 1, RCU: 1 });
});

t.test('N18: what a handler raises runs in the next pass, also when its turn is still to come', async (t) => {
  const m = simulate();
  const ran: string[] = [];
  m.cpu.open('TIMER', () => ran.push('TIMER'));
  m.cpu.open('RCU', () => ran.push('RCU'));
  m.cpu.open('NET_RX', () => {
    ran.push('NET_RX');
    for (const vector of ['TIMER', 'RCU'] as const) m.cpu.raise(vector);
  });
  m.cpu.irq(() => {
    for (const vector of ['NET_RX', 'RCU'] as const) m.cpu.raise(vector);
  });
  t.same(ran, ['NET_RX', 'RCU', 'TIMER', 'RCU']);
});

/** NET_RX that always leaves work behind. @returns how often it ran */
function endless(m: Simulation, each = (_: number) => {}) {
  const runs = { count: 0 };
  m.cpu.open('NET_RX', () => {
    runs.count += 1;
    each(runs.count);
    m.cpu.mark('NET_RX');
  });
  return runs;
}

t.test('N19: one that always raises itself: ten passes, not eleven, then ksoftirqd', async (t) => {
  const m = simulate();
  const runs = endless(m);
  m.cpu.irq(() => m.cpu.raise('NET_RX'));
  t.equal(runs.count, 10);
  t.ok(m.cpu.ksoftirqdRunnable);
});

t.test('N19: work that ends with the tenth pass wakes nobody', async (t) => {
  const m = simulate();
  let runs = 0;
  m.cpu.open('NET_RX', () => {
    runs += 1;
    if (runs < 10) m.cpu.mark('NET_RX');
  });
  m.cpu.irq(() => m.cpu.raise('NET_RX'));
  t.same([runs, m.cpu.ksoftirqdRunnable], [10, false]);
});

t.test('N20: two jiffies later it ends after the pass', async (t) => {
  const m = simulate();
  const runs = endless(m, (run) => {
    if (run === 3) m.jiffies += 2;
  });
  m.cpu.irq(() => m.cpu.raise('NET_RX'));
  t.same([runs.count, m.cpu.ksoftirqdRunnable], [3, true]);
});

t.test('N20: 2 ms are two jiffies at 1000 HZ and one at 250 and 100, also when they wrap', async (t) => {
  for (const [hz, passes] of [
    [1000, 2],
    [250, 1],
    [100, 1],
  ] as const) {
    const m = simulate({ hz });
    m.jiffies = 2 ** 31 - 1;
    const runs = endless(m, () => {
      m.jiffies += 1;
    });
    m.cpu.irq(() => m.cpu.raise('NET_RX'));
    t.equal(runs.count, passes, `${hz} HZ`);
  }
});

t.test('N21: need_resched ends it after the pass', async (t) => {
  const m = simulate();
  const runs = endless(m, (run) => {
    m.cpu.needResched = run === 2;
  });
  m.cpu.irq(() => m.cpu.raise('NET_RX'));
  t.same([runs.count, m.cpu.ksoftirqdRunnable], [2, true]);
});

t.test('N21: it is asked only when there is more to do', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(1));
  m.cpu.needResched = true;
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.cpu.ksoftirqdRunnable], [1, false]);
});

t.test('N22: forced threaded interrupts: ksoftirqd is woken, nothing runs inline', async (t) => {
  const m = simulate({ threadIrqs: true });
  const a = m.napi('a', finds(1));
  m.cpu.irq(() => a.schedule());
  t.equal(a.polls, 0);
  t.ok(m.cpu.ksoftirqdRunnable);
  m.run();
  t.equal(a.polls, 1);
  m.cpu.bhDisabled(() => a.schedule());
  t.equal(a.polls, 2, 'local_bh_enable() still runs them');
});

t.test('N23: many raises, one run, each in the trace', async (t) => {
  const m = simulate();
  m.cpu.open('NET_RX', () => {});
  m.cpu.irq(() => {
    for (let i = 0; i < 100; i += 1) m.cpu.raise('NET_RX');
  });
  t.equal(m.cpu.softirqs.NET_RX, 1);
  t.equal(m.trace.of('softirq_raise').length, 100);
});

t.test('inline goes on although ksoftirqd was woken (since d15121be7485)', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi, budget) => (napi.polls <= 10 ? budget : finds(0)(napi, budget)));
  m.cpu.irq(() => a.schedule());
  t.ok(m.cpu.ksoftirqdRunnable);
  m.cpu.irq();
  t.equal(a.polls, 11, 'irq_exit has run it');
  t.notOk(m.cpu.ksoftirqd(), 'ksoftirqd finds nothing');
  t.equal(m.cpu.counters.ksoftirqdRuns, 0);
  t.notOk(m.cpu.ksoftirqdRunnable);
});

t.test('GRO at full budget: only old ones where a jiffy is short, else all', async (t) => {
  for (const [hz, oldOnly] of [
    [1000, true],
    [250, false],
  ] as const) {
    const m = simulate({ hz });
    const flushes: boolean[] = [];
    const gro = { held: 1, count: 0, flush: (old: boolean) => flushes.push(old), deliver: () => {} };
    const a = m.napi('a', busy, { gro });
    m.cpu.irq(() => a.schedule());
    t.same(flushes, Array(10).fill(oldOnly), `${hz} HZ`);
  }
});

t.test('PREFER_BUSY_POLL at full budget: completes, and is scheduled anew instead of polled again', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  a.set('PREFER_BUSY_POLL');
  const made = m.napi('b', busy);
  m.cpu.bhDisabled(() => {
    a.schedule();
    made.schedule();
    m.cpu.needResched = true;
  });
  t.notOk(a.has('PREFER_BUSY_POLL'));
  t.same([a.has('SCHED'), m.cpu.pollList], [true, ['a', 'b']], 'newly scheduled, so before the repollers');
});

t.test('PREFER_BUSY_POLL with deferral: let go, and nobody schedules it', async (t) => {
  const m = simulate();
  const timers: number[] = [];
  const timer = { start: (ns: number) => timers.push(ns), cancel: () => {} };
  const a = m.napi('a', busy, { timer, deferHardIrqs: 1, groFlushTimeoutNs: 50_000 });
  a.set('PREFER_BUSY_POLL');
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, a.has('SCHED'), timers], [1, false, [50_000]]);
});

t.test('rescheduled and yet at full budget: said once, and listed once', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi, budget) => {
    if (napi.polls > 2) return finds(0)(napi, budget);
    napi.completeDone(budget);
    napi.schedule();
    return budget;
  });
  m.cpu.irq(() => a.schedule());
  t.same(m.log, ['eth0: Budget exhausted after napi rescheduled']);
  t.equal(a.polls, 3);
  t.same(m.cpu.pollList, []);
});

t.test('completed although it was listed again: taken off the list', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi) => {
    if (napi.polls === 1) {
      napi.completeDone(1);
      napi.schedule();
      t.same(m.cpu.pollList, ['a']);
    }
    napi.completeDone(1);
    t.same([m.cpu.pollList, napi.listOwner], [[], -1]);
    return 1;
  });
  m.cpu.irq(() => a.schedule());
  t.equal(a.polls, 1);
});

t.test('a handler that leaves bottom halves off is told, and put right', async (t) => {
  const m = simulate();
  m.cpu.open('TIMER', () => m.cpu.localBhDisable());
  m.cpu.irq(() => m.cpu.raise('TIMER'));
  t.same(m.log, ['huh, entered softirq 1 TIMER with preempt_count 00000100, exited with 00000300?']);
  t.equal(m.cpu.preemptCount, 0);
});

t.test('local_bh_enable where it has no place', async (t) => {
  const m = simulate();
  t.throws(() => m.cpu.localBhEnable(), /^local_bh_enable: bottom halves are not disabled/);
  m.cpu.localBhDisable();
  m.cpu.irq(() => t.throws(() => m.cpu.localBhEnable(), /in a hard interrupt \(preempt_count=00010200\)/));
});

t.test('contexts in the preempt counter', async (t) => {
  const m = simulate();
  const seen: string[] = [];
  const note = () => seen.push(m.cpu.preemptCount.toString(16));
  m.cpu.open('TIMER', () => {
    note();
    m.cpu.irq(note);
    m.cpu.bhDisabled(note);
  });
  m.cpu.irq(() => {
    note();
    m.cpu.raise('TIMER');
  });
  t.same(seen, ['10000', '100', '10100', '300']);
});

t.test('fairness: the unpolled, then the newly scheduled, then the repollers', async (t) => {
  const m = simulate({ budget: 128 });
  const line = m.line('eth1', () => made.schedule('D'));
  const first: PollFunction = (napi, budget) => {
    if (napi.polls === 1) line.raise();
    return budget;
  };
  const made = scheduled(m, [first, busy, busy, finds(1)], 'ABC');
  t.same(made.passes(2), ['AB', 'CDA']);
});

t.test('a delivery point lies behind every pass, and what comes there is run', async (t) => {
  const m = simulate();
  const ran: string[] = [];
  const line = m.line('eth1', () => m.cpu.raise('NET_RX'));
  m.cpu.open('NET_RX', () => ran.push('NET_RX'));
  m.cpu.open('TIMER', () => {
    ran.push('TIMER');
    line.raise();
  });
  m.cpu.irq(() => m.cpu.raise('TIMER'));
  t.same(ran, ['TIMER', 'NET_RX']);
});

t.test('a vector that nobody opened is dropped', async (t) => {
  const m = simulate();
  m.cpu.irq(() => m.cpu.raise('BLOCK'));
  t.same([m.cpu.pending, m.cpu.softirqs.BLOCK], [[], 1]);
});

t.test('when packets were last found', async (t) => {
  const m = simulate();
  const work = [3, 0];
  const a = m.napi('a', (napi, budget) => finds(work.shift()!)(napi, budget));
  m.advance(5e6);
  m.cpu.irq(() => a.schedule());
  m.advance(5e6);
  m.cpu.irq(() => a.schedule());
  t.equal(m.cpu.counters.lastPollNs, 5e6, 'an empty poll does not move it');
});
