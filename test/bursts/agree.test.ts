// Cold. Runs on: main.
// AssemblyScript and reference agree on everything, byte for byte, whatever the memory holds.

import fc from 'fast-check';
import t from 'tap';
import {
  BATCH_CONSUMED,
  BATCH_ENTRIES,
  BUFFER_BYTES,
  DESCRIPTOR_BUFFER,
  DESCRIPTOR_FLAGS,
  DESCRIPTOR_LENGTH,
  ENTRY_BUFFER,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  ENTRY_VERDICT,
  FRAME_ADDRESS,
  FRAME_BYTES_MAX,
  FRAME_COUNTER,
  FRAME_LENGTH,
  FRAME_SEQUENCE_OFFSET,
  NO_BUFFER,
  PATH_SLOTS,
  PROTOCOL_BITS,
  RSS_INDIRECTION,
  TALLY_BYTES,
  TALLY_COUNTS,
  TALLY_PATHS,
} from '../../src/bursts/layout.js';
import { Random } from '../../src/runtime/random.js';
import { randomFrame } from './random-frames.js';
import { Twins } from './twins.js';
import {
  BATCH,
  BUFFER_AREA,
  BUFFERS,
  bufferAddress,
  COPIED,
  descriptorWord,
  entryWord,
  FRAMES,
  frameAddress,
  LINKS,
  OFFERS,
  RING,
  RING_MASK,
  RING_SLOTS,
  RSS,
  recordWord,
  SEQUENCES,
  STACK,
  TABLE,
  TALLY,
  type World,
} from './world.js';

const QUEUES = 2;
const PATHS_OF_BATCH = BATCH_ENTRIES; // at most
const twins = new Twins();
const seed = fc.noShrink(fc.integer({ min: 0 }));
const cursor = fc.oneof(fc.nat(), fc.constant(0x7fffffff - 20), fc.constant(-20)); // also where it wraps
const budget = fc.integer({ min: 1, max: BATCH_ENTRIES });

function writeNoise({ views }: World, random: Random): void {
  for (let i = 0; i < views.words.length; i++) views.words[i] = random.word();
  writeTally({ views }, random);
}

/** Some paths that were seen before, and mostly those that will be: slots are taken that others hash to. */
function writeTally({ views }: Pick<World, 'views'>, random: Random): void {
  views.bytes.fill(0, TALLY, TALLY + TALLY_BYTES);
  const taken = random.below(PATH_SLOTS - PATHS_OF_BATCH);
  for (let i = 0; i < taken; i++) views.words[(TALLY + TALLY_PATHS) / 4 + i] = 1 + random.below(2 ** PROTOCOL_BITS - 1);
  const counts = (TALLY_BYTES - TALLY_COUNTS) / 8;
  for (let i = 0; i < counts; i++) views.doubles[(TALLY + TALLY_COUNTS) / 8 + i] = random.below(1000);
}

/** All words below `bound`: for those that are ids or queues. */
function writeIds({ views }: World, random: Random, address: number, count: number, bound: number): void {
  for (let i = 0; i < count; i++) views.words[address / 4 + i] = random.below(bound);
}

function writeFrames({ views }: World, random: Random, frames: readonly Uint8Array[]): void {
  frames.forEach((frame, i) => {
    views.bytes.set(frame, frameAddress(i));
    views.words[recordWord(i, FRAME_ADDRESS)] = frameAddress(i);
    views.words[recordWord(i, FRAME_LENGTH)] = frame.length;
    const isNumbered = frame.length >= 50 && random.below(2) === 0;
    views.words[recordWord(i, FRAME_COUNTER)] = isNumbered ? SEQUENCES + random.below(4) * 4 : 0;
    views.words[recordWord(i, FRAME_SEQUENCE_OFFSET)] = 1 + random.below(Math.min(frame.length, BUFFER_BYTES) - 8);
  });
}

/** A shuffled stack of all buffers. */
function writeStack({ views }: World, random: Random): void {
  const stack = views.words.subarray(STACK / 4, STACK / 4 + BUFFERS);
  for (let i = 0; i < BUFFERS; i++) {
    const j = random.below(i + 1);
    stack[i] = stack[j]!;
    stack[j] = i;
  }
}

t.test('a whole receive path', async () => {
  const frames = fc
    .array(seed, { minLength: 1, maxLength: FRAMES })
    .map((seeds) => seeds.map((seed) => randomFrame(new Random(seed), FRAME_BYTES_MAX)));
  const property = fc.property(
    seed,
    frames,
    cursor,
    fc.nat(RING_SLOTS),
    budget,
    (seed, frames, head, filled, budget) => {
      const random = new Random(seed);
      const count = 1 + random.below(FRAMES);
      const posted = (head + filled) | 0;
      twins.prepare((world) => {
        writeNoise(world, random);
        writeIds(world, random, RSS + RSS_INDIRECTION, 128, QUEUES);
        writeFrames(world, random, frames);
        writeStack(world, random);
      });
      const first = random.below(frames.length);
      const top = twins.call('refill', (b) => b.refill(RING, RING_MASK, head, filled, STACK, BUFFERS));
      twins.call('offer', (b) => b.offer(TABLE, frames.length, first, count, OFFERS, RSS));
      const newHead = twins.call('copy', (b) =>
        b.copy(OFFERS, count, 1, RING, RING_MASK, head, posted, BUFFER_AREA, COPIED),
      );
      twins.call('copy', (b) => b.copy(OFFERS, count, 0, RING, RING_MASK, newHead, posted, BUFFER_AREA, COPIED));
      const taken = twins.call('take', (b) =>
        b.take(RING, RING_MASK, head, newHead, budget, BATCH, BUFFER_AREA, LINKS),
      );
      twins.call('classify', (b) => b.classify(BATCH, taken, BUFFER_AREA, TALLY));
      twins.call('verify', (b) => b.verify(BATCH, taken, BUFFER_AREA, LINKS, TALLY));
      twins.call('compact', (b) => b.compact(BATCH, taken));
      const back = twins.call('recycle', (b) => b.recycle(BATCH, taken, STACK, top, LINKS));
      if (back !== top + twins.first.views.words[(BATCH + BATCH_CONSUMED) / 4]!) throw new Error('a buffer was lost');
    },
  );
  fc.assert(property, { numRuns: 500 });
});

