// Cold. Runs on: every thread of the explorer.
// Two threads spin on a flag that the last one sets. Variant `undeclared`: without saying so. Variant `nobody`: it never is set.

import { onePage, type ScenarioFactory, spin, wordsOf } from '../scenario.js';

const FLAG = 0;

const spinners: ScenarioFactory = (_root, variant) => ({
  threads: ['x', 'y', 'setter'],
  create: onePage,
  reset: () => undefined,
  stepLimit: 300,
  thread(index, shared) {
    const words = wordsOf(shared);
    if (index === 2) return variant === 'nobody' ? () => undefined : () => void Atomics.store(words, FLAG, 1);
    return () => {
      while (Atomics.load(words, FLAG) === 0) if (variant !== 'undeclared') spin();
    };
  },
  check: () => null,
});

export default spinners;
