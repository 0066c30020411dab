// Cold. Runs on: every thread of the explorer.
// Two threads (variant `three`: three) count up one word, by load and store; variants `atomic`, `three-atomic`: by add.

import { onePage, type ScenarioFactory, wordsOf } from '../scenario.js';

const COUNTER = 0;

const increment: ScenarioFactory = (_root, variant) => {
  const threads = variant.startsWith('three') ? ['a', 'b', 'c'] : ['a', 'b'];
  return {
    threads,
    create: onePage,
    reset: () => undefined,
    label: (address) => (address === COUNTER ? 'COUNTER' : undefined),
    thread(_index, shared) {
      const words = wordsOf(shared);
      if (variant.endsWith('atomic')) return () => void Atomics.add(words, COUNTER, 1);
      return () => void Atomics.store(words, COUNTER, Atomics.load(words, COUNTER) + 1);
    },
    check(shared) {
      const counter = wordsOf(shared)[COUNTER];
      return counter === threads.length ? null : `counter=${counter}, not ${threads.length}`;
    },
  };
};

export default increment;
