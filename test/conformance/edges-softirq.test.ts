// Cold. Runs on: main.
// net_rx_action and the softirq core at their edges: limits that are reached exactly, jiffies that wrap, vectors that raise each other. Each
// test is named by the section of the kernel's rules that it holds; weight 64, budget 300, HZ 1000, time stands still unless a test moves it.

import t from 'tap';
import type { Simulation } from '../../src/simulate/machine.js';
import { simulate } from '../../src/testing.js';
import { bits, busy, finds, script } from './drivers.js';

const JIFFY = 1_000_000;

function order(m: Simulation): string {
  return m.trace
    .of('napi_poll')
    .map((fields) => /struct (\w+)/.exec(fields)![1])
    .join('');
}

function vectors(m: Simulation): string {
  return m.trace
    .of('softirq_entry')
    .map((fields) => /action=(\w+)/.exec(fields)![1])
    .join(' ');
}

// ── the budget ──

t.test('2: a budget that is reached exactly is used up; one more is not', async (t) => {
  for (const [budget, squeezes] of [
    [127, 1],
    [128, 1],
    [129, 0],
  ] as const) {
    const m = simulate({ budget });
    const [a, b] = ['a', 'b'].map((name) => m.napi(name, busy));
    m.cpu.needResched = true;
    m.cpu.irq(() => {
      a!.schedule();
      b!.schedule();
    });
    t.same([order(m), m.cpu.timeSqueeze], ['ab', squeezes], `budget ${budget}`);
  }
});

t.test('2: a budget of 0, and below: one a pass, each pass squeezed', async (t) => {
  for (const budget of [0, -1, -(2 ** 31)]) {
    const m = simulate({ budget });
    const [a, b] = ['a', 'b'].map((name) => m.napi(name, finds(0)));
    m.cpu.irq(() => {
      a!.schedule();
      b!.schedule();
    });
    t.same([order(m), m.cpu.softirqs.NET_RX, m.cpu.timeSqueeze], ['ab', 2, 2], `budget ${budget}`);
  }
});

t.test('2: the largest budget there is: ended by time alone', async (t) => {
  const m = simulate({ budget: 2 ** 31 - 1 });
  const a = m.napi('a', (napi) => {
    napi.completeDone(1);
    napi.schedule();
    if (napi.polls === 5000) m.advance(2 * JIFFY);
    return 1;
  });
  m.cpu.needResched = true;
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.cpu.timeSqueeze, m.cpu.softirqs.NET_RX], [5000, 1, 1]);
});

t.test('2: empty polls cost nothing of the budget', async (t) => {
  const m = simulate({ budget: 1 });
  const napis = ['a', 'b', 'c'].map((name) => m.napi(name, finds(0)));
  m.cpu.irq(() => {
    for (const napi of napis) napi.schedule();
  });
  t.same([order(m), m.cpu.timeSqueeze, m.cpu.softirqs.NET_RX], ['abc', 0, 1]);
});

t.test('2: an interrupt behind the poll that used the budget up: listed, and left to the next pass', async (t) => {
  const m = simulate({ budget: 64 });
  const b = m.napi('b', finds(0));
  const line = m.line('eth1', () => b.schedule());
  const a = m.napi('a', (_, budget) => {
    line.raise();
    return budget;
  });
  m.cpu.needResched = true;
  m.cpu.irq(() => a.schedule());
  t.same([order(m), m.cpu.pollList, m.cpu.pending, m.cpu.inNetRxAction], ['a', ['b', 'a'], ['NET_RX'], true]);
});

t.test(
  '2: one has more to do, the other completes and is scheduled anew: that one comes first in the next pass',
  async (t) => {
    const m = simulate();
    const a = m.napi('a', busy);
    const b = m.napi('b', (napi) => {
      napi.completeDone(1);
      napi.schedule();
      return 1;
    });
    m.cpu.needResched = true;
    m.cpu.irq(() => {
      a.schedule();
      b.schedule();
    });
    t.same([order(m), m.cpu.pollList], ['ab', ['b', 'a']]);
  },
);

t.test('2: completed with MISSED: behind what was scheduled before, before who has more to do', async (t) => {
  const m = simulate();
  const [a, c] = [m.napi('a', busy), m.napi('c', finds(0))];
  const b = m.napi('b', (napi) => {
    c.schedule();
    napi.schedule();
    return finds(1)(napi, 64);
  });
  m.cpu.needResched = true;
  m.cpu.irq(() => {
    a.schedule();
    b.schedule();
  });
  t.same(m.cpu.pollList, ['c', 'b', 'a']);
});

