// Cold. Runs on: main.
// What classify(), verify() and offer() find in a frame depends on the frame's bytes alone: not on those around it, even where
// there are none, at the end of the memory. And both implementations find the same.

import t from 'tap';
import {
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  ENTRY_VERDICT,
  FRAME_ADDRESS,
  FRAME_COUNTER,
  FRAME_LENGTH,
  OFFER_HASH,
} from '../../src/bursts/layout.js';
import { RSS_KEY, writeRssTables } from '../../src/net/rss.js';
import { Random } from '../../src/runtime/random.js';
import { randomFrame } from './random-frames.js';
import {
  BATCH,
  BUFFER_AREA,
  BUFFERS,
  bufferAddress,
  entryWord,
  LINKS,
  MEMORY_BYTES,
  OFFERS,
  offerWord,
  RSS,
  recordWord,
  TABLE,
  TALLY,
  type World,
  worlds,
} from './world.js';

const BATCHES = 1600;
const BATCH_FRAMES = 64; // 102,400 frames in all
const SURROUNDINGS = 16; // noises to choose from, each with its opposite

interface Placed {
  readonly frame: Uint8Array;
  /** Of the frame in its buffer; what does not fit there lies in the next. */
  readonly offset: number;
}

function placedFrame(random: Random): Placed {
  const frame = randomFrame(random, 300);
  const room = BUFFER_BYTES - frame.length;
  const where = random.below(8);
  if (where === 0) return { frame, offset: room }; // ends where its buffer does
  if (where === 1) return { frame, offset: BUFFER_BYTES - random.below(60) }; // reaches beyond it
  return { frame, offset: random.below(room + 1) };
}

/** Lays the frames out, each in two buffers of its own, amid the given bytes. */
function layOut({ views }: World, placed: readonly Placed[], surroundings: Uint8Array): void {
  views.bytes.set(surroundings, BUFFER_AREA);
  views.bytes.set(surroundings, bufferAddress(BATCH_FRAMES));
  placed.forEach(({ frame, offset }, i) => {
    views.bytes.set(frame.subarray(0, BUFFER_BYTES - offset), bufferAddress(i) + offset);
    views.bytes.set(frame.subarray(BUFFER_BYTES - offset), bufferAddress(BATCH_FRAMES + i));
    views.words[entryWord(i, ENTRY_NEXT)] = BATCH_FRAMES + i;
    views.words[entryWord(i, ENTRY_BUFFER)] = i;
    views.words[entryWord(i, ENTRY_OFFSET)] = offset;
    views.words[entryWord(i, ENTRY_LENGTH)] = frame.length;
    views.words[recordWord(i, FRAME_ADDRESS)] = bufferAddress(i) + offset;
    views.words[recordWord(i, FRAME_LENGTH)] = Math.min(frame.length, BUFFER_BYTES - offset);
    views.words[recordWord(i, FRAME_COUNTER)] = 0;
  });
}

/** Verdict, protocol, headers and hash of each frame, and what verify() makes of the verdict. */
function find({ views, bursts }: World, count: number): number[] {
  bursts.classify(BATCH, count, BUFFER_AREA, TALLY);
  const verdicts = Array.from({ length: count }, (_, i) => views.words[entryWord(i, ENTRY_VERDICT)]!);
  bursts.verify(BATCH, count, BUFFER_AREA, LINKS, TALLY);
  bursts.offer(TABLE, count, 0, count, OFFERS, RSS);
  return verdicts.flatMap((verdict, i) => [
    verdict,
    views.words[entryWord(i, ENTRY_VERDICT)]!,
    views.words[entryWord(i, ENTRY_PROTOCOL)]!,
    views.words[entryWord(i, ENTRY_HEADERS)]!,
    views.words[offerWord(i, OFFER_HASH)]!,
  ]);
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, i) => value === other[i]);
}

function noises(random: Random): readonly [Uint8Array, Uint8Array][] {
  return Array.from({ length: SURROUNDINGS }, () => {
    const noise = Uint8Array.from({ length: BATCH_FRAMES * BUFFER_BYTES }, () => random.word());
    return [noise, noise.map((byte) => ~byte)];
  });
}

const both = worlds();
for (const { views } of both) writeRssTables(views, RSS, RSS_KEY, 4);

t.test('the bytes around a frame change nothing', async (t) => {
  const around = noises(new Random(0));
  let frames = 0;
  for (let seed = 1; seed <= BATCHES; seed++) {
    const random = new Random(seed);
    const placed = Array.from({ length: BATCH_FRAMES }, () => placedFrame(random));
    const found = both.flatMap((world) =>
      around[seed % SURROUNDINGS]!.map((surroundings) => {
        layOut(world, placed, surroundings);
        return find(world, placed.length);
      }),
    );
    if (!found.every((result) => isSame(result, found[0]!))) throw new Error(`seed=${seed}: ${JSON.stringify(found)}`);
    frames += placed.length;
  }
  t.ok(frames >= 100_000, `${frames} frames, each twice and by both`);
});

t.test('a frame may end at the last byte of the memory', async (t) => {
  for (let seed = 1; seed <= 4000; seed++) {
    const frame = randomFrame(new Random(seed), 300);
    for (const { views, name, bursts } of both) {
      const found = [BUFFERS - 1, BUFFERS - 2].map((buffer) => {
        const offset = BUFFER_BYTES - frame.length;
        views.bytes.set(frame, bufferAddress(buffer) + offset);
        views.words[entryWord(0, ENTRY_BUFFER)] = buffer;
        views.words[entryWord(0, ENTRY_OFFSET)] = offset;
        views.words[entryWord(0, ENTRY_LENGTH)] = frame.length;
        views.words[recordWord(0, FRAME_ADDRESS)] = bufferAddress(buffer) + offset;
        views.words[recordWord(0, FRAME_LENGTH)] = frame.length;
        return find({ views, name, bursts }, 1);
      });
      if (!isSame(found[0]!, found[1]!)) throw new Error(`${name} seed=${seed}: ${JSON.stringify(found)}`);
    }
  }
  t.equal(bufferAddress(BUFFERS), MEMORY_BYTES, 'the last buffer ends there');
});
