// Cold. Runs on: main.
// Who is locked up, and what time counts.

import t from 'tap';
import { Lockups } from '../../src/coordinator/lockups.js';
import { CONTEXT_BYTES, ContextWords } from '../../src/memory/context.js';
import { Doorbell } from '../../src/memory/doorbell.js';
import { viewsOf } from '../../src/memory/views.js';

const STEP_MS = 200;

function cpus(limitSeconds: number) {
  const views = viewsOf(new SharedArrayBuffer(2 * CONTEXT_BYTES));
  const contexts = [0, CONTEXT_BYTES].map((address) => new ContextWords(views, address));
  const lockups = new Lockups(contexts, limitSeconds, STEP_MS);
  let nowMs = 1e6;
  lockups.look(nowMs);
  const after = (ms: number) => {
    nowMs += ms;
    return lockups.look(nowMs);
  };
  return { contexts, doorbell: new Doorbell(views, 0), after };
}

t.test('awake, and its loop does not turn', async (t) => {
  const { contexts, after } = cpus(0.5);
  for (let look = 0; look < 4; look += 1) {
    contexts[1]!.turn();
    t.same(after(100), []);
  }
  contexts[1]!.turn();
  t.same(after(100), [0]);
  contexts[0]!.turn();
  t.same(after(100), [], 'it turns again');
});

t.test('asleep, or without a thread, it is not', async (t) => {
  const { contexts, doorbell, after } = cpus(0.1);
  doorbell.announce();
  contexts[1]!.end();
  t.same(after(100), []);
  doorbell.withdraw();
  t.same(after(100), [0]);
});

t.test('time in which main was blocked, or the process stopped, does not count', async (t) => {
  const { after } = cpus(0.5);
  t.same(after(3_600_000), []);
  t.same(after(3_600_000), []);
  t.same(after(STEP_MS / 2), [0, 1]);
});

t.test('0: never', async (t) => {
  const { after } = cpus(0);
  for (let look = 0; look < 1000; look += 1) t.same(after(STEP_MS), []);
});
