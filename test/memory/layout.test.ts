// Cold. Runs on: main.
// Rounding, up to the sizes that a machine of 4 GiB needs.

import t from 'tap';
import { alignUp, isPowerOfTwo, powerOfTwoAtLeast } from '../../src/memory/layout.js';

t.test('alignUp', async (t) => {
  t.same(
    [0, 1, 63, 64, 65].map((value) => alignUp(value, 64)),
    [0, 64, 64, 64, 128],
  );
  t.equal(alignUp(2 ** 31 + 1, 4096), 2 ** 31 + 4096, 'no word arithmetic: addresses pass 2 GiB');
});

t.test('powerOfTwoAtLeast', async (t) => {
  t.same([0, 1, 2, 3, 64, 65, 2002].map(powerOfTwoAtLeast), [1, 1, 2, 4, 64, 128, 2048]);
  for (let power = 1; power <= 30; power += 1) {
    t.equal(powerOfTwoAtLeast(2 ** power), 2 ** power);
    t.equal(powerOfTwoAtLeast(2 ** power - 1), power === 1 ? 1 : 2 ** power);
  }
});

t.test('isPowerOfTwo', async (t) => {
  for (const value of [1, 2, 64, 4096, 2 ** 30]) t.ok(isPowerOfTwo(value), `${value}`);
  for (const value of [0, -1, -64, 3, 63, 65, 0.5, 96.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.notOk(isPowerOfTwo(value), `${value}`);
  }
});
