// Cold. Runs on: main.
// Busy polling: napi_busy_loop, busy_poll_stop. Each test is named by the case of the kernel's behaviour that it holds; weight 64,
// HZ 1000, time stands still unless a test moves it.

import t from 'tap';
import { NO_BUSY_POLL, socketParams, waitParams } from '../../src/napi/busy-params.js';
import { busyLoopTimedOut } from '../../src/napi/busy-poll.js';
import { simulate } from '../../src/testing.js';
import { device } from './device.js';
import { bits, busy, finds } from './drivers.js';

const T = 20_000;

/** True at the last of so many questions. */
function rounds(count: number): () => boolean {
  let left = count;
  return () => --left <= 0;
}

t.test('B01: 20 packets, not blocking: 8 in the loop, 8 to stop it, and a softirq gets the rest', async (t) => {
  const { m, a, polls, completions } = device(20);
  m.cpu.busyLoop(a.napiId);
  t.same(polls, ['8/8', '8/8', '4/64']);
  t.same([m.cpu.counters.busyPollRxPackets, completions, bits(a)], [8, [true], '']);
});

t.test('B01: with an end condition: until it is true, and once more to complete', async (t) => {
  const { m, a, polls, completions } = device(20);
  m.cpu.busyLoop(a.napiId, { loopEnd: rounds(4), budget: 6 });
  t.same(polls, ['6/6', '6/6', '6/6', '2/6', '0/6']);
  t.same([m.cpu.counters.busyPollRxPackets, completions], [20, [false, true]], 'false while it busy-polls');
});

t.test('B02: the driver completes while it is busy-polled: false, no unmask, SCHED stays', async (t) => {
  const { m, a, line, ring, completions } = device(1);
  const seen: string[] = [];
  line.mask();
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      seen.push(bits(a));
      line.raise();
      t.equal(ring.irqs, 0);
      return true;
    },
  });
  t.same(seen, ['SCHED|IN_BUSY_POLL']);
  t.same(
    [completions, ring.irqs],
    [[false, true, true], 1],
    'what the device remembered comes when the loop has unmasked',
  );
});

t.test('B03: interrupts while it is busy-polled leave MISSED, which the end clears: no poll more', async (t) => {
  const { m, a, line, polls } = device(1);
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      m.cpu.irq(() => t.notOk(a.schedule()));
      t.equal(bits(a), 'SCHED|MISSED|IN_BUSY_POLL');
      return true;
    },
  });
  t.same([polls, bits(a)], [['1/8', '0/8'], '']);
  t.equal(line.isPending(), false);
});

t.test('B04: a softirq holds it: PREFER is set, its full poll lets go, and the loop claims it', async (t) => {
  const m = simulate();
  const polls: string[] = [];
  const options = { deferHardIrqs: 100, groFlushTimeoutNs: T };
  const a = m.napi(
    'a',
    (napi, budget) => {
      polls.push(`${budget} ${bits(napi)}`);
      if (budget === 64) return budget;
      if (polls.length > 4) napi.completeDone(0);
      return polls.length > 4 ? 0 : budget;
    },
    options,
  );
  m.cpu.task(() => a.schedule());
  let round = 0;
  m.cpu.busyLoop(a.napiId, {
    prefer: true,
    loopEnd: () => {
      round += 1;
      if (round === 1) t.same([polls, bits(a)], [['64 SCHED|PREFER_BUSY_POLL'], ''], 'at local_bh_enable()');
      return round === 3;
    },
  });
  t.same(polls, ['64 SCHED|PREFER_BUSY_POLL', '8 SCHED|IN_BUSY_POLL', '8 SCHED|IN_BUSY_POLL', '8 SCHED']);
  t.same([bits(a), a.timerCpu], ['', 0], 'work is left, and the timer comes back to it');
  t.same(m.cpu.pending, []);
});

