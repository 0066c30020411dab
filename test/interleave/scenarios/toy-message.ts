// Cold. Runs on: every thread of the explorer.
// A plain word of data and the flag that publishes it. Variant `early`: published before it is written, which shows only when
// a switch comes right after the call. Variant `eager`: read before the flag is looked at: right before the call.

import { onePage, type ScenarioFactory, type Shared, wordsOf } from '../scenario.js';

const PUBLISHED = 0;
const DATA = 1;
const SEEN = 2;

function send(words: Int32Array, early: boolean): void {
  if (!early) words[DATA] = 42;
  Atomics.store(words, PUBLISHED, 1);
  if (early) words[DATA] = 42;
}

function receive(words: Int32Array, eager: boolean): void {
  const before = words[DATA]!;
  if (Atomics.load(words, PUBLISHED) === 1) words[SEEN] = eager ? before : words[DATA]!;
  else words[SEEN] = 42; // nothing to see
}

const message: ScenarioFactory = (_root, variant) => ({
  threads: ['sender', 'receiver'],
  create: onePage,
  reset: () => undefined,
  plainSteps: !variant.startsWith('calls-'),
  thread(index, shared: Shared) {
    const words = wordsOf(shared);
    return index === 0 ? () => send(words, variant.endsWith('early')) : () => receive(words, variant.endsWith('eager'));
  },
  check(shared) {
    const seen = wordsOf(shared)[SEEN];
    return seen === 42 ? null : `seen=${seen}, not 42`;
  },
});

export default message;
