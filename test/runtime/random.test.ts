// Cold. Runs on: main.

import fc from 'fast-check';
import t from 'tap';
import { Random } from '../../src/runtime/random.js';

// From a C program with PractRand's sfc32 (uint32_t arithmetic), seeded as PractRand seeds it.
const FIRST_WORDS: readonly (readonly [seed: number, words: readonly number[]])[] = [
  [0, [1363572419, 145230303, 808754475, -78461664]],
  [1, [2012149540, 1872316204, 1707632675, 1779833415]],
  [42, [1264412219, 1947509147, -375527997, 1251167922]],
  [Number.MAX_SAFE_INTEGER, [-1026564473, -1692610274, -1028542073, 182731693]],
];

t.test('the words are those of sfc32 in C', async (t) => {
  for (const [seed, words] of FIRST_WORDS) {
    const random = new Random(seed);
    t.same(
      words.map(() => random.word()),
      words,
      `seed ${seed}`,
    );
  }
});

t.test('next() is a word as a fraction, below() a share of it', async () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
      const [words, fractions, numbers] = [new Random(seed), new Random(seed), new Random(seed)];
      for (let i = 0; i < 20; i++) {
        const fraction = (words.word() >>> 0) / 2 ** 32;
        if (fractions.next() !== fraction || fraction >= 1) return false;
        const number = numbers.below(n);
        if (number !== Math.floor(fraction * n) || number >= n) return false;
      }
      return true;
    }),
  );
});

t.test('every value of below() has its share', async (t) => {
  const random = new Random(7);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[random.below(10)]!++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  t.ok(chiSquare < 27.9, `chi-square ${chiSquare.toFixed(1)} with 9 degrees of freedom (27.9 is the 99.9 % point)`);
});

t.test('seeds that differ only above 32 bits give different words', async (t) => {
  t.not(new Random(1).word(), new Random(1 + 2 ** 32).word());
});