t.test('B04: without PREFER nothing is set, and the loop never polls', async (t) => {
  const { m, a, polls } = device(0, {}, 2);
  m.cpus[1]!.localBhDisable();
  m.cpus[1]!.task(() => a.schedule());
  m.cpu.busyLoop(a.napiId, { loopEnd: rounds(5) });
  t.same([polls, bits(a)], [[], 'SCHED']);
  m.cpu.busyLoop(a.napiId, { loopEnd: rounds(5), prefer: true });
  t.same([polls, bits(a)], [[], 'SCHED|PREFER_BUSY_POLL']);
  m.cpus[1]!.localBhEnable();
});

t.test(
  'B05: PREFER without a timeout: the full poll of a softirq completes, and is scheduled anew at once',
  async (t) => {
    const m = simulate();
    const a = m.napi('a', busy);
    a.set('PREFER_BUSY_POLL');
    m.cpu.bhDisabled(() => {
      a.schedule();
      m.cpu.needResched = true;
    });
    t.equal(a.polls, 2, 'in the same net_rx_action, which had nobody else');
    t.same([bits(a), m.cpu.pollList], ['SCHED', ['a']]);
  },
);

t.test(
  'B06: PREFER, both knobs, and the last poll under budget: the timer is armed, the line stays masked',
  async (t) => {
    const { m, a, line, ring, completions } = device(3, { deferHardIrqs: 2, groFlushTimeoutNs: T });
    line.mask();
    m.cpu.busyLoop(a.napiId, { prefer: true });
    t.same([completions, a.timerCpu, bits(a)], [[false, false], 0, '']);
    line.raise();
    t.equal(ring.irqs, 0);
    m.run();
    t.same(completions, [false, false, false, true, true], 'the countdown, then the interrupt');
  },
);

t.test('B06: not preferred: the knobs defer only what a completion with work defers', async (t) => {
  const { m, a, completions } = device(3, { deferHardIrqs: 2, groFlushTimeoutNs: T });
  m.cpu.busyLoop(a.napiId);
  t.same([completions, a.timerCpu, bits(a), m.cpu.counters.busyPollRxPackets], [[false, true], null, '', 3]);
});

/** GRO that holds a packet, and notes what is done with it. */
function groOf() {
  const flushes: string[] = [];
  const flush = (old: boolean) => flushes.push(`flush ${old}`);
  return { flushes, gro: { held: 1, count: 1, flush, deliver: () => flushes.push('deliver') } };
}

for (const [hz, old] of [
  [1000, true],
  [250, false],
] as const) {
  const which = old ? 'old GRO' : 'all GRO';
  t.test(`B07: PREFER, both knobs, and the last poll uses its budget: SCHED is let go, ${which} flushed`, async (t) => {
    const m = simulate({ hz });
    const { flushes, gro } = groOf();
    const a = m.napi('a', busy, { gro, deferHardIrqs: 1, groFlushTimeoutNs: T });
    m.cpu.busyLoop(a.napiId, { prefer: true });
    t.same(flushes, ['deliver', `flush ${old}`]);
    t.same([bits(a), m.cpu.pollList, a.timerCpu], ['', [], 0]);
  });
}

t.test('B07: without PREFER it is scheduled, and what is finished is delivered first', async (t) => {
  const { flushes, gro } = groOf();
  const { m, a, polls } = device(20, { gro });
  m.cpu.busyLoop(a.napiId);
  t.same(polls, ['8/8', '8/8', '4/64']);
  t.same(flushes.slice(0, 2), ['deliver', 'deliver']);
});

t.test('B07: without the knobs it is scheduled', async (t) => {
  const { m, a, polls } = device(100, { deferHardIrqs: 1 });
  m.cpu.busyLoop(a.napiId, { prefer: true });
  t.same(polls, ['8/8', '8/8', '64/64', '20/64']);
  t.same([a.timerCpu, m.trace.of('hrtimer_start')], [null, []]);
});

t.test('B08: two CPUs busy-poll one: one of them polls, the other spins', async (t) => {
  const { m, a, polls } = device(100, {}, 2);
  let spun = 0;
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      const before = polls.length;
      const end = rounds(3);
      m.cpus[1]!.busyLoop(a.napiId, {
        loopEnd: () => {
          spun += 1;
          return end();
        },
      });
      t.same([polls.length, a.holder], [before, 0]);
      return true;
    },
  });
  t.equal(spun, 3);
  t.equal(m.cpus[1]!.counters.busyPollRxPackets, 0);
});

