// Cold. Runs on: main.
// Packets → blocks of a pcapng file: AssemblyScript and reference agree on every byte of the memory, and what they write is
// what was there.

import fc from 'fast-check';
import t from 'tap';
import {
  BATCH_ENTRIES,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  FRAME_BYTES_MAX,
  NO_BUFFER,
  OFFER_ADDRESS,
  OFFER_LENGTH,
  OFFER_QUEUE,
  OFFER_SEQUENCE,
  OFFER_SEQUENCE_OFFSET,
  PLACED,
  STAMP_OPTION_BYTES,
  STAMP_OPTIONS,
  STAMP_TIME_HIGH,
  STAMP_TIME_LOW,
} from '../../src/bursts/layout.js';
import { commentOptions, interfaceDescription, sectionHeader } from '../../src/capture/pcapng-write.js';
import { Random } from '../../src/runtime/random.js';
import { type ReadPacket, readPcapng } from '../capture/read-pcapng.js';
import { Twins } from './twins.js';
import {
  BATCH,
  BUFFER_AREA,
  BUFFERS,
  bufferAddress,
  entryWord,
  FRAME_PLACES,
  frameAddress,
  LINKS,
  OFFERS,
  offerWord,
  RSS,
  type World,
} from './world.js';

// What the encoders do not touch serves as room for the rest.
const STAMP = RSS;
const OPTIONS = RSS + 64;
const QUEUES = 4;
const TIME = { high: 0x18000001, low: 0xfedcba98 };
const HEADER = Buffer.concat([
  sectionHeader('test', 'test'),
  ...Array.from({ length: QUEUES }, (_, id) => interfaceDescription(`q${id}`)),
]);

const twins = new Twins();
const seed = fc.noShrink(fc.integer({ min: 0 }));

function writeNoise({ views }: World, random: Random): void {
  for (let i = 0; i < views.words.length; i++) views.words[i] = random.word();
}

/** @returns the comment that the blocks get; '' = none */
function writeStamp({ views }: World, random: Random): string {
  const comment = 'a reason of any length'.slice(0, random.below(23));
  const options = comment === '' ? Buffer.alloc(0) : commentOptions(comment);
  views.bytes.set(options, OPTIONS);
  views.words[(STAMP + STAMP_TIME_HIGH) / 4] = TIME.high;
  views.words[(STAMP + STAMP_TIME_LOW) / 4] = TIME.low;
  views.words[(STAMP + STAMP_OPTIONS) / 4] = OPTIONS;
  views.words[(STAMP + STAMP_OPTION_BYTES) / 4] = options.length;
  return comment;
}

function packet(queue: number, bytes: Buffer, comment: string, original = bytes.length): ReadPacket {
  const time = (BigInt(TIME.high) << 32n) | BigInt(TIME.low);
  return { interface: queue, time, bytes, original, comment: comment === '' ? null : comment };
}

/** Calls both, and reads what they wrote. */
function encoded(name: string, to: number, run: (world: Twins['first']['bursts']) => number): readonly ReadPacket[] {
  const bytes = twins.call(name, run);
  const blocks = Buffer.from(twins.first.views.bytes.slice(to, to + bytes));
  return readPcapng(Buffer.concat([HEADER, blocks])).packets;
}

function same(found: readonly ReadPacket[], expected: readonly ReadPacket[]): void {
  const text = (packets: readonly ReadPacket[]) =>
    packets.map(({ bytes, time, ...rest }) =>
      JSON.stringify({ ...rest, time: `${time}`, bytes: bytes.toString('hex') }),
    );
  if (text(found).join('\n') !== text(expected).join('\n')) throw new Error(`${text(found)}\n≠ ${text(expected)}`);
}

/** Entries with their chains of buffers, shuffled; the first fragment begins anywhere. @returns the frames */
function writeEntries({ views }: World, random: Random, lengths: readonly number[]): Buffer[] {
  const ids = Array.from({ length: BUFFERS }, (_, id) => (id * 5 + 3) % BUFFERS); // each once, out of order
  return lengths.map((length, i) => {
    const offset = random.below(BUFFER_BYTES + 1);
    const parts: Buffer[] = [];
    let word = entryWord(i, ENTRY_BUFFER);
    views.words[entryWord(i, ENTRY_NEXT)] = NO_BUFFER;
    for (let done = 0; done < length || parts.length === 0; ) {
      const id = ids.pop()!;
      const start = bufferAddress(id) + (done === 0 && parts.length === 0 ? offset : 0);
      const room = bufferAddress(id) + BUFFER_BYTES - start;
      const part = Buffer.from(views.bytes.slice(start, start + Math.min(room, length - done)));
      views.words[word] = id;
      word = parts.length === 0 ? entryWord(i, ENTRY_NEXT) : LINKS / 4 + id;
      views.words[word] = NO_BUFFER;
      parts.push(part);
      done += part.length;
    }
    views.words[entryWord(i, ENTRY_OFFSET)] = offset;
    views.words[entryWord(i, ENTRY_LENGTH)] = length;
    return Buffer.concat(parts);
  });
}

