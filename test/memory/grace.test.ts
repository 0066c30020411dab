// Cold. Runs on: main.

import t from 'tap';
import { CONTEXT_BYTES, ContextWords } from '../../src/memory/context.js';
import { Doorbell } from '../../src/memory/doorbell.js';
import { GracePeriod } from '../../src/memory/grace.js';
import { viewsOf } from '../../src/memory/views.js';

function contextsOf(count: number) {
  const views = viewsOf(new SharedArrayBuffer(count * CONTEXT_BYTES));
  const contexts = Array.from({ length: count }, (_, id) => new ContextWords(views, id * CONTEXT_BYTES));
  return { contexts, doorbell: (id: number) => new Doorbell(views, id * CONTEXT_BYTES) };
}

t.test('over when every thread has come round', async (t) => {
  const { contexts } = contextsOf(2);
  contexts[0]!.turn(); // before it begins: does not count
  const grace = new GracePeriod(contexts);
  t.notOk(grace.over());
  contexts[0]!.turn();
  t.notOk(grace.over());
  contexts[1]!.turn();
  t.ok(grace.over());
  t.ok(grace.over(), 'and stays so');
});

t.test('a thread that sleeps is not waited for, also when it wakes later', async (t) => {
  const { contexts, doorbell } = contextsOf(2);
  doorbell(0).announce();
  const grace = new GracePeriod(contexts);
  t.notOk(grace.over(), 'the other one is');
  doorbell(0).withdraw();
  contexts[1]!.turn();
  t.ok(grace.over());
});

t.test('nobody to wait for', async (t) => {
  t.ok(new GracePeriod([]).over());
});