t.test('B08: the other spins until its time is over, and gets nothing meanwhile', async (t) => {
  const { m, a, ring, polls } = device(100, {}, 2);
  const [winner, loser] = [m.cpu, m.cpus[1]!];
  const end = rounds(2);
  winner.busyLoop(a.napiId, {
    loopEnd: () => {
      const [before, startNs] = [polls.length, m.nowNs];
      loser.busyLoop(a.napiId, {
        loopEnd: (began) => {
          m.advance(1024);
          return busyLoopTimedOut(began, m.nowNs, 50);
        },
      });
      t.same([polls.length - before, m.nowNs - startNs], [0, 51 * 1024]);
      return end();
    },
  });
  ring.packets = 20;
  loser.busyLoop(a.napiId);
  t.equal(loser.counters.busyPollRxPackets, 8, 'and then it is its turn');
});

t.test('B08: IN_BUSY_POLL alone is somebody’s, too', async (t) => {
  const { m, a, polls } = device(5);
  a.set('IN_BUSY_POLL');
  m.cpu.busyLoop(a.napiId, { loopEnd: rounds(3) });
  t.same([polls, bits(a)], [[], 'IN_BUSY_POLL']);
});

t.test('B08: its time-out counts in units of 1024 ns', async (t) => {
  t.same(
    [0, 1023, 1024, 102_400, 103_423, 103_424].map((nowNs) => busyLoopTimedOut(0, nowNs, 100)),
    [false, false, false, false, false, true],
  );
  t.ok(busyLoopTimedOut(1023, 1024, 0), 'and begins with a whole one');
});

t.test('B09: need_resched: the loop stops, others have the CPU, and it begins anew', async (t) => {
  const { m, a, polls } = device(0);
  const seen: string[] = [];
  m.cpu.needResched = true;
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      seen.push(bits(a));
      return seen.length === 4;
    },
  });
  t.same(seen, ['SCHED|IN_BUSY_POLL', '', 'SCHED|IN_BUSY_POLL', ''], 'asked before and after the others');
  t.equal(polls.length, 4);
});

t.test('B09: END_ON_RESCHED: it ends instead', async (t) => {
  const { m, a, polls } = device(0);
  m.cpu.needResched = true;
  m.cpu.busyLoop(a.napiId, { loopEnd: () => false, endOnResched: true });
  t.same([polls, bits(a)], [['0/8', '0/8'], '']);
});

t.test('B09: disabled while others have the CPU: it returns', async (t) => {
  const { m, a, polls } = device(0);
  const returned: number[] = [];
  m.cpu.addTask('poller', () => {
    const loopEnd = () => {
      m.advance(100_000);
      return m.nowNs > 50e6;
    };
    m.cpu.busyLoop(a.napiId, { loopEnd });
    returned.push(m.nowNs);
    return false;
  });
  m.cpu.addTask('other', () => {
    if (polls.length > 0 && bits(a) === '') t.ok(a.beginDisable().step());
    m.advance(100_000);
    return true;
  });
  while (m.nowNs < 60e6) m.turn();
  t.equal(bits(a), 'SCHED|NPSVC');
  t.ok(returned[0]! < 10e6, `after ${returned[0]} ns`);
});

t.test('B09: another task has its turns while one busy-polls without end', async (t) => {
  const { m, a } = device(0);
  const other = m.cpu.addTask('other', () => {
    m.advance(100_000);
    return true;
  });
  const poller = m.cpu.addTask('poller', () => {
    const end = m.nowNs + 40e6;
    m.cpu.busyLoop(a.napiId, {
      loopEnd: () => {
        m.advance(100_000);
        return m.nowNs >= end;
      },
    });
    return true;
  });
  for (let turn = 0; turn < 1000 && poller.steps === 0; turn += 1) m.turn();
  const share = other.runNs / m.nowNs;
  t.ok(share > 0.4 && share < 0.6, `${share}`);
});

