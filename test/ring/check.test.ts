// Cold. Runs on: main.
// The check that finds each buffer once: it must find it twice and not at all, too.

import t from 'tap';
import { NO_BUFFER } from '../../src/bursts/layout.js';
import { assertBuffersOnce } from '../../src/ring/check.js';
import { Rings } from './rings.js';

const CAPACITY = 24;
const FIRST = 1000;
const POSTED = 16;

/** 16 buffers in the ring, of which 3 are filled, and 8 on the stack. */
function someRing(): Rings {
  const rings = new Rings(64, CAPACITY, FIRST);
  const [pool, consumer] = [rings.buffers(), rings.consumer()];
  pool.claim();
  consumer.claim();
  for (let i = 0; i < POSTED; i += 1) rings.put(i, FIRST + CAPACITY - 1 - i);
  pool.top -= POSTED;
  consumer.post(POSTED);
  pool.release();
  rings.producer().publish(3);
  return rings;
}

function check({ views, pool, links, ring }: Rings, elsewhere: readonly number[] = []): void {
  assertBuffersOnce(views, pool, links, [ring], elsewhere);
}

/** Takes the top id off the stack, and does not say where it goes. */
function lose(rings: Rings): number {
  const pool = rings.buffers();
  pool.claim();
  pool.top -= 1;
  pool.release();
  return rings.views.words[pool.stack / 4 + pool.top]!;
}

t.test('all in their places', async (t) => {
  const rings = someRing();
  check(rings);
  check(rings, [FIRST - 1, FIRST + CAPACITY]);
  t.pass('ids in a backlog that are of other pools are no business of this one');
});

t.test('one in a backlog', async (t) => {
  const rings = someRing();
  const id = lose(rings);
  check(rings, [id]);
  t.throws(() => check(rings, [id, id]), new Error(`buffer ${id} is in two places: a backlog and a backlog`));
});

t.test('one in no place', async (t) => {
  const rings = someRing();
  const id = lose(rings);
  t.throws(() => check(rings), new Error(`buffer ${id} is in no place`));
});

t.test('one in the ring and in a backlog', async (t) => {
  const id = FIRST + CAPACITY - 1;
  t.throws(() => check(someRing(), [id]), new Error(`buffer ${id} is in two places: the ring and a backlog`));
});

t.test('one posted twice', async (t) => {
  const rings = someRing();
  rings.put(5, FIRST + CAPACITY - 1);
  t.throws(() => check(rings), /is in two places: the ring and the ring/);
});

t.test('one posted that is in the pool too', async (t) => {
  const rings = someRing();
  rings.put(5, FIRST);
  t.throws(() => check(rings), new Error(`buffer ${FIRST} is in two places: the pool and the ring`));
});

t.test('one given back twice: a circle in the return list', async (t) => {
  const rings = someRing();
  const id = lose(rings);
  rings.views.words[rings.links / 4 + id] = NO_BUFFER;
  rings.buffers().giveBack(id, id);
  check(rings);
  rings.buffers().giveBack(id, id);
  t.throws(() => check(rings), new Error(`buffer ${id} is in two places: the pool and the pool`));
});

t.test('one that is not of this pool', async (t) => {
  const rings = someRing();
  rings.put(0, FIRST + CAPACITY);
  t.throws(() => check(rings), new Error(`the ring holds buffer ${FIRST + CAPACITY}, which is not of this pool`));
});

t.test('slots that hold no buffer any more are not looked at', async (t) => {
  const rings = someRing();
  const [pool, consumer] = [rings.buffers(), rings.consumer()];
  pool.claim();
  consumer.claim();
  consumer.tail += 3; // cleaned: their buffers go back to the stack, their slots still name them
  for (let i = 0; i < 3; i += 1) rings.views.words[pool.stack / 4 + pool.top + i] = FIRST + CAPACITY - 1 - i;
  pool.top += 3;
  consumer.release();
  pool.release();
  check(rings);
  t.pass();
});
