// Cold. Runs on: main.

import t from 'tap';
import { CONTEXT_BYTES, ContextWords, END_SOURCE, NO_REQUEST, STOP } from '../../src/memory/context.js';
import { Doorbell, isAsleep } from '../../src/memory/doorbell.js';
import { space } from './space.js';

t.test('main asks, the owner answers', async (t) => {
  const views = space();
  const [main, owner] = [new ContextWords(views, 64), new ContextWords(views, 64)];
  t.equal(owner.request(), NO_REQUEST);
  main.ask(END_SOURCE);
  t.equal(owner.request(), END_SOURCE);
  t.equal(main.done(), NO_REQUEST);
  owner.report(END_SOURCE);
  t.equal(main.done(), END_SOURCE);
  t.ok(STOP > END_SOURCE, 'each request includes those before it');
});

t.test('asking wakes', async (t) => {
  const views = space();
  new Doorbell(views, 64).announce();
  new ContextWords(views, 64).ask(STOP);
  t.notOk(isAsleep(views.words, 64 / 4));
});

t.test('each turn moves the quiescent word, over the end of int32 too', async (t) => {
  const views = space();
  const context = new ContextWords(views, 0);
  context.turn();
  context.turn();
  t.equal(context.quiescent(), 2);
  views.words[views.words.indexOf(2)] = 2 ** 31 - 1;
  context.turn();
  t.equal(context.quiescent(), -(2 ** 31));
});

t.test('contexts do not touch each other', async (t) => {
  const views = space();
  const [first, second] = [new ContextWords(views, 0), new ContextWords(views, CONTEXT_BYTES)];
  first.ask(STOP);
  first.report(STOP);
  first.turn();
  first.writeTid(42);
  t.same([second.request(), second.done(), second.quiescent(), second.tid()], [0, 0, 0, 0]);
  t.equal(first.tid(), 42);
});
