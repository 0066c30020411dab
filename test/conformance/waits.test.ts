// Cold. Runs on: main.
// A task of the application that waits as epoll_wait does: what wakes it, what it busy-polls, what it may, and the built-in one.

import t from 'tap';
import busyPoll from '../../src/coordinator/busy-poll.js';
import type { TaskContext } from '../../src/cpu/application-task.js';
import type { TaskWait } from '../../src/cpu/task-wait.js';
import type { ApplicationOptions } from '../../src/simulate/tasks.js';
import { simulate } from '../../src/testing.js';
import { bits } from './drivers.js';

const MS = 1e6;
const FOREVER = Number.POSITIVE_INFINITY;
const KNOBS = { deferHardIrqs: 2, groFlushTimeoutNs: 20_000, irqSuspendTimeoutNs: 20 * MS };

/** A queue whose packets signal an event, as a sink does, and its line. A poll takes 1 µs; of a stream, a packet comes every 10 µs. */
function queue(knobs = KNOBS) {
  const m = simulate();
  const event = m.event();
  const ring = { packets: 0, irqs: 0, unmasks: 0 };
  const stream = { left: 0, nextNs: 0 };
  const line = m.line('eth0', () => {
    ring.irqs += 1;
    a.schedule();
  });
  const a = m.napi(
    'a',
    (napi, budget) => {
      m.advance(1000);
      for (; stream.left > 0 && stream.nextNs <= m.nowNs; stream.left -= 1) {
        ring.packets += 1;
        stream.nextNs += 10_000;
      }
      const work = Math.min(ring.packets, budget);
      ring.packets -= work;
      if (work > 0) event.signal(napi.napiId);
      if (work < budget && napi.completeDone(work)) {
        ring.unmasks += 1;
        line.unmask();
      }
      return work;
    },
    knobs,
  );
  const arrive = (packets = 1) => {
    ring.packets += packets;
    line.raise();
  };
  /** Their line is raised for the first one only. */
  const begin = (packets: number) => {
    stream.left = packets - 1;
    stream.nextNs = m.nowNs + 10_000;
    arrive();
  };
  return { m, a, event, ring, arrive, begin };
}

/** An application over that queue: waits with these parameters, and counts what it found. */
function application(params: object, timeoutMs: number, options: ApplicationOptions = {}) {
  const made = queue();
  const app: { found: number; wait: TaskWait | null } = { found: 0, wait: null };
  const use = made.m.cpu.addApplication(
    'app',
    ({ napi }: TaskContext) => {
      const wait = napi.wait([made.event], params);
      app.wait = wait;
      return () => {
        const ready = wait.wait(timeoutMs);
        app.found += ready;
        return ready;
      };
    },
    options,
  );
  return { ...made, app, use };
}

t.test('one that waits for ever sleeps until its event, and is woken by it at once', async (t) => {
  const { m, use, app, arrive } = application({}, FOREVER);
  t.equal(m.run(), 1, 'one step, and nothing moves any more');
  m.runFor(50 * MS);
  t.equal(use.steps, 1);
  const before = m.nowNs;
  arrive();
  m.turn();
  t.same([app.found, m.nowNs - before < 10_000], [1, true], 'in the turn that brought it');
  m.runFor(50 * MS);
  t.equal(use.steps, 3, 'the last one found nothing');
});

t.test('woken by its event, it works on as long as it says', async (t) => {
  const m = simulate();
  const event = m.event();
  let work = 0;
  m.cpu.addApplication('app', ({ napi }) => {
    const wait = napi.wait([event]);
    return () => {
      if (wait.wait(0) > 0) work = 50;
      if (work === 0) return wait.wait(FOREVER);
      work -= 1;
      m.advance(100_000);
      return true;
    };
  });
  m.run();
  event.signal(0);
  m.run();
  t.same([work, m.nowNs], [0, 5 * MS]);
});

