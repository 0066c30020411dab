// Hot. Runs on: NIC (in tests); main, for the beginning of a capture.
// What the scans of both capture formats share: words in either byte order, a frame's record, its time, the counts.

import { DOUBLE_BYTES } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import {
  FRAME_ADDRESS,
  FRAME_COUNTER,
  FRAME_LENGTH,
  FRAME_SEQUENCE_OFFSET,
  INTERFACE_BASE,
  INTERFACE_FCS,
  INTERFACE_OFFSET,
  INTERFACE_SCALE,
  SCAN_BACKWARDS,
  SCAN_LATEST,
  SCAN_PREVIOUS,
  SCAN_SLICED,
  SCAN_SWAPPED,
} from '../layout.js';
import { addressAt, byteAt, setWord, wordAt } from './memory.js';

/** The word at `address`, as whoever wrote the capture meant it. */
export function wordOf(views: Views, scan: number, address: number): number {
  const bytes = [0, 1, 2, 3].map((i) => byteAt(views, address + i));
  const [a, b, c, d] = (wordAt(views, scan + SCAN_SWAPPED) === 0 ? bytes.reverse() : bytes) as [
    number,
    number,
    number,
    number,
  ];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** Bytes of the frame without those of a stored FCS, which lies at the end of what was on the wire. */
export function frameLength(views: Views, captured: number, original: number, at: number): number {
  const fcs = addressAt(views, at + INTERFACE_FCS);
  const missing = (original - captured) >>> 0;
  return missing < fcs ? Math.max(captured - fcs + missing, 0) : captured;
}

export function writeFrame(views: Views, record: number, frame: number, length: number): void {
  setWord(views, record + FRAME_ADDRESS, frame);
  setWord(views, record + FRAME_LENGTH, length);
  setWord(views, record + FRAME_COUNTER, 0);
  setWord(views, record + FRAME_SEQUENCE_OFFSET, 0);
}

export function countSliced(views: Views, scan: number, captured: number, original: number): void {
  if (captured < original) setWord(views, scan + SCAN_SLICED, wordAt(views, scan + SCAN_SLICED) + 1);
}

export function writeTime({ doubles, words }: Views, scan: number, time: number, ns: number): void {
  const previous = (scan + SCAN_PREVIOUS) / DOUBLE_BYTES;
  const latest = (scan + SCAN_LATEST) / DOUBLE_BYTES;
  if (ns < doubles[previous]!) words[(scan + SCAN_BACKWARDS) / 4]! += 1;
  if (ns > doubles[latest]!) doubles[latest] = ns;
  doubles[previous] = ns;
  doubles[time / DOUBLE_BYTES] = ns;
}

/** An interface's BASE. */
export function baseOf(views: Views, at: number): bigint {
  return ticksOf(wordAt(views, at + INTERFACE_BASE + 4), wordAt(views, at + INTERFACE_BASE));
}

/** An int64 from its words. */
export function ticksOf(high: number, low: number): bigint {
  return (BigInt(high | 0) << 32n) | BigInt(low >>> 0);
}

/** From a count of an interface's ticks to ns after the first packet. */
export function timeOf({ doubles }: Views, at: number, ticksAfterBase: bigint): number {
  const scale = doubles[(at + INTERFACE_SCALE) / DOUBLE_BYTES]!;
  const offset = doubles[(at + INTERFACE_OFFSET) / DOUBLE_BYTES]!;
  return Number(BigInt.asIntN(64, ticksAfterBase)) * scale + offset;
}
