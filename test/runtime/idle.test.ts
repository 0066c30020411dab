// Cold. Runs on: main.
// When an idle thread spins, when it sleeps, and what it looks at in between.

import t from 'tap';
import { END_SOURCE } from '../../src/memory/context.js';
import { isAsleep } from '../../src/memory/doorbell.js';
import { VirtualClock } from '../../src/runtime/clock.js';
import { SpinThenSleep } from '../../src/runtime/idle.js';
import { counterAt } from '../memory/space.js';
import { CONTEXT, FakeAgent, SLEEPS } from './fake-agent.js';

const US = 1e3;
const MS = 1e6;
const SPIN_US_MAX = 50;

function idler(spin: boolean) {
  const agent = new FakeAgent();
  const clock = new VirtualClock();
  const policy = new SpinThenSleep(agent.views, CONTEXT, clock, spin, SLEEPS);
  const sleeps = () => counterAt(agent.views, SLEEPS);
  return { agent, clock, policy, sleeps };
}

t.test('spins first, sleeps when that was in vain', async (t) => {
  const { agent, clock, policy, sleeps } = idler(true);
  agent.wakeNs = MS;
  for (let us = 0; us < SPIN_US_MAX; us += 10) {
    policy.idle(agent);
    clock.advance(10 * US);
  }
  t.equal(sleeps(), 0);
  t.same(agent.asked, []);
  policy.idle(agent);
  t.equal(sleeps(), 1);
  t.same(agent.asked, [true], 'every source of work is looked at after ASLEEP was said');
  t.notOk(isAsleep(agent.views.words, CONTEXT / 4), 'awake afterwards');
});

t.test('work in between begins a new spell', async (t) => {
  const { agent, clock, policy, sleeps } = idler(true);
  agent.wakeNs = 10 * MS;
  for (let us = 0; us < 3 * SPIN_US_MAX; us += 10) {
    policy.idle(agent);
    policy.busy();
    clock.advance(10 * US);
  }
  t.equal(sleeps(), 0);
});

t.test('without spinning it sleeps at once', async (t) => {
  const { agent, policy, sleeps } = idler(false);
  agent.wakeNs = MS;
  policy.idle(agent);
  t.equal(sleeps(), 1);
});

t.test('it does not sleep through a time that is known and near', async (t) => {
  const { agent, clock, policy, sleeps } = idler(true);
  policy.idle(agent);
  clock.advance(MS);
  agent.wakeNs = clock.nowNs + 100 * US;
  policy.idle(agent);
  agent.wakeNs = clock.nowNs - 1;
  policy.idle(agent);
  t.equal(sleeps(), 0);
});

t.test('the re-check: work that came before ASLEEP was said', async (t) => {
  const { agent, policy, sleeps } = idler(false);
  agent.arrived = true;
  policy.idle(agent);
  t.equal(sleeps(), 0, 'an endless sleep, but for the re-check');
  t.notOk(isAsleep(agent.views.words, CONTEXT / 4));
});

t.test('the re-check: a request of main', async (t) => {
  const { agent, policy, sleeps } = idler(false);
  agent.context.ask(END_SOURCE);
  policy.idle(agent);
  t.equal(sleeps(), 0);
  agent.context.report(END_SOURCE);
  agent.wakeNs = MS;
  policy.idle(agent);
  t.equal(sleeps(), 1, 'one that was carried out is none');
});

t.test('a ring between the re-check and the wait: no sleep', async (t) => {
  const { agent, policy } = idler(false);
  agent.workArrived = () => {
    agent.context.ask(END_SOURCE);
    agent.context.report(END_SOURCE);
    return false;
  };
  policy.idle(agent);
  t.pass('the endless wait returned');
});

t.test('long idle spells teach it to spin less, short ones more', async (t) => {
  const { agent, clock, policy, sleeps } = idler(true);
  /** Idles until it sleeps, then says how long it has spun. */
  const spell = (sleptNs: number): number => {
    const start = clock.nowNs;
    const before = sleeps();
    agent.wakeNs = start + 10 * MS;
    agent.workArrived = () => {
      clock.advance(sleptNs);
      agent.context.ask(END_SOURCE);
      agent.context.report(END_SOURCE);
      return false;
    };
    for (;;) {
      policy.idle(agent);
      if (sleeps() > before) return clock.nowNs - start - sleptNs;
      clock.advance(US);
    }
  };
  const long = [1, 2, 3, 4, 5, 6, 7, 8].map(() => spell(5 * MS));
  t.equal(long[0], SPIN_US_MAX * US);
  t.ok(long[7]! <= US, `${long[7]} ns`);
  const short = [1, 2, 3, 4, 5, 6, 7, 8].map(() => spell(US));
  t.equal(short[7], SPIN_US_MAX * US, 'back to its limit, and not beyond');
});