t.test(
  'a time-out ends the sleep; the shortest of a step’s waits counts; without a wait it is a millisecond',
  async (t) => {
    const m = simulate();
    const times: number[] = [];
    let timeouts: readonly number[] = [5];
    m.cpu.addApplication('app', ({ napi }) => {
      const waits = [napi.wait([m.event()]), napi.wait([m.event()])];
      return () => {
        times.push(m.nowNs / MS);
        for (const [index, ms] of timeouts.entries()) waits[index]!.wait(ms);
        return false;
      };
    });
    m.runFor(11 * MS);
    t.same(times, [0, 5, 10]);
    for (const [given, ms] of [
      [[9, 3], 3],
      [[], 1],
      [[0], 1],
    ] as const) {
      timeouts = given;
      times.length = 0;
      m.runFor(6 * MS + 10 * MS);
      t.equal(times[2]! - times[1]!, ms, `${given}`);
    }
    t.throws(() => m.cpu.addApplication('wrong', ({ napi }) => napi.wait([]).wait(-1) as never), {
      message: 'wait: timeoutMs=-1: must be from 0 to Infinity',
    });
  },
);

t.test('a step that returns NaN has done nothing', async (t) => {
  const m = simulate();
  const use = m.cpu.addApplication('app', () => () => Number.NaN);
  m.runFor(5 * MS);
  t.ok(use.steps <= 6, `${use.steps} steps`);
});

t.test('either of two events wakes it, and it is told which', async (t) => {
  const m = simulate();
  const events = [m.event(), m.event()];
  const found: number[][] = [];
  m.cpu.addApplication('app', ({ napi }) => {
    const wait = napi.wait(events);
    return () => {
      const ready = wait.wait(FOREVER);
      found.push([...wait.found.subarray(0, ready)]);
      return ready;
    };
  });
  m.run();
  events[1]!.signal(0);
  m.run();
  for (const event of events) event.signal(0);
  m.run();
  t.same(found, [[], [1], [], [0, 1], []]);
});

t.test('M14: as long as a stream lasts, its wait busy-polls it, without interrupts and without softirqs', async (t) => {
  const { m, app, ring, begin } = application({ usecs: 100, prefer: true }, FOREVER);
  begin(1000);
  m.runFor(10 * MS); // and so the stream ends
  t.same([ring.irqs, ring.unmasks, m.cpu.counters.timerIrqs], [1, 0, 0]);
  t.same([app.found, m.cpu.softirqs.NET_RX], [1000, 2], 'for the interrupt, and for resuming them');
  t.ok(m.cpu.counters.busyPollRxPackets > 800, 'the others were found by the polls that end loops');
  m.runFor(9 * MS);
  t.same([ring.irqs, ring.unmasks], [1, 1]);
});

t.test('M14: and without irq_suspend_timeout the timer polls while it works', async (t) => {
  for (const [irqSuspendTimeoutNs, timers] of [
    [20 * MS, false],
    [0, true],
  ] as const) {
    const { m, event, begin } = queue({ ...KNOBS, irqSuspendTimeoutNs });
    m.cpu.addApplication('app', ({ napi }) => {
      const wait = napi.wait([event], { usecs: 100, prefer: true });
      return () => {
        const ready = wait.wait(FOREVER);
        if (ready > 0) m.advance(MS / 10);
        return ready;
      };
    });
    begin(100);
    m.runFor(MS);
    t.equal(m.cpu.counters.timerIrqs > 0, timers, `${m.cpu.counters.timerIrqs}`);
  }
});

t.test('M14: net.core.busy_poll counts where a wait has no time of its own', async (t) => {
  for (const [usecs, sysctl, atLeast, below] of [
    [0, 0, 0, 1000],
    [0, 300, 300, 400],
    [100, 300, 100, 200],
  ] as const) {
    const { m, app, arrive } = application({ usecs }, FOREVER);
    m.sysctls.set('net.core.busy_poll', sysctl);
    m.run();
    const before = m.nowNs;
    arrive();
    m.turn();
    const us = (m.nowNs - before) / 1000;
    t.equal(app.found, 1);
    t.ok(us >= atLeast && us < below, `busy_poll_usecs ${usecs}, busy_poll ${sysctl}: ${us} µs`);
  }
});

