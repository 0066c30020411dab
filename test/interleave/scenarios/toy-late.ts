// Cold. Runs on: every thread of the explorer.
// A word that one thread touches only when it comes early: what the other does with it does not matter in the first schedule, and matters
// in a later one. One preemption, between the two looks, finds the fault.

import { onePage, type ScenarioFactory, viewsOf, wordsOf } from '../scenario.js';

const WORD = 0;
const PASSED = 1;
const SEEN = 16; // plain: what the first thread has found in WORD

const factory: ScenarioFactory = () => ({
  threads: ['looks', 'early'],
  races: true,
  create: onePage,
  reset: () => {},
  thread: (index, shared) => {
    const { words } = viewsOf(shared.memory.buffer);
    if (index === 1) return () => void (Atomics.load(words, PASSED) === 0 && Atomics.store(words, WORD, 1));
    return () => {
      const first = Atomics.load(words, WORD);
      words[SEEN] = Atomics.load(words, WORD) - first;
      Atomics.store(words, PASSED, 1);
    };
  },
  check: (shared) => (wordsOf(shared)[SEEN] === 0 ? null : 'it changed between two looks'),
});

export default factory;
