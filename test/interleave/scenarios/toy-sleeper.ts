// Cold. Runs on: every thread of the explorer.
// A producer publishes and then looks whether the consumer sleeps; the consumer says that it sleeps and then looks again.
// Variant `no-recheck`: it does not look again. Variant `rest`: nothing is ever published, and sleeping is a fine end.

import { onePage, type ScenarioFactory, wordsOf } from '../scenario.js';

const READY = 0;
const ASLEEP = 1;
const BELL = 2;
const NAMES = ['READY', 'ASLEEP', 'BELL'];

function produce(words: Int32Array): void {
  Atomics.store(words, READY, 1);
  if (Atomics.load(words, ASLEEP) === 0) return;
  Atomics.store(words, BELL, 1);
  Atomics.notify(words, BELL, 1);
}

function consume(words: Int32Array, recheck: boolean): void {
  if (Atomics.load(words, READY) === 1) return;
  Atomics.store(words, ASLEEP, 1);
  if (recheck && Atomics.load(words, READY) === 1) return;
  Atomics.wait(words, BELL, 0);
}

const sleeper: ScenarioFactory = (_root, variant) => ({
  threads: ['producer', 'consumer'],
  create: onePage,
  reset: () => undefined,
  label: (address) => NAMES[address / 4],
  thread(index, shared) {
    const words = wordsOf(shared);
    if (index === 1) return () => consume(words, variant !== 'no-recheck');
    return variant === 'rest' ? () => undefined : () => produce(words);
  },
  check: () => null,
  ...(variant === 'rest' && { rest: (shared) => (wordsOf(shared)[READY] === 0 ? null : 'asleep with work to do') }),
});

export default sleeper;