t.test('M16: nothing comes any more: interrupts are resumed, and the task sleeps for ever', async (t) => {
  const { m, a, app, ring, arrive } = application({ usecs: 100, prefer: true }, FOREVER);
  arrive();
  m.runFor(100 * MS);
  t.same([app.wait!.napiId, a.timerCpu, bits(a), ring.unmasks], [0, null, '', 1]);
  t.equal(m.run(), 0, 'nothing moves');
  arrive();
  m.runFor(MS);
  t.same([ring.irqs, app.found], [2, 2], 'the next one interrupts');
});

t.test('a request of the host ends a busy loop, and a wait, which resumes interrupts', async (t) => {
  const { m, a, app, arrive } = application({ usecs: 1_000_000, prefer: true }, FOREVER);
  m.cpu.signalPending = true;
  arrive();
  m.turn();
  t.same([app.found, app.wait!.napiId], [1, 0]);
  t.ok(m.nowNs < 100_000, `${m.nowNs} ns`);
  const loop = m.cpu.addApplication('loop', ({ napi }) => () => {
    napi.busyLoop(a.napiId, { loopEnd: () => false });
    return false;
  });
  m.turn();
  t.equal(loop.steps, 1, 'it came to its end');
});

t.test('B11: what a task may do without CAP_NET_ADMIN, and with it', async (t) => {
  const { m, a } = queue();
  const tryAll = (capabilities: readonly 'CAP_NET_ADMIN'[]) => {
    const refused: unknown[] = [];
    m.cpu.addApplication(
      'app',
      ({ napi }) => {
        for (const run of [
          () => napi.busyLoop(a.napiId, { prefer: true }),
          () => napi.busyLoop(a.napiId, { budget: 9 }),
          () => napi.wait([], { budget: 65 }),
          () => napi.wait([], { budget: 64, prefer: true }),
          () => napi.wait([], { usecs: -1 }),
        ]) {
          try {
            run();
            refused.push('');
          } catch (error) {
            const { code, capability, what } = error as { code: string; capability: string | null; what: string };
            refused.push(`${code} ${what} ${capability}`);
          }
        }
        return () => 0;
      },
      { capabilities },
    );
    return refused;
  };
  const usecs = 'EINVAL busy_poll_usecs=-1 null';
  t.same(tryAll([]), [
    'EPERM SO_PREFER_BUSY_POLL=1 CAP_NET_ADMIN',
    'EPERM SO_BUSY_POLL_BUDGET=9 CAP_NET_ADMIN',
    'EPERM busy_poll_budget=65 CAP_NET_ADMIN',
    '',
    usecs,
  ]);
  t.same(tryAll(['CAP_NET_ADMIN']), ['', '', '', '', usecs]);
});

t.test('B11: what is no boolean does not prefer', async (t) => {
  const { m, a } = queue();
  m.cpu.addApplication('app', ({ napi }) => {
    for (const prefer of [1, 'yes', null]) {
      t.throws(() => napi.busyLoop(a.napiId, { prefer } as never), { message: /^SO_PREFER_BUSY_POLL=.*\(EINVAL\)$/ });
      t.throws(() => napi.wait([], { prefer } as never), { message: /^prefer_busy_poll=.*\(EINVAL\)$/ });
    }
    return () => false;
  });
});

for (const budget of [0, undefined]) {
  t.test(`B11: a busy loop’s budget of ${budget} is 8`, async (t) => {
    const { m, a, ring } = queue();
    m.cpu.addApplication('app', ({ napi }) => () => {
      napi.busyLoop(a.napiId, { budget } as never);
      return false;
    });
    ring.packets = 15;
    m.turn();
    t.same([ring.packets, m.cpu.counters.busyPollRxPackets], [0, 8], '8, and 7 to stop it');
  });
}

