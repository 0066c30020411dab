// Cold. Runs on: main.
// From frame table to ring to entries and back to the ring: what offer, copy, take, recycle and refill promise.

import t from 'tap';
import {
  BAD_LENGTH,
  BATCH_CONSUMED,
  BUFFER_BYTES,
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_FLAGS,
  DESCRIPTOR_HASH,
  DESCRIPTOR_LENGTH,
  ENTRY_BUFFER,
  ENTRY_HASH,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_VERDICT,
  FLAG_EOP,
  FRAME_ADDRESS,
  FRAME_COUNTER,
  FRAME_LENGTH,
  FRAME_SEQUENCE_OFFSET,
  NO_BUFFER,
  OFFER_HASH,
  OFFER_LENGTH,
  OFFER_QUEUE,
  OFFER_SEQUENCE,
  OFFER_SEQUENCE_OFFSET,
  PLACED,
} from '../../src/bursts/layout.js';
import { RSS_KEY, writeRssTables } from '../../src/net/rss.js';
import {
  BATCH,
  BUFFER_AREA,
  bufferAddress,
  COPIED,
  descriptorWord,
  entryWord,
  frameAddress,
  LINKS,
  OFFERS,
  offerWord,
  RING,
  RING_MASK,
  RSS,
  recordWord,
  SEQUENCES,
  STACK,
  TABLE,
  type World,
  worlds,
} from './world.js';

const HEAD = -2; // the cursors pass 0 in each test

/** Frame i holds bytes i, i+1, … and is offered to queue 0. */
function offerFrames({ views, bursts }: World, lengths: readonly number[], sequenceOffset = 0): number {
  writeRssTables(views, RSS, RSS_KEY, 1);
  lengths.forEach((length, i) => {
    for (let at = 0; at < length; at++) views.bytes[frameAddress(i) + at] = i + at;
    views.words[recordWord(i, FRAME_ADDRESS)] = frameAddress(i);
    views.words[recordWord(i, FRAME_LENGTH)] = length;
    views.words[recordWord(i, FRAME_COUNTER)] = sequenceOffset === 0 ? 0 : SEQUENCES;
    views.words[recordWord(i, FRAME_SEQUENCE_OFFSET)] = sequenceOffset;
  });
  return bursts.offer(TABLE, lengths.length, 0, lengths.length, OFFERS, RSS);
}

/** Posts buffers 10, 11, …, and copies. @returns how many descriptors were filled */
function copyInto({ views, bursts }: World, count: number, posted: number): number {
  for (let i = 0; i < posted; i++) views.words[descriptorWord(HEAD + i, DESCRIPTOR_BUFFER)] = 10 + i;
  const head = bursts.copy(OFFERS, count, 0, RING, RING_MASK, HEAD, HEAD + posted, BUFFER_AREA, COPIED);
  return head - HEAD;
}

function takeFrom({ views, bursts }: World, filled: number, budget = 64): [taken: number, consumed: number] {
  const taken = bursts.take(RING, RING_MASK, HEAD, HEAD + filled, budget, BATCH, BUFFER_AREA, LINKS);
  return [taken, views.words[(BATCH + BATCH_CONSUMED) / 4]!];
}

