// Cold. Runs on: main.
// Process context: ksoftirqd and the application's tasks share a CPU by weight, a slice at a time.

import t from 'tap';
import { SLICE_NS } from '../../src/cpu/scheduler.js';
import type { Simulation } from '../../src/simulate/machine.js';
import { simulate } from '../../src/testing.js';
import { busy, finds } from './drivers.js';

const MS = 1e6;

/** A poll that takes `ns` and always leaves work behind. */
function slow(m: Simulation, ns: number) {
  return (_: unknown, budget: number) => {
    m.advance(ns);
    return budget;
  };
}

function turnsFor(m: Simulation, ns: number): void {
  for (const end = m.nowNs + ns; m.nowNs < end; ) m.turn();
}

t.test('N24: ksoftirqd under long load: between its turns a task progresses, and gets its half', async (t) => {
  const m = simulate();
  const app = m.cpu.addTask('app', () => {
    m.advance(20_000);
    return true;
  });
  const a = m.napi('a', slow(m, 20_000));
  m.cpu.irq(() => a.schedule());
  turnsFor(m, 1000 * MS);
  const share = app.runNs / m.nowNs;
  t.ok(share > 0.49 && share < 0.51, `${share}`);
  t.ok(m.cpu.counters.ksoftirqdRuns > 100);
  t.equal(m.cpu.timeSqueeze, 0);
});

t.test('N24: cond_resched after each handle_softirqs(): one turn is one entry', async (t) => {
  const m = simulate();
  const a = m.napi('a', busy);
  m.cpu.irq(() => a.schedule());
  m.turn();
  t.equal(m.cpu.softirqs.NET_RX, 20, 'ten inline, ten in the turn');
});

t.test('need_resched: a slice is over and another waits: handle_softirqs() stops after the pass', async (t) => {
  const m = simulate();
  let steps = 0;
  m.cpu.addTask('app', () => {
    steps += 1;
    m.advance(MS);
    return true;
  });
  const a = m.napi('a', slow(m, SLICE_NS / 6));
  m.cpu.task(() => a.schedule());
  m.turn();
  t.same([a.polls, steps], [4, 0], 'two milliseconds');
  m.turn();
  t.same([a.polls, steps], [6, 0], 'and what is left of the slice');
  m.turn();
  t.same([a.polls, steps], [6, 1]);
});

t.test('without tasks nobody asks for the CPU', async (t) => {
  const m = simulate();
  const a = m.napi('a', (_, budget) => {
    m.advance(1e5);
    return budget;
  });
  m.cpu.task(() => a.schedule());
  m.turn();
  t.equal(a.polls, 10);
});

t.test('two tasks share by weight', async (t) => {
  const m = simulate();
  const step = () => {
    m.advance(50_000);
    return 1;
  };
  const [light, heavy] = [m.cpu.addTask('light', step, 1024), m.cpu.addTask('heavy', step, 3072)];
  turnsFor(m, 2000 * MS);
  const ratio = heavy.runNs / light.runNs;
  t.ok(ratio > 2.95 && ratio < 3.05, `${ratio}`);
});

t.test('whoever slept has saved nothing up', async (t) => {
  const m = simulate();
  let sleeping = true;
  const sleeper = m.cpu.addTask('sleeper', () => {
    m.advance(50_000);
    return !sleeping;
  });
  const app = m.cpu.addTask('app', () => {
    m.advance(50_000);
    return true;
  });
  turnsFor(m, 500 * MS);
  sleeping = false;
  const before = { app: app.runNs, sleeper: sleeper.runNs };
  turnsFor(m, 200 * MS);
  const share = (app.runNs - before.app) / 200e6;
  t.ok(share > 0.47 && share < 0.53, `${share}`);
});

t.test('one that has nothing to do sleeps a millisecond', async (t) => {
  const m = simulate();
  const idle = m.cpu.addTask('idle', () => 0);
  for (let turn = 0; turn < 20; turn += 1) m.turn();
  t.equal(idle.steps, 10, 'a turn for it, a turn that sleeps');
  t.equal(m.nowNs, 10 * MS);
});

t.test('an interrupt ends a task’s turn, and is taken before the next', async (t) => {
  const m = simulate();
  const line = m.line('eth0', () => a.schedule());
  const a = m.napi('a', finds(1));
  const app = m.cpu.addTask('app', () => {
    if (app.steps === 0) line.raise();
    return true;
  });
  m.turn();
  t.same([app.steps, a.polls], [1, 0]);
  m.turn();
  t.equal(a.polls, 1);
});

t.test('what a task may not do', async (t) => {
  for (const [step, message] of [
    [async () => true, 'task app: its step function returned a promise: it must return a number or a boolean'],
    [() => undefined, 'task app: its step function returned undefined: it must return a number or a boolean'],
    [
      () => {
        throw new Error('no more');
      },
      'task app: no more',
    ],
  ] as const) {
    const m = simulate();
    m.cpu.addTask('app', step as () => number);
    t.throws(() => m.turn(), { message });
  }
});