t.test('2: reached again in the same invocation: nothing is raised for it', async (t) => {
  const m = simulate();
  const b = m.napi('b', finds(0));
  const a = m.napi('a', (napi) => {
    if (napi.polls < 3) napi.schedule();
    if (napi.polls === 2) b.schedule();
    return finds(0)(napi, 64);
  });
  m.cpu.irq(() => a.schedule());
  t.same([order(m), m.trace.of('softirq_raise').length, m.cpu.inNetRxAction], ['aaba', 1, false]);
});

t.test('2: work that is left is marked, once a pass', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  m.cpu.irq(() => a.schedule());
  t.equal(m.trace.of('softirq_raise').length, 11, 'the interrupt’s, and ten passes’');
});

t.test('2: by the next pass all have gone: in_net_rx_action goes with them', async (t) => {
  const m = simulate();
  const a = m.napi('a', script([64, 0]));
  m.cpu.pass();
  m.cpu.needResched = true;
  m.cpu.irq(() => a.schedule());
  t.ok(m.cpu.inNetRxAction);
  m.cpu.irq();
  t.notOk(m.cpu.inNetRxAction);
  t.same([a.polls, m.cpu.pending], [2, []]);
});

// ── time ──

t.test('2: a jiffy less than the limit goes on, the limit itself does not', async (t) => {
  for (const [ns, polled] of [
    [2 * JIFFY - 1, 'abc'],
    [2 * JIFFY, 'a'],
  ] as const) {
    const m = simulate();
    const napis = ['a', 'b', 'c'].map((name) =>
      m.napi(name, (napi, budget) => {
        if (name === 'a') m.advance(ns);
        return finds(0)(napi, budget);
      }),
    );
    m.cpu.needResched = true;
    m.cpu.irq(() => {
      for (const napi of napis) napi.schedule();
    });
    t.same([order(m), m.cpu.timeSqueeze], [polled, polled === 'a' ? 1 : 0], `${ns} ns`);
  }
});

t.test('2: the last poll reaches the time limit: squeezed, and nothing is marked', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi, budget) => {
    m.advance(2 * JIFFY);
    return finds(0)(napi, budget);
  });
  m.cpu.irq(() => a.schedule());
  t.same([m.cpu.timeSqueeze, m.cpu.pending, m.cpu.inNetRxAction, m.cpu.softirqs.NET_RX], [1, [], false, 1]);
});

t.test('2: the time limit when jiffies wrap, from positive to negative and from -1 to 0', async (t) => {
  for (const jiffies of [2 ** 31 - 1, 2 ** 32 - 1]) {
    const m = simulate();
    m.jiffies = jiffies;
    const napis = ['a', 'b', 'c', 'd'].map((name) =>
      m.napi(name, (napi, budget) => {
        if (name !== 'a') m.advance(JIFFY);
        return finds(0)(napi, budget);
      }),
    );
    m.cpu.needResched = true;
    m.cpu.irq(() => {
      for (const napi of napis) napi.schedule();
    });
    t.same([order(m), m.cpu.timeSqueeze], ['abc', 1], `from jiffy ${jiffies}`);
  }
});

t.test('2: netdev_budget_usecs changed within: that of the next invocation', async (t) => {
  const m = simulate({ budgetUsecs: 4000 });
  const polls: number[] = [];
  const a = m.napi('a', (napi) => {
    if (napi.polls === 1) m.sysctls.set('net.core.netdev_budget_usecs', 2000);
    m.jiffies += 1;
    napi.completeDone(1);
    napi.schedule();
    return 1;
  });
  m.cpu.needResched = true;
  m.cpu.irq(() => a.schedule());
  polls.push(a.polls);
  m.cpu.irq();
  polls.push(a.polls);
  t.same(polls, [4, 6]);
});

t.test('2: netdev_budget_usecs is rounded up to jiffies', async (t) => {
  for (const [hz, budgetUsecs, jiffies] of [
    [1000, 2000, 2],
    [1000, 2001, 3],
    [250, 8000, 2],
    [250, 8001, 3],
    [100, 20_000, 2],
    [300, 6666, 2],
  ] as const) {
    const m = simulate({ hz, budgetUsecs });
    const a = m.napi('a', (napi) => {
      m.jiffies += 1;
      napi.completeDone(1);
      napi.schedule();
      return 1;
    });
    m.cpu.needResched = true;
    m.cpu.irq(() => a.schedule());
    t.equal(a.polls, jiffies, `${budgetUsecs} µs at ${hz} Hz`);
  }
});