t.test('take over any lengths, flags and cursors', async () => {
  const property = fc.property(seed, cursor, fc.nat(RING_SLOTS), budget, (seed, tail, filled, budget) => {
    const random = new Random(seed);
    const endings = random.next();
    const head = (tail + filled) | 0;
    twins.prepare((world) => {
      writeNoise(world, random);
      for (let i = 0; i < RING_SLOTS; i++) {
        world.views.words[descriptorWord(i, DESCRIPTOR_BUFFER)] = random.below(BUFFERS);
        world.views.words[descriptorWord(i, DESCRIPTOR_LENGTH)] = random.below(BUFFER_BYTES + 1);
        world.views.words[descriptorWord(i, DESCRIPTOR_FLAGS)] = Number(random.next() < endings);
      }
    });
    twins.call('take', (b) => b.take(RING, RING_MASK, tail, head, budget, BATCH, BUFFER_AREA, LINKS));
  });
  fc.assert(property, { numRuns: 100 });
});

t.test('classify frames at any offset, of which buffers hold all or only a part', async () => {
  const property = fc.property(seed, fc.array(seed, { maxLength: BATCH_ENTRIES }), (seed, seeds) => {
    const random = new Random(seed);
    twins.prepare((world) => {
      writeNoise(world, random);
      writeIds(world, random, LINKS, BUFFERS, BUFFERS);
      seeds.forEach((seed, i) => {
        const frame = randomFrame(new Random(seed), BUFFER_BYTES);
        const room = BUFFER_BYTES - frame.length;
        const offset = random.below(10) === 0 ? random.below(BUFFER_BYTES + 1) : random.below(room + 1);
        world.views.bytes.set(frame.subarray(0, BUFFER_BYTES - offset), bufferAddress(i) + offset);
        world.views.words[entryWord(i, ENTRY_BUFFER)] = i;
        world.views.words[entryWord(i, ENTRY_OFFSET)] = offset;
        world.views.words[entryWord(i, ENTRY_LENGTH)] = frame.length;
        world.views.words[entryWord(i, ENTRY_NEXT)] = random.below(BUFFERS); // full of noise
      });
    });
    twins.call('classify', (b) => b.classify(BATCH, seeds.length, BUFFER_AREA, TALLY));
    const odd = twins.call('verify', (b) => b.verify(BATCH, seeds.length, BUFFER_AREA, LINKS, TALLY));
    const passed = twins.call('compact', (b) => b.compact(BATCH, seeds.length));
    if (passed + odd !== seeds.length) throw new Error('passed and odd are not all');
  });
  fc.assert(property, { numRuns: 300 });
});

t.test('compact and recycle entries with any verdicts and chains', async () => {
  const entry = fc.record({ isPassed: fc.boolean(), fragments: fc.integer({ min: 1, max: 5 }) });
  const property = fc.property(
    seed,
    fc.array(entry, { maxLength: BATCH_ENTRIES }),
    fc.nat(100),
    (seed, entries, top) => {
      let buffer = 0;
      twins.prepare((world) => {
        writeNoise(world, new Random(seed));
        entries.forEach(({ isPassed, fragments }, i) => {
          const chain = Array.from({ length: fragments }, () => buffer++);
          world.views.words[entryWord(i, ENTRY_VERDICT)] = isPassed ? 0 : 5;
          world.views.words[entryWord(i, ENTRY_BUFFER)] = chain[0]!;
          world.views.words[entryWord(i, ENTRY_NEXT)] = chain[1] ?? NO_BUFFER;
          chain.slice(1).forEach((id, k) => {
            world.views.words[LINKS / 4 + id] = chain[k + 2] ?? NO_BUFFER;
          });
        });
      });
      twins.call('compact', (b) => b.compact(BATCH, entries.length));
      const size = twins.call('recycle', (b) => b.recycle(BATCH, entries.length, STACK, top, LINKS));
      if (size !== top + buffer) throw new Error('not all buffers came back');
      twins.call('refill', (b) => b.refill(RING, RING_MASK, top, size, STACK, size));
    },
  );
  fc.assert(property, { numRuns: 100 });
});

t.test('work', async (t) => {
  const property = fc.property(fc.nat(2000), (iterations) => twins.call('work', (b) => b.work(iterations)) !== 0);
  fc.assert(property);
  t.not(twins.first.bursts.work(10), twins.first.bursts.work(11), 'each iteration counts');
});
