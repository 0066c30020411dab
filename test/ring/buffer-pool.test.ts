// Cold. Runs on: main.
// The pool: the holder's stack, and the list by which others give back.

import t from 'tap';
import { NO_BUFFER } from '../../src/bursts/layout.js';
import { type BufferPool, readBufferPool } from '../../src/ring/buffer-pool.js';
import { Rings } from './rings.js';

const CAPACITY = 20;
const FIRST = 100;

function idsOf(rings: Rings): number[] {
  return [...readBufferPool(rings.views, rings.pool, rings.links).idle];
}

/** Takes `count` ids off the stack, as refill() does. */
function pop(rings: Rings, pool: BufferPool, count: number): number[] {
  const ids = Array.from({ length: count }, (_, i) => rings.views.words[pool.stack / 4 + pool.top - 1 - i]!);
  pool.top -= count;
  return ids;
}

/** Chains `ids` by their link words, as take() does with the fragments of a frame. */
function chain(rings: Rings, ids: readonly number[]): [number, number] {
  ids.forEach((id, i) => {
    rings.views.words[rings.links / 4 + id] = ids[i + 1] ?? NO_BUFFER;
  });
  return [ids[0]!, ids.at(-1)!];
}

const ALL = Array.from({ length: CAPACITY }, (_, i) => FIRST + i);

t.test('a pool is born with all its ids on the stack', async (t) => {
  const rings = new Rings(64, CAPACITY, FIRST);
  t.same(readBufferPool(rings.views, rings.pool, rings.links), { first: FIRST, capacity: CAPACITY, idle: ALL });
  const pool = rings.buffers();
  t.equal(pool.top, 0, 'before claim() nothing is known');
  pool.claim();
  t.equal(pool.top, CAPACITY);
});

t.test('the next holder finds what the last one left', async (t) => {
  const rings = new Rings(64, CAPACITY, FIRST);
  const [first, second] = [rings.buffers(), rings.buffers()];
  first.claim();
  pop(rings, first, 5);
  first.release();
  second.claim();
  t.equal(second.top, CAPACITY - 5);
  t.same(idsOf(rings), ALL.slice(0, -5));
});

t.test('chains come back whole: one id, several, one chain behind the other', async (t) => {
  const rings = new Rings(64, CAPACITY, FIRST);
  const pool = rings.buffers();
  pool.claim();
  const ids = pop(rings, pool, 7);
  pool.release();
  const elsewhere = rings.buffers();
  for (const part of [ids.slice(0, 1), ids.slice(1, 5), ids.slice(5)]) elsewhere.giveBack(...chain(rings, part));
  t.same(idsOf(rings).sort(), ALL, 'found while they are on the return list');
  pool.claim();
  pool.reclaim();
  pool.release();
  t.equal(pool.top, CAPACITY);
  t.same(idsOf(rings).sort(), ALL, 'and on the stack, each once');
  pool.reclaim();
  t.equal(pool.top, CAPACITY, 'the list was taken whole');
});

t.test('what is given back is not the holder’s before it reclaims', async (t) => {
  const rings = new Rings(64, CAPACITY, FIRST);
  const pool = rings.buffers();
  pool.claim();
  const ids = pop(rings, pool, CAPACITY);
  rings.buffers().giveBack(...chain(rings, ids));
  t.equal(pool.top, 0);
  pool.reclaim();
  t.same(pop(rings, pool, CAPACITY).sort(), ALL);
});

t.test('a list that runs in a circle is read to an end all the same', async (t) => {
  const rings = new Rings(64, CAPACITY, FIRST);
  const pool = rings.buffers();
  pool.claim();
  const ids = pop(rings, pool, 3);
  pool.release();
  rings.buffers().giveBack(...chain(rings, ids));
  rings.views.words[rings.links / 4 + ids[2]!] = ids[0]!;
  t.ok(idsOf(rings).length <= 2 * CAPACITY + 1);
});
