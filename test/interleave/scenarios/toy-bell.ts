// Cold. Runs on: every thread of the explorer.
// Two sleepers and one who rings. Variant `once`: rings for one of them only. Variant `timeouts`: rings for nobody, but
// the sleepers' waits are finite. Variant `endless`: the same, unexplored timeouts.

import { onePage, type ScenarioFactory, wordsOf } from '../scenario.js';

const BELL = 0;
const WOKEN = 1;
const RETURNED = 2;
const NAP_MS = 10;

function ring(words: Int32Array, sleepers: number): void {
  Atomics.store(words, BELL, 1);
  words[WOKEN] = Atomics.notify(words, BELL, sleepers);
}

const bell: ScenarioFactory = (_root, variant) => {
  const finite = variant === 'timeouts' || variant === 'endless';
  return {
    threads: ['ringer', 'early', 'late'],
    create: onePage,
    reset: () => undefined,
    timeouts: variant === 'timeouts',
    thread(index, shared) {
      const words = wordsOf(shared);
      if (index === 0) return finite ? () => undefined : () => ring(words, variant === 'once' ? 1 : 2);
      return () => {
        Atomics.wait(words, BELL, 0, finite ? NAP_MS : undefined);
        Atomics.add(words, RETURNED, 1);
      };
    },
    check(shared) {
      const words = wordsOf(shared);
      if (words[WOKEN]! > 2) return `woken=${words[WOKEN]}`;
      return words[RETURNED] === 2 ? null : `returned=${words[RETURNED]}`;
    },
  };
};

export default bell;
