// Cold. Runs on: main.
// Captures through the reader. AssemblyScript and reference read each in lockstep and must find the same, which is what a
// plain second reader finds; and a second pass must find what the first one found.

import { END } from '../../src/capture/byte-source.js';
import type { CaptureReader } from '../../src/capture/reader.js';
import { CaptureRig, type ListedFrame } from './capture-rig.js';
import { captureSeeds } from './capture-seeds.js';
import { type Model, modelOf } from './model.js';
import { mutateCapture } from './mutate-capture.js';
import type { Target } from './target.js';

const ROOMS = [1, 3, 64];
/** Dry spells, single bytes, any pieces; and all at once, twice as often. */
const PORTIONS: readonly (readonly number[])[] = [[], [], [0, 1, 7, 0, 0, 512], [4096]];
/** Each read gives a frame, or a byte, or is dry: of an input that unpacks to 1,000 times its size too. */
const READS_MAX = 10_000_000;

const END_OF_CAPTURE = '';

interface Pass {
  readonly frames: number;
  readonly sum: number;
  /** What the fault says; '' where there is none. */
  readonly end: string;
}

class CaptureCheck {
  private readonly pairs = ROOMS.map(
    (room) => [new CaptureRig('AssemblyScript', room), new CaptureRig('reference', room)] as const,
  );

  /** How a capture is read is up to its bytes, so that an input alone says what happens. */
  run(capture: Uint8Array): string {
    const sum = capture.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, capture.length) >>> 0;
    const [one, other] = this.pairs[sum % this.pairs.length]!;
    const portions = PORTIONS[(sum >>> 8) % PORTIONS.length]!;
    const readers = [one.open(capture, portions), other.open(capture, portions)] as const;
    const first = this.drain([one, other], readers, capture);
    compareModel(modelOf(capture), first);
    if (!readers[0].rewind() || !readers[1].rewind()) throw new Error('bytes in memory cannot be read again');
    if (first.end !== END_OF_CAPTURE) return wordOf(first); // a fault stays
    const second = this.drain([one, other], readers, capture);
    if (first.frames !== second.frames || first.sum !== second.sum) {
      throw new Error(`the second pass has ${second.frames} frames, the first had ${first.frames}, or not the same`);
    }
    return wordOf(first);
  }

  private drain(
    rigs: readonly [CaptureRig, CaptureRig],
    readers: readonly [CaptureReader, CaptureReader],
    capture: Uint8Array,
  ): Pass {
    const model = modelOf(capture);
    let frames = 0;
    let sum = 0;
    for (let reads = 0; reads < READS_MAX; reads++) {
      const [state, twin] = [rigs[0].read(readers[0]), rigs[1].read(readers[1])];
      if (state !== twin) throw new Error(`AssemblyScript: ${state}; reference: ${twin}`);
      if (typeof state === 'string') return { frames, sum, end: state };
      if (state === END) return { frames, sum, end: END_OF_CAPTURE };
      const listed = rigs[0].list(readers[0]);
      compareLists(listed, rigs[1].list(readers[1]));
      if (model !== null) compareFrames(capture, model, frames, listed);
      frames += listed.length;
      for (const { bytes, timeNs } of listed)
        sum = (Math.imul(sum, 31) + bytes.length + (bytes.at(-1) ?? 0) + timeNs) | 0;
    }
    throw new Error(`reads=${READS_MAX}: no end`);
  }
}

/** @param first number of the first of the list */
function compareFrames(capture: Uint8Array, { frames }: Model, first: number, listed: readonly ListedFrame[]): void {
  listed.forEach(({ bytes }, i) => {
    const expected = frames[first + i];
    if (expected === undefined) throw new Error(`frame ${first + i}: the capture has ${frames.length}`);
    const { at, length, isPlain } = expected;
    if (!isPlain || Buffer.compare(bytes, capture.subarray(at, at + length)) === 0) return;
    throw new Error(`frame ${first + i}: not the ${length} bytes from byte ${at} on`);
  });
}

function compareModel(model: Model | null, { frames, end }: Pass): void {
  if (model === null) return;
  if (frames !== model.frames.length) throw new Error(`frames=${frames}: the capture has ${model.frames.length}`);
  if ((end !== END_OF_CAPTURE) !== model.hasFault) throw new Error(`fault "${end}": the model has ${model.hasFault}`);
}

/** What it says without numbers, and how many frames came before, in powers of two. */
function wordOf({ end, frames }: Pass): string {
  return `${end.replace(/[0-9a-f]*[0-9][0-9a-f]*/g, '#')} after ${Math.ceil(Math.log2(frames + 1))}`;
}

function compareLists(one: readonly ListedFrame[], other: readonly ListedFrame[]): void {
  if (one.length !== other.length)
    throw new Error(`AssemblyScript has ${one.length} frames, the reference ${other.length}`);
  one.forEach(({ bytes, timeNs }, i) => {
    const twin = other[i]!;
    const isSame = timeNs === twin.timeNs && Buffer.compare(bytes, twin.bytes) === 0;
    if (!isSame)
      throw new Error(
        `frame ${i}: AssemblyScript ${bytes.length} bytes at ${timeNs} ns, reference ${twin.bytes.length} at ${twin.timeNs}`,
      );
  });
}

export function captureTarget(): Target {
  const check = new CaptureCheck();
  return {
    name: 'captures',
    batch: 256,
    covers: /\/build\/src\/(capture\/|bursts\/reference\/scan)/,
    seeds: captureSeeds(),
    mutate: mutateCapture,
    run: (inputs) => inputs.map((input) => check.run(input)),
  };
}
