// Cold. Runs on: main.
// The receive ring: cursors that wrap, batches of 16, who waits for whom.

import t from 'tap';
import { Doorbell, isAsleep } from '../../src/memory/doorbell.js';
import {
  createRxRing,
  POST_BATCH,
  RxRingProducer,
  readRxRing,
  ringWaiting,
  rxRingBytes,
} from '../../src/ring/rx-ring.js';
import { Random } from '../../src/runtime/random.js';
import { space } from '../memory/space.js';
import { Rings } from './rings.js';

const INT32_MAX = 2 ** 31 - 1;
/** Where a cursor is about to leave int32, where it is about to pass 0, and plain 0. */
const STARTS = [0, INT32_MAX - 20, -20];

t.test('sizes that are no power of two from 64 to 4096 are refused', async (t) => {
  const views = space(rxRingBytes(4096));
  for (const size of [0, 1, 32, 63, 65, 96, 4095, 8192, -64, 64.5, Number.NaN]) {
    t.throws(() => createRxRing(views, 0, size), new RegExp(`^ring size=${size}: must be a power of two`));
  }
  for (const size of [64, 128, 512, 4096]) {
    createRxRing(views, 0, size);
    t.equal(new RxRingProducer(views, 0).mask, size - 1);
  }
});

t.test('where there is no ring, none is found', async (t) => {
  const { views, ring } = new Rings(64);
  for (const address of [ring + 64, ring + 4]) {
    t.throws(() => new RxRingProducer(views, address), new Error(`no Rx ring at address ${address}`));
    t.throws(() => readRxRing(views, address), /no Rx ring/);
  }
});

t.test('a ring is born empty, with nothing posted', async (t) => {
  const rings = new Rings(64);
  const consumer = rings.consumer();
  consumer.claim();
  t.equal(consumer.refresh(), 0);
  t.equal(consumer.unposted(), 64, 'no slot is lost');
  t.equal(rings.producer().posted(), 0);
  t.same(readRxRing(rings.views, rings.ring), { frames: 0, buffers: [] });
});

for (const start of STARTS) {
  t.test(`from cursor ${start} on: what is posted comes to the NIC, what is published to the driver`, async (t) => {
    const rings = new Rings(64);
    rings.startAt(start);
    const [producer, consumer] = [rings.producer(), rings.consumer()];
    t.equal(producer.head, start);
    consumer.claim();
    consumer.post(consumer.unposted());
    t.equal((producer.posted() - producer.head) | 0, 64);
    t.equal(consumer.unposted(), 0, 'full');
    producer.publish((producer.head + 40) | 0);
    t.equal(consumer.refresh(), 40);
    t.equal(ringWaiting(rings.views, rings.ring), 40);
    consumer.tail = (consumer.tail + 40) | 0;
    t.equal(consumer.unposted(), 32, 'whole batches of 16: eight slots wait for the next');
    consumer.post(32);
    consumer.release();
    t.equal((producer.posted() - producer.head) | 0, 56);
    t.equal(ringWaiting(rings.views, rings.ring), 0);
  });
}

interface Counts {
  filled: number;
  posted: number;
}

/** A random step of either side, as the protocol allows; keeps `counts` beside the ring's own cursors. */
function randomStep(rings: Rings, counts: Counts, random: Random): void {
  const producer = rings.producer();
  const consumer = rings.consumer();
  consumer.claim();
  const fill = random.below(counts.posted + 1);
  producer.publish((producer.head + fill) | 0);
  counts.posted -= fill;
  counts.filled += fill;
  const clean = random.below(counts.filled + 1);
  consumer.tail = (consumer.tail + clean) | 0;
  counts.filled -= clean;
  const post = consumer.unposted();
  consumer.post(post);
  counts.posted += post;
  consumer.release();
}

for (const start of STARTS) {
  t.test(`from cursor ${start} on: 500 random steps of both sides add up`, async (t) => {
    const rings = new Rings(64);
    rings.startAt(start);
    const counts = { filled: 0, posted: 0 };
    const random = new Random(start >>> 0);
    for (let step = 0; step < 500; step += 1) {
      randomStep(rings, counts, random);
      const [producer, consumer] = [rings.producer(), rings.consumer()];
      consumer.claim();
      const found = { filled: consumer.refresh(), posted: (producer.posted() - producer.head) | 0 };
      if (found.filled !== counts.filled || found.posted !== counts.posted) t.same(found, counts, `step ${step}`);
      const empty = 64 - counts.filled - counts.posted;
      if (empty < 0 || empty >= POST_BATCH) t.fail(`step ${step}: ${empty} slots hold no buffer`);
    }
    t.not(rings.producer().head, start, 'it moved');
  });
}

t.test('the next holder finds what the last one left', async (t) => {
  const rings = new Rings(64);
  const [first, second] = [rings.consumer(), rings.consumer()];
  first.claim();
  first.post(64);
  rings.producer().publish(10);
  first.refresh();
  first.tail += 4;
  first.release();
  second.claim();
  t.same([second.tail, second.posted, second.head], [4, 64, 10]);
});

t.test('filledBeyond looks at HEAD, not at this thread’s cursors', async (t) => {
  const rings = new Rings(64);
  const consumer = rings.consumer();
  t.notOk(consumer.filledBeyond(0));
  rings.producer().publish(1);
  t.ok(consumer.filledBeyond(0));
  t.notOk(consumer.filledBeyond(1));
  t.equal(consumer.head, 0);
});

t.test('a waiting NIC is woken when half of the ring is posted, not before', async (t) => {
  const rings = new Rings(64);
  const [producer, consumer] = [rings.producer(), rings.consumer()];
  const bell = new Doorbell(rings.views, 0);
  const asleep = () => isAsleep(rings.views.words, rings.nicDoorbell);
  consumer.claim();
  producer.setWaiting(true);
  bell.announce();
  t.notOk(producer.roomAgain());
  consumer.post(16);
  t.ok(asleep(), '16 of 64');
  consumer.post(16);
  t.notOk(asleep(), '32 of 64');
  t.ok(producer.roomAgain());
  producer.setWaiting(false);
  bell.announce();
  consumer.post(16);
  t.ok(asleep(), 'it does not wait for buffers: no business of the driver');
});

t.test('a NIC that begins to wait when the buffers are there already sees them', async (t) => {
  const rings = new Rings(64);
  const [producer, consumer] = [rings.producer(), rings.consumer()];
  rings.startAt(INT32_MAX - 8);
  producer.head = INT32_MAX - 8;
  consumer.claim();
  consumer.post(32);
  producer.setWaiting(true);
  t.ok(producer.roomAgain(), 'its re-check, over the wrap');
});

t.test('what is in a ring: whole frames, and the buffers of filled and fresh slots', async (t) => {
  const rings = new Rings(64);
  rings.startAt(INT32_MAX - 1);
  const [producer, consumer] = [rings.producer(), rings.consumer()];
  consumer.claim();
  for (let i = 0; i < 16; i += 1) rings.put((INT32_MAX - 1 + i) | 0, 100 + i);
  consumer.post(16);
  [true, false, false, true, false].forEach((eop, i) => {
    rings.fill((INT32_MAX - 1 + i) | 0, 60, eop);
  });
  producer.publish((INT32_MAX - 1 + 5) | 0);
  const { frames, buffers } = readRxRing(rings.views, rings.ring);
  t.equal(frames, 2, 'one of one descriptor, one of three; of the last frame the end is missing');
  t.same(
    buffers,
    Array.from({ length: 16 }, (_, i) => 100 + i),
  );
});