for (const world of worlds()) {
  const { name, views, bursts } = world;
  const offer = (i: number, field: number) => views.words[offerWord(i, field)];
  const descriptor = (i: number, field: number) => views.words[descriptorWord(HEAD + i, field)];
  const entry = (i: number, field: number) => views.words[entryWord(i, field)];

  t.test(`${name}: offer walks the table, wraps, and numbers each flow's frames`, async (t) => {
    offerFrames(world, [60, 70, 80], 42);
    views.words[SEQUENCES / 4] = -1;
    t.equal(bursts.offer(TABLE, 3, 2, 5, OFFERS, RSS), 80 + 60 + 70 + 80 + 60);
    t.same(
      [0, 1, 2, 3, 4].map((i) => offer(i, OFFER_LENGTH)),
      [80, 60, 70, 80, 60],
    );
    t.same(
      [0, 1, 2, 3, 4].map((i) => offer(i, OFFER_SEQUENCE)),
      [-1, 0, 1, 2, 3],
    );
    t.same(
      [0, 4].map((i) => offer(i, OFFER_SEQUENCE_OFFSET)),
      [42, 42],
    );
    t.equal(views.words[SEQUENCES / 4], 4);
  });

  t.test(`${name}: copy writes sequence number and complement, and leaves the other bytes`, async (t) => {
    offerFrames(world, [60], 45);
    views.words[offerWord(0, OFFER_SEQUENCE)] = 0x12345678;
    t.equal(copyInto(world, 1, 4), 1);
    const frame = [...views.bytes.subarray(bufferAddress(10), bufferAddress(10) + 60)];
    const numbers = [0x78, 0x56, 0x34, 0x12, 0x87, 0xa9, 0xcb, 0xed];
    t.same(frame, [...Array.from({ length: 45 }, (_, i) => i), ...numbers, 53, 54, 55, 56, 57, 58, 59]);
  });

  t.test(`${name}: copy takes the offers of one queue, each once, and counts them`, async (t) => {
    offerFrames(world, [60, 61, 62, 63]);
    views.words[offerWord(1, OFFER_QUEUE)] = 1;
    t.equal(copyInto(world, 4, 10), 3);
    t.same(
      [0, 1, 2, 3].map((i) => offer(i, OFFER_QUEUE)),
      [PLACED, 1, PLACED, PLACED],
    );
    t.same(
      [0, 1, 2].map((i) => descriptor(i, DESCRIPTOR_LENGTH)),
      [60, 62, 63],
    );
    t.same([...views.words.subarray(COPIED / 4, COPIED / 4 + 2)], [3, 185]);
    t.equal(copyInto(world, 4, 10), 0, 'nothing left for this queue');
  });

  t.test(`${name}: copy stops at the first frame that does not fit, also before smaller ones`, async (t) => {
    offerFrames(world, [60, 5000, 60]);
    t.equal(copyInto(world, 3, 3), 1, 'three buffers wanted, two left');
    t.same(
      [0, 1, 2].map((i) => offer(i, OFFER_QUEUE)),
      [PLACED, 0, 0],
    );
    t.equal(copyInto(world, 3, 0), 0, 'nothing posted');
    t.equal(copyInto(world, 3, 4), 4, 'later both fit');
  });

  t.test(`${name}: a long frame takes several buffers, and one entry`, async (t) => {
    offerFrames(world, [1, 2048, 2049, 9216]);
    t.equal(copyInto(world, 4, 20), 1 + 1 + 2 + 5);
    const lengths = [1, 2048, 2048, 1, 2048, 2048, 2048, 2048, 1024];
    t.same(
      lengths.map((_, i) => descriptor(i, DESCRIPTOR_LENGTH)),
      lengths,
    );
    t.same(
      lengths.map((_, i) => descriptor(i, DESCRIPTOR_FLAGS)),
      [1, 1, 0, 1, 0, 0, 0, 0, 1].map((x) => x * FLAG_EOP),
    );
    t.equal(descriptor(8, DESCRIPTOR_HASH), offer(3, OFFER_HASH), 'the hash is on each');
    t.same(takeFrom(world, 9), [4, 9]);
    t.same(
      [0, 1, 2, 3].map((i) => entry(i, ENTRY_LENGTH)),
      [1, 2048, 2049, 9216],
    );
    t.same(
      [0, 1, 2, 3].map((i) => entry(i, ENTRY_BUFFER)),
      [10, 11, 12, 14],
    );
    t.same(
      [0, 1, 2, 3].map((i) => entry(i, ENTRY_NEXT)),
      [NO_BUFFER, NO_BUFFER, 13, 15],
    );
    t.equal(entry(3, ENTRY_HASH), offer(3, OFFER_HASH));
    t.same([...views.words.subarray(LINKS / 4 + 15, LINKS / 4 + 19)], [16, 17, 18, NO_BUFFER]);
    const whole = [14, 15, 16, 17, 18].flatMap((b) => [
      ...views.bytes.subarray(bufferAddress(b), bufferAddress(b) + BUFFER_BYTES),
    ]);
    t.same(whole.slice(0, 9216), [...views.bytes.subarray(frameAddress(3), frameAddress(3) + 9216)]);
  });

  t.test(`${name}: no queue gets what no frame can be`, async (t) => {
    offerFrames(world, [0, 60, 9217, 9216]);
    t.same(
      [0, 1, 2, 3].map((i) => offer(i, OFFER_QUEUE)),
      [BAD_LENGTH, 0, BAD_LENGTH, 0],
    );
    t.equal(copyInto(world, 4, 20), 1 + 5);
    t.same(
      [0, 1, 2, 3].map((i) => offer(i, OFFER_QUEUE)),
      [BAD_LENGTH, PLACED, BAD_LENGTH, PLACED],
    );
  });

  t.test(`${name}: take leaves a frame whose end is not there yet, and what is over budget`, async (t) => {
    offerFrames(world, [60, 60, 5000]);
    copyInto(world, 3, 20);
    t.same(takeFrom(world, 0), [0, 0]);
    t.same(takeFrom(world, 4), [2, 2], 'two of three fragments are there');
    t.same(takeFrom(world, 5), [3, 5]);
    t.same(takeFrom(world, 5, 1), [1, 1]);
  });

  t.test(`${name}: buffers go back to the stack, all fragments of them, and into the ring again`, async (t) => {
    offerFrames(world, [60, 5000, 60]);
    copyInto(world, 3, 20);
    takeFrom(world, 5);
    views.words.set([7, 8], STACK / 4);
    t.equal(bursts.recycle(BATCH, 3, STACK, 2, LINKS), 7);
    t.same([...views.words.subarray(STACK / 4, STACK / 4 + 7)], [7, 8, 10, 11, 12, 13, 14]);
    t.equal(bursts.refill(RING, RING_MASK, HEAD, 3, STACK, 7), 4);
    t.same(
      [0, 1, 2].map((i) => descriptor(i, DESCRIPTOR_BUFFER)),
      [14, 13, 12],
      'the last used first',
    );
  });

  t.test(`${name}: compact brings the passed ones to the front, in order`, async (t) => {
    [1, 0, 0, 5, 0].forEach((verdict, i) => {
      views.words[entryWord(i, ENTRY_VERDICT)] = verdict;
      views.words[entryWord(i, ENTRY_BUFFER)] = i;
    });
    t.equal(bursts.compact(BATCH, 5), 3);
    t.same(
      [0, 1, 2].map((i) => entry(i, ENTRY_BUFFER)),
      [1, 2, 4],
    );
    t.same([3, 4].map((i) => entry(i, ENTRY_BUFFER)).sort(), [0, 3]);
  });
}