t.test('B10: disabled, unknown, or not to be busy-polled: it returns at once', async (t) => {
  const { m, a, polls } = device(5);
  const id = a.napiId;
  m.cpu.busyLoop(id + 1, { loopEnd: () => false });
  m.cpu.busyLoop(0, { loopEnd: () => false });
  a.disable();
  m.cpu.busyLoop(id, { loopEnd: () => false });
  t.same(polls, []);
  const tx = m.napi('tx', finds(0), { disabled: true });
  tx.set('NO_BUSY_POLL');
  tx.enable();
  t.equal(tx.napiId, 0);
});

t.test('B10: being disabled: it is not claimed, and disable ends', async (t) => {
  const { m, a, polls } = device(5);
  const disable = a.beginDisable();
  m.cpu.busyLoop(a.napiId, { loopEnd: rounds(3) });
  t.same([polls, disable.step()], [[], true]);
});

t.test('B10: disabled while it is busy-polled: the loop ends, and then disable', async (t) => {
  const { m, a } = device(5);
  const end = rounds(3);
  const seen: boolean[] = [];
  let disable = { step: () => true };
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      if (seen.length === 0) disable = a.beginDisable();
      seen.push(disable.step());
      return end();
    },
  });
  t.same([seen, disable.step()], [[false, false, false], true]);
});

t.test('B11: more budget needs the privilege, and so does PREFER; less does not', async (t) => {
  const [admin, user] = [{ capNetAdmin: true }, { capNetAdmin: false }];
  const code = (run: () => unknown) => {
    try {
      return run();
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const socket = (wanted: object, who = user) => code(() => socketParams(NO_BUSY_POLL, wanted, who));
  t.equal(socket({ budget: 9 }), 'EPERM');
  t.match(socket({ budget: 8 }), { budget: 8 });
  t.match(socket({ budget: 4 }), { budget: 4 });
  t.match(socket({ budget: 65_535 }, admin), { budget: 65_535 });
  t.equal(socket({ budget: 65_536 }, admin), 'EINVAL');
  t.equal(socket({ usecs: -1 }), 'EINVAL');
  t.match(socket({ usecs: 1000 }), { usecs: 1000 }, 'no privilege is asked for here');
  t.equal(socket({ prefer: true }), 'EPERM');
  t.match(socket({ prefer: true }, admin), { prefer: true });
  t.match(socket({ prefer: false }), { prefer: false });
  const epoll = (wanted: object, who = user) => code(() => waitParams({ ...NO_BUSY_POLL, ...wanted }, who));
  t.equal(epoll({ budget: 65 }), 'EPERM');
  t.match(epoll({ budget: 64, prefer: true }), { budget: 64, prefer: true });
  t.match(epoll({ budget: 65 }, admin), { budget: 65 });
  t.equal(epoll({ usecs: 2 ** 31 }, admin), 'EINVAL');
  t.throws(() => socketParams(NO_BUSY_POLL, { budget: 9 }, user), {
    name: 'ErrnoError',
    message: 'SO_BUSY_POLL_BUDGET=9: more than 8 needs CAP_NET_ADMIN (EPERM)',
  });
});

t.test('it takes turns with netpoll', async (t) => {
  const { m, a, polls } = device(5, { netpoll: true });
  m.cpu.busyLoop(a.napiId, {
    loopEnd: () => {
      m.cpu.netpoll(a);
      return true;
    },
  });
  t.same(polls, ['5/8', '0/8'], 'no poll with budget 0');
  m.cpu.netpoll(a);
  t.equal(polls.at(-1), '0/0', 'afterwards there is');
});

t.test('in an interrupt, or with bottom halves off, nobody busy-polls', async (t) => {
  const { m, a } = device(0);
  t.throws(() => m.cpu.bhDisabled(() => m.cpu.busyLoop(a.napiId)), { message: /no process context/ });
  m.cpu.localBhEnable();
  t.throws(() => m.cpu.irq(() => m.cpu.busyLoop(a.napiId)), { message: /no process context/ });
});
