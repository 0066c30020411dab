// Cold. Runs on: every thread of the explorer.
// Fifteen calls a thread, of two threads (variant `three`: three): what a real scenario costs.

import { onePage, type ScenarioFactory, wordsOf } from '../scenario.js';

const CALLS = 15;

const long: ScenarioFactory = (_root, variant) => {
  const threads = variant.startsWith('three') ? ['a', 'b', 'c'] : ['a', 'b'];
  return {
    threads,
    create: onePage,
    reset: () => undefined,
    plainSteps: !variant.endsWith('calls'),
    thread(_index, shared) {
      const words = wordsOf(shared);
      return () => {
        for (let call = 0; call < CALLS; call++) Atomics.add(words, call, 1);
      };
    },
    check(shared) {
      const short = wordsOf(shared)
        .subarray(0, CALLS)
        .findIndex((count) => count !== threads.length);
      return short < 0 ? null : `word ${short} is not ${threads.length}`;
    },
  };
};

export default long;
