// Cold. Runs on: main.
// Interrupt mitigation: napi_defer_hard_irqs, gro_flush_timeout, irq_suspend_timeout, and the one timer behind them. Each test is
// named by the case of the kernel's behaviour that it holds; weight 64, HZ 1000, time stands still unless a test moves it.

import t from 'tap';
import type { SimulatedNapi } from '../../src/simulate/napi.js';
import { simulate } from '../../src/testing.js';
import { device, groOf } from './device.js';
import { bits, busy, finds, script } from './drivers.js';

const T = 20_000;
const SUSPEND = 1_000_000;

t.test('M01: neither knob, held GRO: complete returns true, everything is flushed, no timer', async (t) => {
  const m = simulate();
  const { gro, flushes } = groOf(3);
  const completions: boolean[] = [];
  const a = m.napi('a', script([5], completions), { gro });
  m.cpu.irq(() => a.schedule());
  t.same([completions, flushes, a.timerCpu], [[true], ['all'], null]);
});

t.test('M02: a timeout alone, held GRO: complete returns true, and the timer is armed all the same', async (t) => {
  const m = simulate();
  const { gro, flushes } = groOf(3);
  const completions: boolean[] = [];
  const a = m.napi('a', script([5], completions), { gro, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  t.same([completions, flushes, a.timerCpu], [[true], ['old'], 0], 'what came in this jiffy stays held');
  m.run();
  t.equal(m.nowNs, T);
  t.same([a.polls, completions, flushes, a.timerCpu], [2, [true, true], ['old', 'all'], null]);
});

t.test('M03: a timeout alone, nothing held: no timer', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const a = m.napi('a', script([5], completions), { groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  t.same([completions, a.timerCpu], [[true], null]);
});

t.test(
  'M04: defer 2 and a timeout, one packet: two timer polls, and the interrupt is off until the third',
  async (t) => {
    const { m, a, completions, ring, arrive } = device(0, { deferHardIrqs: 2, groFlushTimeoutNs: T });
    arrive();
    m.turn();
    t.same([completions, a.timerCpu], [[false], 0]);
    arrive();
    t.notOk(m.cpu.isReady, 'the device may not interrupt');
    ring.packets = 0;
    m.runFor(T);
    t.same([completions, m.nowNs], [[false, false], T]);
    m.runFor(T);
    t.same(completions.slice(0, 3), [false, false, true]);
    t.same([m.trace.of('hrtimer_expire_entry').length, m.cpu.counters.timerIrqs], [2, 2]);
    t.equal(ring.irqs, 2, 'what it remembered comes then');
  },
);

t.test('M04: the timer polls where it was armed, and says so', async (t) => {
  const m = simulate({ cpus: 2 });
  const ran: (number | null)[] = [];
  const a = m.napi(
    'a',
    (napi) => {
      ran.push(napi.holder);
      return finds(napi.polls === 1 ? 1 : 0)(napi, 64);
    },
    { deferHardIrqs: 1, groFlushTimeoutNs: T },
  );
  m.cpus[1]!.irq(() => a.schedule());
  t.equal(a.timerCpu, 1);
  m.run();
  t.same(ran, [1, 1]);
  t.same(m.trace.of('sched_waking'), [], 'in an interrupt, which needs no ksoftirqd');
  t.same(
    m.trace.lines.filter((line) => line.includes('hrtimer')),
    [
      '[001]     0.000000: hrtimer_start: hrtimer=a function=napi_watchdog expires=20000 softexpires=20000 mode=REL|PINNED',
      '[001]     0.000020: hrtimer_expire_entry: hrtimer=a function=napi_watchdog now=20000',
    ],
  );
});

t.test('M05: work sets the count anew: each poll with work is deferred', async (t) => {
  const { m, completions, ring, arrive } = device(0, { deferHardIrqs: 2, groFlushTimeoutNs: T });
  arrive();
  m.turn();
  for (let poll = 0; poll < 5; poll += 1) {
    ring.packets = 3;
    m.runFor(T);
  }
  t.same([completions.includes(true), ring.irqs], [false, 1], 'five timer polls without an interrupt');
  m.run();
  t.same([completions.length, completions.at(-1), ring.irqs], [8, true, 1]);
});

t.test('M06: defer without a timeout defers nothing', async (t) => {
  const { m, a, completions, arrive } = device(0, { deferHardIrqs: 2 });
  arrive();
  m.run();
  t.same([completions, a.timerCpu], [[true], null]);
});

t.test('M07: MISSED uses up one deferral, and arms nothing', async (t) => {
  const m = simulate();
  const completions: boolean[] = [];
  const armed: (number | null)[] = [];
  const a = m.napi(
    'a',
    (napi) => {
      armed.push(napi.timerCpu);
      if (napi.polls === 1) napi.schedule();
      completions.push(napi.completeDone(napi.polls === 1 ? 1 : 0));
      return 0;
    },
    { deferHardIrqs: 2, groFlushTimeoutNs: T },
  );
  m.cpu.irq(() => a.schedule());
  t.same(
    [completions, armed],
    [
      [false, false],
      [null, null],
    ],
  );
  m.run();
  t.same(completions, [false, false, true], 'one timer poll instead of two');
});

t.test('M08: the timer expires while somebody polls: nothing, no MISSED, and not again', async (t) => {
  const m = simulate();
  const seen: unknown[] = [];
  const a = m.napi(
    'a',
    (napi) => {
      if (napi.polls === 2) {
        m.advance(T);
        m.cpu.irq();
        seen.push(bits(napi), napi.timerCpu, m.cpu.pollList);
      }
      return finds(napi.polls === 1 ? 1 : 0)(napi, 64);
    },
    { deferHardIrqs: 1, groFlushTimeoutNs: T },
  );
  m.cpu.irq(() => a.schedule());
  m.cpu.irq(() => a.schedule());
  t.same(seen, ['SCHED', null, []]);
  t.equal(m.run(), 0, 'nothing is armed any more');
  t.equal(a.polls, 2);
});

t.test('M09: disabled while the timer is armed: it is cancelled, and nothing polls', async (t) => {
  const { m, a, arrive } = device(0, { deferHardIrqs: 1, groFlushTimeoutNs: T });
  arrive();
  m.turn();
  t.equal(a.timerCpu, 0);
  a.disable();
  t.equal(a.timerCpu, null);
  m.runFor(10 * T);
  t.same([a.polls, m.trace.of('hrtimer_expire_entry')], [1, []]);
  a.enable();
  m.runFor(10 * T);
  t.equal(a.polls, 1);
});

t.test('M09: its callback runs this moment: disable waits for it', async (t) => {
  const m = simulate({ cpus: 2 });
  const seen: boolean[] = [];
  const a = m.napi('a', finds(0), { deferHardIrqs: 1, groFlushTimeoutNs: T });
  const words = m.cpu.core.softnet.napis[a.id]!.state;
  words.armTimer(1);
  t.ok(words.expireTimer(1));
  const disable = a.beginDisable();
  seen.push(disable.step(), disable.step());
  words.endTimer(1);
  seen.push(disable.step());
  t.same(seen, [false, false, true]);
  t.equal(bits(a), 'SCHED|NPSVC');
});

t.test('M09: being disabled while netpoll holds it: the timer that expires schedules nothing', async (t) => {
  const { m, a, arrive } = device(0, { deferHardIrqs: 1, groFlushTimeoutNs: T });
  arrive();
  m.turn();
  a.set('NPSVC');
  const disable = a.beginDisable();
  t.notOk(disable.step());
  m.cpu.core.softnet.napis[a.id]!.state.armTimer(0); // as one that is armed behind the cancellation
  m.runFor(2 * T);
  t.same([a.polls, bits(a)], [1, 'DISABLE|NPSVC']);
  a.clear('NPSVC');
  t.ok(disable.step());
});

t.test('M10: PREFER_BUSY_POLL, and the timer expires: cleared, and polled by softirq where it was armed', async (t) => {
  const m = simulate({ cpus: 2 });
  const states: string[] = [];
  const a = m.napi(
    'a',
    (napi) => {
      states.push(`${bits(napi)} on ${napi.listOwner}`);
      return finds(napi.polls === 1 ? 1 : 0)(napi, 64);
    },
    { deferHardIrqs: 1, groFlushTimeoutNs: T },
  );
  m.cpus[1]!.irq(() => a.schedule());
  a.set('PREFER_BUSY_POLL');
  m.run();
  t.same(states, ['SCHED on 1', 'SCHED on 1']);
});

t.test('M12: armed again, on another CPU: the first expiry is forgotten', async (t) => {
  const m = simulate({ cpus: 2 });
  const a = m.napi('a', script([1, 1]), { deferHardIrqs: 1, groFlushTimeoutNs: T });
  m.cpus[0]!.irq(() => a.schedule());
  m.advance(T / 2);
  m.cpus[1]!.irq(() => a.schedule());
  t.equal(a.timerCpu, 1);
  m.run();
  t.same([a.polls, m.nowNs, m.cpus[0]!.counters.timerIrqs], [3, 1.5 * T, 0]);
});

t.test('M12: armed again here: the later time counts, once', async (t) => {
  const m = simulate();
  const a = m.napi('a', script([1, 1]), { deferHardIrqs: 1, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  m.advance(T / 2);
  m.cpu.irq(() => a.schedule());
  m.run();
  t.same([a.polls, m.nowNs, m.cpu.counters.timerIrqs], [3, 1.5 * T, 1]);
});

t.test('M12: a completion without a timeout leaves what is armed: it polls for nothing', async (t) => {
  const m = simulate();
  const a = m.napi('a', script([1]), { deferHardIrqs: 1, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  a.tune({ deferHardIrqs: 0, groFlushTimeoutNs: 0 });
  m.cpu.irq(() => a.schedule());
  t.same([a.polls, a.timerCpu], [2, 0]);
  m.run();
  t.same([a.polls, m.nowNs], [3, T]);
});

t.test('M15: several timers of one CPU expire in the order of their times', async (t) => {
  const m = simulate();
  const order: string[] = [];
  const times = [50, 10, 40, 20, 30].map((us) => us * 1000);
  const napis = times.map((groFlushTimeoutNs, index) =>
    m.napi(
      `n${index}`,
      (napi) => {
        if (napi.polls === 2) order.push(`${napi.name} ${m.nowNs / 1000}`);
        return finds(napi.polls === 1 ? 1 : 0)(napi, 64);
      },
      { deferHardIrqs: 1, groFlushTimeoutNs },
    ),
  );
  m.cpu.irq(() => napis.map((napi) => napi.schedule()));
  m.run();
  t.same(order, ['n1 10', 'n3 20', 'n4 30', 'n2 40', 'n0 50']);
});

const ALL_KNOBS = { deferHardIrqs: 2, groFlushTimeoutNs: T, irqSuspendTimeoutNs: SUSPEND };

/** A device with all knobs set, and an application that waits for what it brings, and busy-polls for up to 200 µs. */
function application() {
  const made = device(0, ALL_KNOBS);
  const { m, a, arrive } = made;
  const event = m.event();
  const wait = m.cpu.napiWait([event]);
  wait.setParams({ usecs: 200, prefer: true }, { capNetAdmin: true });
  const waits = () => m.cpu.task(() => wait.wait(true));
  arrive();
  m.turn();
  event.signal(a.napiId); // The stack has brought the first packet.
  return { ...made, event, wait, waits };
}

t.test(
  'M14: preferred: events suspend interrupts: the timer is at irq_suspend_timeout, nothing polls before',
  async (t) => {
    const { m, a, ring, waits, wait } = application();
    t.equal(waits(), 1);
    t.same([wait.napiId, m.trace.of('hrtimer_start').at(-1)!.includes(`expires=${SUSPEND} `)], [a.napiId, true]);
    ring.packets = 5;
    m.runFor(SUSPEND - 1);
    t.same([a.polls, ring.irqs, a.timerCpu], [1, 1, 0]);
  },
);

t.test('M14: as long as each wait finds something, no interrupt and no softirq polls', async (t) => {
  const { m, a, event, ring, waits } = application();
  const softirqs = m.cpu.softirqs.NET_RX;
  for (let round = 0; round < 5; round += 1) {
    t.equal(waits(), 1);
    m.advance(SUSPEND / 2);
    m.cpu.irq();
    event.signal(a.napiId);
  }
  t.same([a.polls, ring.irqs, m.cpu.softirqs.NET_RX], [1, 1, softirqs]);
});

t.test('M14: not preferred: events suspend nothing; a wait that does not block polls nothing', async (t) => {
  const { m, a, waits, wait } = application();
  wait.setParams({ usecs: 200 }, { capNetAdmin: false });
  t.equal(waits(), 1);
  t.notOk(m.trace.of('hrtimer_start').at(-1)!.includes(`expires=${SUSPEND} `));
  t.equal(
    m.cpu.task(() => wait.wait(false)),
    0,
  );
  t.same([a.polls, wait.napiId], [1, a.napiId]);
});

t.test(
  'M16: M14, and the next wait finds nothing: resumed at once, then the countdown, then the interrupt',
  async (t) => {
    const { m, a, ring, hooks, completions, waits, wait } = application();
    t.equal(waits(), 1);
    const polls = a.polls;
    hooks.onPoll = () => m.advance(50_000);
    const before = m.nowNs;
    const softirqs = m.cpu.softirqs.NET_RX;
    t.equal(waits(), 0, 'the caller sleeps');
    t.equal(m.cpu.softirqs.NET_RX, softirqs + 1);
    hooks.onPoll = null;
    const took = m.nowNs - before;
    t.ok(took >= 200_000 && took <= 400_000, `after it has busy-polled: ${took} ns`);
    t.ok(a.polls - polls > 4, 'and softirq polled once more, before it returned');
    t.equal(wait.napiId, 0, 'forgotten');
    t.equal(a.timerCpu, 0);
    m.run();
    t.same([completions.at(-1), completions.filter((unmask) => unmask).length, ring.irqs], [true, 1, 1]);
  },
);

t.test('M16: what comes while it busy-polls ends the loop, and interrupts stay suspended', async (t) => {
  const { m, a, event, ring, hooks, waits, wait } = application();
  waits();
  hooks.onPoll = () => {
    if (ring.packets > 0) event.signal(a.napiId);
  };
  ring.packets = 3;
  t.equal(waits(), 1);
  hooks.onPoll = null;
  t.equal(wait.napiId, a.napiId);
  t.same([ring.packets, m.cpu.counters.busyPollRxPackets, a.timerCpu], [0, 3, 0]);
  m.runFor(SUSPEND / 2);
  t.equal(ring.irqs, 1);
});

t.test('M16: close() resumes interrupts', async (t) => {
  const { m, ring, completions, waits, wait } = application();
  waits();
  m.cpu.task(() => wait.close());
  t.equal(completions.length, 2);
  m.run();
  t.same([completions.at(-1), ring.irqs], [true, 1]);
});

t.test('M16: resume: a poll at once, the usual deferrals, then the interrupt', async (t) => {
  const options = { deferHardIrqs: 2, groFlushTimeoutNs: T, irqSuspendTimeoutNs: SUSPEND };
  const { m, a, ring, completions, arrive } = device(0, options);
  arrive();
  m.turn();
  m.cpu.task(() => a.suspendIrqs());
  m.advance(T);
  t.notOk(m.cpu.isReady, 'the timer is that of the suspension now');
  ring.packets = 1;
  m.cpu.task(() => a.resumeIrqs());
  t.same(completions, [false, false], 'polled before it returned');
  m.run();
  t.same([completions, m.nowNs, ring.irqs], [[false, false, false, true], 3 * T, 1]);
});

t.test('M17: without irq_suspend_timeout: suspend and resume do nothing', async (t) => {
  const { m, a, completions, arrive } = device(0, { deferHardIrqs: 2, groFlushTimeoutNs: T });
  arrive();
  m.turn();
  m.cpu.task(() => {
    a.suspendIrqs();
    a.resumeIrqs();
  });
  t.equal(a.polls, 1);
  m.runFor(T);
  t.equal(completions.length, 2, 'the timer of the deferral is as it was');
});

t.test('M18: irq_suspend_timeout alone: interrupts keep control', async (t) => {
  const { m, a, ring, completions, arrive } = device(0, { irqSuspendTimeoutNs: SUSPEND });
  for (let packet = 0; packet < 3; packet += 1) {
    arrive();
    m.turn();
    m.cpu.task(() => a.suspendIrqs());
  }
  t.same([completions, ring.irqs], [[true, true, true], 3]);
});

t.test(
  'M19: the application stalls while interrupts are suspended: the timer polls, and ordinary mitigation goes on',
  async (t) => {
    const options = { deferHardIrqs: 1, groFlushTimeoutNs: T, irqSuspendTimeoutNs: SUSPEND };
    const { m, a, ring, completions, arrive } = device(0, options);
    arrive();
    m.turn();
    m.cpu.task(() => a.suspendIrqs());
    arrive(2);
    m.runFor(SUSPEND - 1);
    t.same([a.polls, ring.irqs], [1, 1]);
    m.run();
    t.same([completions, ring], [[false, false, true, true], { packets: 0, irqs: 2 }]);
  },
);

t.test('a poll that takes longer than the timeout: its timer begins when it ends', async (t) => {
  const m = simulate();
  const a = m.napi(
    'a',
    (napi) => {
      m.advance(5 * T);
      return finds(napi.polls === 1 ? 1 : 0)(napi, 64);
    },
    { deferHardIrqs: 1, groFlushTimeoutNs: T },
  );
  m.cpu.irq(() => a.schedule());
  t.equal(m.trace.of('hrtimer_start')[0]!.includes(`expires=${6 * T} `), true);
});

t.test('a CPU whose thread is new finds in the words what the old one had armed', async (t) => {
  const m = simulate();
  const a = m.napi('a', script([1]), { deferHardIrqs: 1, groFlushTimeoutNs: T });
  m.cpu.irq(() => a.schedule());
  const { views, clock } = m;
  const { softnet, timers } = m.cpu.core;
  t.equal(timers.nextNs, T);
  const { NapiTimers } = await import('../../src/napi/timers.js');
  const again = new NapiTimers(views, m.cpu.timersAddress, softnet, clock, null, 0);
  t.equal(again.nextNs, T);
});

t.test('6.7: timers of a CPU that is gone expire where they were adopted, in order and in time', async (t) => {
  const m = simulate({ cpus: 2 });
  const names: string[] = [];
  const napis = [3, 1, 2].map((times) => {
    const poll = (napi: SimulatedNapi) => {
      names.push(`${napi.name} ${m.clock.nowNs / T}`);
      return finds(napi.polls === 1 ? 1 : 0)(napi, 64);
    };
    return m.napi(`a${times}`, poll, { deferHardIrqs: 1, groFlushTimeoutNs: times * T });
  });
  for (const napi of napis) m.cpus[0]!.irq(() => napi.schedule());
  t.same(
    napis.map(({ timerCpu }) => timerCpu),
    [0, 0, 0],
  );
  const { timers } = m.cpus[1]!.core;
  timers.adoptAll(0, m.cpus[0]!.timersAddress);
  timers.adoptAll(0, m.cpus[0]!.timersAddress);
  t.same(
    napis.map(({ timerCpu }) => timerCpu),
    [1, 1, 1],
  );
  t.equal(timers.nextNs, T);
  names.length = 0;
  m.runFor(5 * T);
  t.same(names, ['a1 1', 'a2 2', 'a3 3']);
  t.equal(m.cpus[0]!.core.timers.expire(), 0, 'there it is forgotten');
});

t.test('a timer that is adopted takes its place among those that are armed here', async (t) => {
  const m = simulate({ cpus: 2 });
  const a = m.napi('a', script([1]), { deferHardIrqs: 1, groFlushTimeoutNs: 2 * T });
  const b = m.napi('b', script([1]), { deferHardIrqs: 1, groFlushTimeoutNs: 3 * T });
  m.cpus[0]!.irq(() => a.schedule());
  m.cpus[1]!.irq(() => b.schedule());
  const { timers } = m.cpus[1]!.core;
  timers.adopt(a.id, 0, m.cpus[0]!.timersAddress);
  t.equal(timers.nextNs, 2 * T);
  timers.adopt(b.id, 0, m.cpus[0]!.timersAddress);
  t.same([a.timerCpu, b.timerCpu, timers.nextNs], [1, 1, 2 * T], 'what is not armed there stays');
});

t.test('busy instances keep timers waiting no longer than a poll', async (t) => {
  const m = simulate();
  const polls: string[] = [];
  const a = m.napi(
    'a',
    (napi) => {
      polls.push('a');
      return finds(napi.polls === 1 ? 1 : 0)(napi, 64);
    },
    { deferHardIrqs: 1, groFlushTimeoutNs: T },
  );
  const b = m.napi('b', (_, budget) => {
    polls.push('b');
    m.advance(T);
    return polls.length < 6 ? busy(b, budget) : finds(0)(b, budget);
  });
  m.cpu.irq(() => a.schedule());
  m.cpu.irq(() => b.schedule());
  t.same(polls.slice(0, 4), ['a', 'b', 'a', 'b'], 'in the next pass');
});
