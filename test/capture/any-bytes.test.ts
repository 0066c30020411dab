// Cold. Runs on: main.
// Whatever bytes come: frames, or frames and one CaptureError, by either burst functions alike, and no other end.

import fc from 'fast-check';
import t from 'tap';
import { captureOf, type Packet } from '../nic/captures.js';
import { Pcapng } from './pcapng-of.js';
import { readAll } from './read-all.js';

const bytesOf = (length: number) => Buffer.from(Uint8Array.from({ length }, (_, i) => i));
const packet = (length: number, seconds: number): Packet => ({ seconds, fraction: 0, bytes: bytesOf(length) });
const ng = new Pcapng(false);

const RIGHT: readonly Buffer[] = [
  captureOf([packet(60, 1), packet(1514, 2), packet(100, 3)]),
  captureOf([packet(60, 1), packet(80, 2), packet(100, 3)], { byteOrder: 'big', resolution: 'ns', linkType: 113 }),
  Buffer.concat([
    ng.section(),
    ng.interface(1, 0, ng.option(9, Buffer.of(9)), ng.option(14, ng.long(5n)), ng.option(13, Buffer.of(4))),
    ng.interface(276, 100),
    ng.enhanced(0, 7n, bytesOf(60)),
    ng.enhanced(1, 1_000_000n, bytesOf(61), 70, ng.option(1, bytesOf(5))),
    ng.simple(bytesOf(62)),
    ng.obsolete(1, 2_000_000n, bytesOf(63)),
    ng.block(5, bytesOf(20)),
    ng.enhanced(0, 9n, bytesOf(64)),
  ]),
];

/** A right capture with a few bytes overwritten, cut somewhere. */
const damaged = fc.constantFrom(...RIGHT).chain((whole) => {
  const at = fc.oneof(fc.nat(150), fc.nat(whole.length - 1));
  const value = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  const edits = fc.array(fc.tuple(at, value), { maxLength: 4 });
  return fc.tuple(edits, fc.oneof(fc.constant(whole.length), fc.nat(whole.length))).map(([edits, length]) => {
    const bytes = Buffer.from(whole);
    for (const [place, value] of edits) bytes[place] = value;
    return bytes.subarray(0, length);
  });
});
const behindHeader = fc
  .tuple(fc.constantFrom(...RIGHT), fc.uint8Array({ maxLength: 400 }))
  .map(([right, bytes]) => Buffer.concat([right.subarray(0, 24), bytes]));
const any = fc.oneof(fc.uint8Array({ maxLength: 400 }), behindHeader, damaged);

t.test('any bytes', async () => {
  const size = { room: 3, windowBytes: 2000 };
  const property = fc.property(any, fc.array(fc.nat(300), { maxLength: 3 }), (bytes, steps) => {
    const portions = steps.some((step) => step > 0) ? steps : [];
    const [whole, ...others] = [
      readAll(bytes, { size }),
      readAll(bytes, { size, bursts: 'reference' }),
      readAll(bytes, { size, portions }),
    ].map((read) => JSON.stringify([read.frames, read.fault?.problem, read.sliced, read.backwards]));
    return others.every((other) => other === whole);
  });
  fc.assert(property, { numRuns: 1000 });
});
