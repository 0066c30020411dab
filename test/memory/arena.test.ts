// Cold. Runs on: main.

import t from 'tap';
import { Arena } from '../../src/memory/arena.js';

t.test('regions lie one behind the other, on lines of their own', async (t) => {
  const arena = new Arena();
  t.equal(arena.reserve('a', 1), 0);
  t.equal(arena.reserve('b', 64), 64);
  t.equal(arena.reserve('c', 10, 4096), 4096);
  t.equal(arena.reserve('d', 0), 4160, 'a region without bytes still has an address');
  t.equal(arena.bytes, 4160);
  t.same(
    arena.regions.map(({ name, address }) => [name, address]),
    [
      ['a', 0],
      ['b', 64],
      ['c', 4096],
      ['d', 4160],
    ],
  );
});

t.test('the sum names every region, and ends with the whole', async (t) => {
  const arena = new Arena();
  arena.reserve('header', 64);
  arena.reserve('buffers', 3000, 4096);
  t.equal(
    arena.describe(),
    ['          64  header', '        3000  buffers', '        7096  in all (alignment included)'].join('\n'),
  );
});