// ── passes ──

t.test('3.4: vectors that raise each other: what is lower waits for the next pass, too', async (t) => {
  const m = simulate();
  let left = 2;
  m.cpu.open('TIMER', () => m.cpu.raise('TASKLET'));
  m.cpu.open('TASKLET', () => {
    left -= 1;
    if (left > 0) m.cpu.raise('TIMER');
    m.cpu.raise('HI');
  });
  m.cpu.irq(() => {
    m.cpu.raise('TIMER');
    m.cpu.raise('TASKLET');
  });
  t.equal(vectors(m), 'TIMER TASKLET HI TIMER TASKLET HI TASKLET HI');
});

t.test('3.4: raised in a lower vector of the same pass: it runs now, and once more for nothing', async (t) => {
  const m = simulate();
  const [a, b] = [m.napi('a', finds(0)), m.napi('b', finds(0))];
  m.cpu.open('NET_TX', () => b.schedule());
  m.cpu.irq(() => {
    a.schedule();
    m.cpu.raise('NET_TX');
  });
  t.same([vectors(m), order(m), m.cpu.inNetRxAction], ['NET_TX NET_RX NET_RX', 'ab', false]);
});

t.test('3.4: scheduled in a handler while NET_RX is not pending: the next pass', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  m.cpu.open('RCU', () => a.schedule());
  m.cpu.irq(() => m.cpu.raise('RCU'));
  t.same([vectors(m), a.polls, m.cpu.ksoftirqdRunnable], ['RCU NET_RX', 1, false]);
});

t.test('3.4: traced: entry, what it does, exit, a vector behind the other', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  m.cpu.irq(() => {
    m.cpu.raise('TIMER');
    a.schedule();
  });
  t.same(m.trace.events.map(({ event, fields }) => `${event} ${fields.slice(0, 5)}`).slice(-5), [
    'softirq_entry vec=1',
    'softirq_exit vec=1',
    'softirq_entry vec=3',
    'napi_poll napi ',
    'softirq_exit vec=3',
  ]);
});

t.test('3.4: the time limit is that of each entry', async (t) => {
  const m = simulate();
  const a = m.napi('a', (napi, budget) => {
    if (napi.polls % 10 === 0) m.jiffies += 1;
    return budget;
  });
  for (const polls of [10, 20, 30]) {
    m.cpu.irq(() => a.schedule());
    t.equal(a.polls, polls);
  }
});

t.test('3.4: all ten vectors, in their order', async (t) => {
  const m = simulate();
  const all = ['RCU', 'HRTIMER', 'SCHED', 'TASKLET', 'IRQ_POLL', 'BLOCK', 'NET_RX', 'NET_TX', 'TIMER', 'HI'] as const;
  m.cpu.irq(() => {
    for (const vector of all) m.cpu.raise(vector);
  });
  t.equal(vectors(m), [...all].reverse().join(' '));
});

t.test('3.4: need_resched from the beginning: one pass all the same', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  m.cpu.needResched = true;
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.cpu.ksoftirqdRunnable], [1, true]);
  m.cpu.irq();
  t.same([a.polls, m.trace.of('sched_waking').length], [2, 1], 'and who is awake is not woken again');
});

t.test('3.4: what ends with the tenth pass, and what is raised in the tenth', async (t) => {
  for (const [runs, woken] of [
    [10, false],
    [11, true],
  ] as const) {
    const m = simulate();
    let left = runs;
    m.cpu.open('TIMER', () => {
      left -= 1;
      if (left > 0) m.cpu.raise('TIMER');
    });
    m.cpu.irq(() => m.cpu.raise('TIMER'));
    t.same([m.cpu.softirqs.TIMER, m.cpu.ksoftirqdRunnable], [10, woken], `${runs} runs`);
    m.run();
    t.equal(m.cpu.softirqs.TIMER, runs);
  }
});

t.test('3.4: the count of passes is that of one entry: the next one has ten again', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  m.cpu.irq(() => a.schedule());
  m.cpu.irq();
  t.equal(a.polls, 20);
});

t.test('3.4: 2 ms at 100 and 250 Hz are over with the next jiffy', async (t) => {
  for (const hz of [100, 250]) {
    const m = simulate({ hz });
    const a = m.napi('a', (napi, budget) => {
      if (napi.polls === 3) m.jiffies += 1;
      return budget;
    });
    m.cpu.irq(() => a.schedule());
    t.same([a.polls, m.cpu.timeSqueeze], [3, 0], `${hz} Hz`);
  }
});