t.test('B11: a wait’s budget of 0 is 8', async (t) => {
  const { m, a, event, ring } = queue();
  m.cpu.addApplication('app', ({ napi }) => {
    const wait = napi.wait([event], { usecs: 50, budget: 0 });
    return () => wait.wait(FOREVER);
  });
  event.signal(a.napiId);
  ring.packets = 15;
  m.turn();
  t.equal(m.cpu.counters.busyPollRxPackets, 8, 'which ends it');
});

t.test('what loopEnd throws reaches the task when the instance has been given back', async (t) => {
  const { m, a, arrive, ring } = queue();
  const states: unknown[] = [];
  m.cpu.addApplication('loop', ({ napi }) => () => {
    const loopEnd = () => {
      throw new Error('no end');
    };
    t.throws(() => napi.busyLoop(a.napiId, { loopEnd }), { message: 'no end' });
    states.push(a.state);
    return false;
  });
  m.turn();
  t.same(states, [['LISTED']]);
  arrive();
  m.turn();
  t.equal(ring.packets, 0, 'its interrupt is on');
});

for (const [how, call] of [
  ['busyLoop', (napi: TaskContext['napi'], id: number) => napi.busyLoop(id)],
  ['wait', (_: unknown, __: number, wait: TaskWait) => wait.wait()],
] as const) {
  t.test(`${how}: what a sink throws in a task’s poll ends the CPU, also if the task catches it`, async (t) => {
    const m = simulate();
    const event = m.event();
    const a = m.napi('a', () => {
      throw new Error('the sink');
    });
    m.cpu.addApplication('app', ({ napi }) => {
      const wait = napi.wait([event], { usecs: 50 });
      return () => {
        try {
          call(napi, a.napiId, wait);
          call(napi, a.napiId, wait);
        } catch {}
        return false;
      };
    });
    event.signal(a.napiId);
    const turns = () => {
      for (let turn = 0; turn < 3; turn += 1) m.turn();
    };
    t.throws(turns, { message: 'the sink' });
  });
}

t.test('a task that fails in its turn within another’s busy loop is the one that is named', async (t) => {
  const { m, a } = queue();
  m.cpu.addApplication('loop', ({ napi }) => () => {
    try {
      napi.busyLoop(a.napiId, { loopEnd: () => m.nowNs > 50 * MS });
    } catch {}
    return false;
  });
  let steps = 0;
  m.cpu.addApplication('other', () => () => {
    steps += 1;
    if (steps === 3) throw new Error('bad step');
    return false;
  });
  t.throws(() => m.runFor(50 * MS), { message: 'task other: bad step' });
});

t.test('the task busy-poll: packets suspend interrupts, and when none come it sleeps', async (t) => {
  const { m, a, event, ring, begin } = queue();
  const app = m.cpu.addApplication('busy-poll', busyPoll, { data: { usecs: 50 }, packets: [event] });
  begin(1000);
  m.runFor(9 * MS);
  t.same([ring.irqs, ring.unmasks, m.cpu.counters.timerIrqs, a.timerCpu], [1, 0, 0, 0]);
  m.runFor(100 * MS);
  t.same([ring.irqs, ring.unmasks, a.timerCpu], [1, 1, null]);
  const { steps } = app;
  t.equal(m.run(), 0, 'nothing moves');
  m.runFor(1000 * MS);
  t.equal(app.steps, steps);
});

t.test('the task busy-poll leaves a queue alone whose line has moved', async (t) => {
  let home = true;
  const m = simulate();
  const event = m.event();
  const budgets: number[] = [];
  const a = m.napi(
    'a',
    (napi, budget) => {
      budgets.push(budget);
      napi.completeDone(0);
      return 0;
    },
    { isHome: () => home, ...KNOBS },
  );
  m.cpu.addApplication('busy-poll', busyPoll, { data: { usecs: 0, budget: 16 }, packets: [event] });
  event.signal(a.napiId);
  m.turn();
  t.same(budgets.slice(0, 2), [16, 16], 'one poll, and the one that ends it');
  home = false;
  event.signal(a.napiId);
  budgets.length = 0;
  m.turn();
  t.same(budgets, [64], 'resumed, and left to its interrupts');
});
