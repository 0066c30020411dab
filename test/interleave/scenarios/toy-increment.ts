// Cold. Runs on: every thread of the explorer.
// Two threads (variant `three`: three) count up one word, by load and store; variants `atomic`, `three-atomic`: by add.
// Variant `alone-atomic`: and a word of their own each. Variant `alone`: the scenario says that the one word is one thread's.

import { onePage, type ScenarioFactory, wordsOf } from '../scenario.js';

const COUNTER = 0;
const OWN = 16;

const increment: ScenarioFactory = (_root, variant) => {
  const threads = variant.startsWith('three') ? ['a', 'b', 'c'] : ['a', 'b'];
  return {
    threads,
    create: onePage,
    reset: () => undefined,
    ...(variant === 'alone' && { alone: [COUNTER] }),
    ...(variant === 'alone-atomic' && { alone: [OWN * 4, OWN * 4 + 4] }),
    label: (address) => (address === COUNTER ? 'COUNTER' : undefined),
    thread(index, shared) {
      const words = wordsOf(shared);
      if (variant === 'alone-atomic') {
        return () => {
          Atomics.add(words, OWN + index, 1);
          Atomics.add(words, COUNTER, 1);
          Atomics.add(words, OWN + index, 1);
        };
      }
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