t.test('3.4: an interrupt that comes over the last pass is run in this entry, before anybody is woken', async (t) => {
  const m = simulate();
  const line = m.line('timer', () => m.cpu.raise('TIMER'));
  const a = m.napi('a', (napi, budget) => {
    if (napi.polls === 1) line.raise();
    return finds(0)(napi, budget);
  });
  m.cpu.irq(() => a.schedule());
  t.same([vectors(m), m.cpu.ksoftirqdRunnable], ['NET_RX TIMER', false]);
});

// ── who runs what ──

t.test('3.5: awake, and inline has done it all: ksoftirqd runs nothing, counts nothing, and sleeps', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  m.cpu.task(() => a.schedule());
  t.ok(m.cpu.ksoftirqdRunnable);
  m.cpu.irq();
  t.same([a.polls, m.cpu.ksoftirqdRunnable], [1, true]);
  m.run();
  t.same([a.polls, m.cpu.ksoftirqdRunnable, m.cpu.counters.ksoftirqdRuns, m.cpu.softirqs.NET_RX], [1, false, 0, 1]);
});

t.test('3.5: an interrupt over ksoftirqd’s softirq leaves what it raises to it', async (t) => {
  const m = simulate();
  const seen: number[] = [];
  const b = m.napi('b', finds(0));
  const a = m.napi('a', (napi, budget) => {
    m.cpu.irq(() => b.schedule());
    seen.push(b.polls);
    return finds(0)(napi, budget);
  });
  m.cpu.task(() => a.schedule());
  m.run();
  t.same([seen, b.polls, m.cpu.counters.ksoftirqdRuns], [[0], 1, 1]);
});

t.test('3.5: bottom halves on again while ksoftirqd is awake: inline', async (t) => {
  const m = simulate();
  const a = m.napi('a', finds(0));
  m.cpu.task(() => a.schedule());
  m.cpu.bhDisabled(() => t.equal(a.polls, 0));
  t.equal(a.polls, 1);
});

t.test('3.3: forced threaded interrupts: local_bh_enable() runs inline all the same', async (t) => {
  const m = simulate({ threadIrqs: true });
  const a = m.napi('a', finds(0));
  m.cpu.bhDisabled(() => a.schedule());
  t.same([a.polls, m.cpu.ksoftirqdRunnable], [1, false]);
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, m.cpu.ksoftirqdRunnable], [1, true]);
  m.cpu.bhDisabled(() => {});
  t.equal(a.polls, 2);
});

t.test(
  '3.3: bottom halves off and on within a softirq, or an interrupt over bottom halves that are off: nothing runs',
  async (t) => {
    const m = simulate();
    const seen: number[] = [];
    const b = m.napi('b', finds(0));
    const a = m.napi('a', (napi, budget) => {
      m.cpu.bhDisabled(() => m.cpu.bhDisabled(() => b.schedule()));
      seen.push(b.polls);
      return finds(0)(napi, budget);
    });
    m.cpu.irq(() => a.schedule());
    t.same([seen, b.polls], [[0], 1], 'the same invocation comes to it');
    m.cpu.localBhDisable();
    m.cpu.localBhDisable();
    m.cpu.irq(() => a.schedule());
    m.cpu.localBhEnable();
    t.equal(a.polls, 1);
    m.cpu.localBhEnable();
    t.same([a.polls, m.cpu.preemptCount], [2, 0]);
  },
);

t.test('3.2: marked in process context, then something raised: both run', async (t) => {
  const m = simulate();
  m.cpu.mark('TIMER');
  t.notOk(m.cpu.ksoftirqdRunnable);
  m.cpu.raise('HI');
  m.run();
  t.equal(vectors(m), 'HI TIMER');
});

t.test('3.2: an idle CPU says all that is pending, in hex', async (t) => {
  const m = simulate();
  m.cpu.mark('NET_RX');
  m.cpu.mark('RCU');
  m.cpu.idle();
  t.match(m.log[0], /handler #208!!!$/);
});

t.test('3.4: a pending vector is counted where it runs: two CPUs, each its own', async (t) => {
  const m = simulate({ cpus: 2 });
  const a = m.napi('a', finds(0));
  m.cpus[1]!.irq(() => a.schedule());
  t.same([m.cpus[0]!.softirqs.NET_RX, m.cpus[1]!.softirqs.NET_RX, bits(a)], [0, 1, '']);
});