const lengths = fc.array(fc.oneof(fc.nat(64), fc.nat(FRAME_BYTES_MAX), fc.constantFrom(2048, 4096, 9216)), {
  minLength: 1,
  maxLength: BATCH_ENTRIES,
});

t.test('encode: entries of any lengths and fragments', async () => {
  const property = fc.property(seed, lengths, fc.nat(QUEUES - 1), (seed, lengths, queue) => {
    const random = new Random(seed);
    let frames: Buffer[] = [];
    let comment = '';
    twins.prepare((world) => {
      writeNoise(world, random);
      comment = writeStamp(world, random);
      frames = writeEntries(world, random, lengths);
    });
    const first = random.below(lengths.length);
    const count = 1 + random.below(lengths.length - first);
    const found = encoded('encode', FRAME_PLACES, (b) =>
      b.encode(BATCH, first, count, queue, BUFFER_AREA, LINKS, STAMP, FRAME_PLACES),
    );
    same(
      found,
      frames.slice(first, first + count).map((bytes) => packet(queue, bytes, comment)),
    );
  });
  fc.assert(property, { numRuns: 150 });
});

t.test('encodeOffers: those that have found no room, numbered', async () => {
  const offer = fc.record({ length: fc.nat(FRAME_BYTES_MAX), queue: fc.integer({ min: PLACED, max: QUEUES - 1 }) });
  const offers = fc.array(offer, { minLength: 1, maxLength: BATCH_ENTRIES });
  const property = fc.property(seed, offers, (seed, offers) => {
    const random = new Random(seed);
    let expected: ReadPacket[] = [];
    twins.prepare((world) => {
      writeNoise(world, random);
      const comment = writeStamp(world, random);
      const frames = offers.map(({ length, queue }, i) => writeOffer(world, random, i, length, queue));
      expected = offers.flatMap(({ queue }, i) => (queue === PLACED ? [] : [packet(queue, frames[i]!, comment)]));
    });
    const found = encoded('encodeOffers', BUFFER_AREA, (b) =>
      b.encodeOffers(OFFERS, offers.length, STAMP, BUFFER_AREA),
    );
    same(found, expected);
  });
  fc.assert(property, { numRuns: 150 });
});

/** @returns the frame as it would have come into a buffer */
function writeOffer({ views }: World, random: Random, i: number, length: number, queue: number): Buffer {
  const at = length < 20 || random.below(2) === 0 ? 0 : 1 + random.below(length - 9);
  const frame = Buffer.from(views.bytes.slice(frameAddress(i), frameAddress(i) + length));
  const sequence = random.word();
  views.words[offerWord(i, OFFER_ADDRESS)] = frameAddress(i);
  views.words[offerWord(i, OFFER_LENGTH)] = length;
  views.words[offerWord(i, OFFER_QUEUE)] = queue;
  views.words[offerWord(i, OFFER_SEQUENCE)] = sequence;
  views.words[offerWord(i, OFFER_SEQUENCE_OFFSET)] = at;
  if (at === 0) return frame;
  frame.writeInt32LE(sequence | 0, at);
  frame.writeInt32LE(~sequence, at + 4);
  return frame;
}

t.test('encodeFrame: a frame of any length, also one of which only a part is there', async () => {
  const property = fc.property(seed, fc.nat(262_144), fc.nat(1000), (seed, length, missing) => {
    let expected: ReadPacket[] = [];
    twins.prepare((world) => {
      writeNoise(world, new Random(seed));
      const comment = writeStamp(world, new Random(seed));
      const bytes = Buffer.from(world.views.bytes.slice(FRAME_PLACES, FRAME_PLACES + length));
      expected = [packet(1, bytes, comment, length + missing)];
    });
    const found = encoded('encodeFrame', BUFFER_AREA, (b) =>
      b.encodeFrame(FRAME_PLACES, length, length + missing, 1, STAMP, BUFFER_AREA),
    );
    same(found, expected);
  });
  fc.assert(property, { numRuns: 50 });
});
