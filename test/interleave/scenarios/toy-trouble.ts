// Cold. Runs on: every thread of the explorer.
// Everything that may go wrong in a body, a variant each.

import { onePage, type ScenarioFactory, type Shared, wordsOf } from '../scenario.js';

const WORD = 0;

const TROUBLES: Record<string, (words: Int32Array) => unknown> = {
  throw: (words) => {
    if (Atomics.load(words, WORD) === 1) throw new Error('one too many');
  },
  hang: (words) => {
    Atomics.load(words, WORD);
    for (;;);
  },
  promise: async () => undefined,
  foreign: () => Atomics.load(new Int32Array(new SharedArrayBuffer(4)), 0),
  always: (words) => Atomics.store(words, WORD, 2),
  finally: (words) => {
    try {
      Atomics.wait(words, WORD, Atomics.load(words, WORD));
    } finally {
      Atomics.store(words, WORD, 3); // also when the explorer gives the schedule up
    }
  },
};

const trouble: ScenarioFactory = (_root, variant) => ({
  threads: ['good', 'bad'],
  create: onePage,
  reset: () => undefined,
  label: () => 'WORD',
  thread(index, shared: Shared) {
    if (variant === 'attach') throw new Error('bad magic');
    const words = wordsOf(shared);
    return index === 0 ? () => void Atomics.store(words, WORD, 1) : () => TROUBLES[variant]!(words) as undefined;
  },
  check: () => null,
  always: (shared) => (Atomics.load(wordsOf(shared), WORD) === 2 ? 'word=2' : null),
});

export default trouble;
