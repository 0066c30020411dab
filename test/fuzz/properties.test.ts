// Cold. Runs on: main.
// What holds of any capture and any frame, by fast-check: a case that fails shrinks to the changes that it takes.

import fc from 'fast-check';
import t from 'tap';
import { Random } from '../../src/runtime/random.js';
import { Pcapng } from '../capture/pcapng-of.js';
import { readAll } from '../capture/read-all.js';
import { captureOf } from '../nic/captures.js';
import { captureTarget } from './capture-target.js';
import { frameTarget } from './frame-target.js';
import { changeOnce } from './mutate-capture.js';

const step = fc.noShrink(fc.integer({ min: 0 }));
const packet = fc.uint8Array({ minLength: 1, maxLength: 90 });

t.test('captures: whatever chain of changes made them', async () => {
  const target = captureTarget();
  const property = fc.property(fc.constantFrom(...target.seeds), fc.array(step, { maxLength: 8 }), (seed, steps) => {
    target.run([steps.reduce((bytes, step) => changeOnce(new Random(step), bytes, target.seeds), seed)]);
  });
  fc.assert(property, { numRuns: 1500 });
});

t.test('frames: bursts of any', async () => {
  const target = frameTarget();
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 64 }), (steps) => {
    target.run(steps.map((step) => target.mutate(new Random(step), target.seeds)));
  });
  fc.assert(property, { numRuns: 300 });
});

/** A capture, and behind which byte each of its packets is whole. */
function captureWithEnds(packets: readonly Uint8Array[], isPcapng: boolean, isLittle: boolean): [Buffer, number[]] {
  const to = new Pcapng(isLittle);
  const byteOrder = isLittle ? 'little' : 'big';
  const head = isPcapng ? Buffer.concat([to.section(), to.interface(1)]) : captureOf([], { byteOrder });
  const parts = packets.map((bytes) =>
    isPcapng ? to.enhanced(0, 0n, bytes) : captureOf([{ seconds: 0, fraction: 0, bytes }], { byteOrder }).subarray(24),
  );
  let end = head.length;
  const ends = parts.map((part) => {
    end += part.length;
    return end;
  });
  return [Buffer.concat([head, ...parts]), ends];
}

t.test('a capture that is cut anywhere gives all frames before the cut, and says that it is cut', async () => {
  const property = fc.property(
    fc.array(packet, { minLength: 1, maxLength: 12 }),
    fc.boolean(),
    fc.boolean(),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (packets, isPcapng, isLittle, share) => {
      const [capture, ends] = captureWithEnds(packets, isPcapng, isLittle);
      const first = isPcapng ? 28 : 24; // behind the file's own header
      const cut = first + Math.round((capture.length - first) * share);
      const whole = ends.filter((end) => end <= cut).length;
      const { frames, fault } = readAll(capture.subarray(0, cut));
      const isSame = frames.length === whole && frames.every(({ bytes }, i) => bytes.equals(packets[i]!));
      const interfaceEnd = ends[0]! - (isPcapng ? 32 + Math.ceil(packets[0]!.length / 4) * 4 : 16 + packets[0]!.length);
      const isClean = [first, interfaceEnd, ...ends].includes(cut);
      return isSame && (fault === null) === isClean;
    },
  );
  fc.assert(property, { numRuns: 300 });
});
