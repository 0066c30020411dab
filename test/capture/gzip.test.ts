// Cold. Runs on: main.
// Compressed captures: any number of members, cut and damaged ones, and one that is all zeroes.

import { gzipSync } from 'node:zlib';
import t from 'tap';
import { Random } from '../../src/runtime/random.js';
import { captureOf } from '../nic/captures.js';
import { Pcapng } from './pcapng-of.js';
import { readAll } from './read-all.js';

const random = new Random(1);
const noise = (length: number) => Uint8Array.from({ length }, () => random.below(256));
const packets = Array.from({ length: 500 }, (_, i) => ({ seconds: i, fraction: 0, bytes: noise(100 + i) }));
const plain = captureOf(packets);
const zipped = gzipSync(plain);

function isWhole(file: Uint8Array, portions: readonly number[] = []): boolean {
  const { frames, fault } = readAll(file, { portions, size: { room: 50, windowBytes: 10_000 } });
  return fault === null && frames.length === 500 && frames.every(({ bytes }, i) => bytes.equals(packets[i]!.bytes));
}

t.test('one member, several, and zeroes behind the last, in portions of any size', async (t) => {
  const cut = 54_321;
  const members = [
    gzipSync(plain.subarray(0, cut)),
    gzipSync(Buffer.alloc(0)),
    gzipSync(plain.subarray(cut), { level: 0 }),
  ];
  for (const portions of [[], [1], [1024], [7, 0, 100_000]]) {
    t.ok(isWhole(zipped, portions), `portions of ${portions}`);
    t.ok(isWhole(Buffer.concat(members), portions), 'members');
    t.ok(isWhole(Buffer.concat([zipped, Buffer.alloc(3000)]), portions), 'zeroes');
  }
});

t.test('pcapng inside', async (t) => {
  const ng = new Pcapng();
  const { frames, format } = readAll(
    gzipSync(Buffer.concat([ng.section(), ng.interface(1), ng.enhanced(0, 0n, noise(60))])),
  );
  t.equal(format, 'pcapng');
  t.equal(frames.length, 1);
});

t.test('a stream that breaks off: the packets before are there, and the byte is named', async (t) => {
  for (const length of [zipped.length - 9, zipped.length - 4, 100_000, 5000]) {
    const { fault, frames } = readAll(zipped.subarray(0, length));
    t.match(fault?.problem, new RegExp(`the gzip stream breaks off at byte ${length}: `));
    t.ok(frames.length >= Math.floor(length / 700) - 2, `${frames.length} packets of ${length} bytes`);
    t.ok(frames.every(({ bytes }, i) => bytes.equals(packets[i]!.bytes)));
  }
});

t.test('a stream that is damaged', async (t) => {
  const damaged = Buffer.from(zipped);
  damaged.fill(0xff, 100_000, 100_008);
  const { fault } = readAll(damaged);
  t.match(fault?.problem, /the gzip stream is corrupt at byte \d+: |packet \d+ at byte \d+ of the unpacked/);
  const checksum = Buffer.from(zipped);
  checksum[checksum.length - 8]! ^= 1;
  t.match(readAll(checksum).fault?.problem, /corrupt at byte \d+: .*data check/);
  const garbage = Buffer.concat([zipped, Buffer.from('garbage')]);
  t.match(readAll(garbage).fault?.problem, /corrupt at byte \d+: .*header check/);
});

t.test('all packets before a fault are there, out of a file and a pipe', async (t) => {
  const few = gzipSync(captureOf(packets.slice(0, 3)));
  const garbage = Buffer.from('garbage');
  for (const pipe of [false, true]) {
    for (const portions of [[], [1], [7, 0, 100_000]]) {
      const framesOf = (...files: Uint8Array[]) => readAll(Buffer.concat(files), { pipe, portions });
      const small = framesOf(few, garbage);
      t.equal(small.frames.length, 3, `pipe: ${pipe}, portions of ${portions}`);
      t.match(small.fault?.problem, new RegExp(`corrupt at byte ${few.length + 1}: .*header check`));
      t.equal(framesOf(zipped, garbage).frames.length, 500);
      const cut = 54_321;
      const members = [gzipSync(plain.subarray(0, cut)), gzipSync(plain.subarray(cut))];
      t.equal(framesOf(...members, garbage).frames.length, 500, 'members');
      const broken = Buffer.from(members[1]!).fill(0, 0, 4);
      broken[0] = 1;
      t.equal(framesOf(members[0]!, broken).frames.length, framesOf(members[0]!).frames.length, 'the second is none');
    }
  }
});

t.test('faults of the capture inside are told with their place in it', async (t) => {
  const { fault, frames } = readAll(gzipSync(plain.subarray(0, plain.length - 1)));
  t.equal(frames.length, 499);
  t.match(fault?.problem, /packet 500 at byte \d+ of the unpacked capture breaks off: 598 of the 599/);
  t.match(readAll(gzipSync(zipped)).fault?.problem, /this is compressed with gzip twice.*gzip -dc/);
  t.match(readAll(gzipSync('text')).fault?.problem, /not a capture: it starts with the bytes 74657874/);
  t.match(readAll(gzipSync('')).fault?.problem, /the file is empty/);
});

t.test('a bomb stays within bounded memory', async (t) => {
  const ng = new Pcapng();
  const head = Buffer.concat([ng.section(), ng.interface(1), ng.enhanced(0, 0n, noise(60))]);
  const skipped = ng.block(10, Buffer.alloc(16_000_000));
  const bomb = gzipSync(Buffer.concat([head, ...Array(8).fill(skipped)]), { level: 9 });
  const before = process.memoryUsage.rss();
  const { fault, frames, skippedBlocks } = readAll(bomb);
  t.equal(fault, null);
  t.match({ frames: frames.length, skippedBlocks }, { frames: 1, skippedBlocks: 8 });
  const grown = process.memoryUsage.rss() - before;
  t.ok(grown < 60e6, `128 MB in ${bomb.length} bytes took ${(grown / 1e6).toFixed(0)} MB`);
});
