// Cold. Runs on: main.
// Parts of a capture file, put together: every packet of each, in the order of time, whatever lies where in memory.

import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { mergeParts } from '../../src/capture/write-merge.js';
import { Random } from '../../src/runtime/random.js';

const PRELUDE = Buffer.alloc(48, 7);
/** The upper words differ, and so do the lower; as signed words they would be in another order. */
const START = 0x18ff_ffff_8000_0000n;

interface Sent {
  readonly time: bigint;
  readonly block: Buffer;
}

/** A block that says which part it is of, and which of that part's. */
function blockOf(time: bigint, part: number, index: number, packetBytes: number): Buffer {
  const total = 32 + packetBytes;
  const block = Buffer.alloc(total, index);
  const words = [6, total, part, Number(time >> 32n), Number(time & 0xffff_ffffn), packetBytes, packetBytes];
  words.forEach((word, i) => {
    block.writeUInt32LE(word, i * 4);
  });
  block.writeUInt32LE(total, total - 4);
  return block;
}

/** Bursts of one time each, and now and then a long block. */
function partOf(random: Random, part: number, packets: number): Sent[] {
  let time = START;
  return Array.from({ length: packets }, (_, index) => {
    if (random.below(4) === 0) time += BigInt(random.below(random.below(3) === 0 ? 2 ** 32 : 3));
    const bytes = random.below(50) === 0 ? 262_144 : 4 * random.below(40);
    return { time, block: blockOf(time, part, index, bytes) };
  });
}

const folder = t.testdir();

async function merged(parts: readonly Sent[][]): Promise<{ file: Buffer; told: number }> {
  const paths = parts.map((part, i) => {
    const path = join(folder, `part${i}`);
    writeFileSync(path, Buffer.concat([PRELUDE, ...part.map(({ block }) => block)]));
    return path;
  });
  const fds = paths.map((path) => openSync(path, 'r'));
  const whole = join(folder, 'whole');
  const fd = openSync(whole, 'w');
  let told = 0;
  await mergeParts(fds, PRELUDE.length, fd, (bytes) => {
    told += bytes;
  });
  for (const open of [...fds, fd]) closeSync(open);
  return { file: readFileSync(whole), told };
}

/** Sorted by time alone: packets of one time stay in the order of their parts. */
function expected(parts: readonly Sent[][]): Buffer {
  const all = parts.flat().sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return Buffer.concat(all.map(({ block }) => block));
}

t.test('in the order of time', async () => {
  const sizes = fc.array(fc.nat(300), { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(fc.noShrink(fc.nat()), sizes, async (seed, sizes) => {
    const random = new Random(seed);
    const parts = sizes.map((packets, part) => partOf(random, part, packets));
    const { file, told } = await merged(parts);
    if (!file.equals(expected(parts))) throw new Error('a packet is missing, or not in its place');
    if (told > file.length) throw new Error(`${told} bytes told, ${file.length} written`);
  });
  await fc.assert(property, { numRuns: 60 });
});

t.test('parts without packets', async (t) => {
  t.same(await merged([[], [], []]), { file: Buffer.alloc(0), told: 0 });
});
