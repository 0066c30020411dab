// Cold. Runs on: every thread of the explorer.
// A bug of three preemptions, out of the usual bound's sight: b must come twice in between a's five steps, in the right places.
// Variant `long`: the same, with four calls around it that change nothing.

import { onePage, type ScenarioFactory, wordsOf } from '../scenario.js';

const A = 0;
const B = 1;
const CAUGHT = 2;
const BUSY = 3;
const NAMES = ['A', 'B', 'CAUGHT', 'BUSY'];

const deep: ScenarioFactory = (_root, variant) => {
  const around = variant === 'long' ? 1 : 0;
  return {
    threads: ['a', 'b'],
    create: onePage,
    reset: () => undefined,
    plainSteps: false,
    label: (address) => NAMES[address / 4],
    thread(index, shared) {
      const words = wordsOf(shared);
      const busy = () => {
        for (let call = 0; call < around; call++) Atomics.add(words, BUSY, 1);
      };
      const a = () => {
        for (let round = 1; round <= 2; round++) {
          Atomics.store(words, A, round);
          if (Atomics.load(words, B) !== round) return;
        }
        Atomics.store(words, CAUGHT, 1);
      };
      const b = () => {
        for (let round = 1; round <= 2; round++) {
          if (Atomics.load(words, A) !== round) return;
          Atomics.store(words, B, round);
        }
      };
      return () => {
        busy();
        (index === 0 ? a : b)();
        busy();
      };
    },
    check: (shared) => (wordsOf(shared)[CAUGHT] === 0 ? null : 'caught'),
  };
};

export default deep;
