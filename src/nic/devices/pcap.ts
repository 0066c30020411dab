// Cold. Runs on: main, to plan the memory; NIC, before the first packet.
// A capture's frame table. The file is read twice: inspectCapture() finds its faults and its size before any thread
// starts; loadCapture() then brings it into shared memory.

import {
  FRAME_ADDRESS,
  FRAME_COUNTER,
  FRAME_LENGTH,
  FRAME_RECORD_BYTES,
  FRAME_SEQUENCE_OFFSET,
} from '../../bursts/layout.js';
import { alignUp, CACHE_LINE_BYTES, DOUBLE_BYTES, WORD_BYTES } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import { CaptureError } from './capture-error.js';
import type { FrameTable } from './device.js';
import type { PcapHeader } from './pcap-header.js';
import { type PcapReader, readCapture } from './pcap-reader.js';

export const CAPTURE_BYTES_MAX = 2 ** 30;

export interface CaptureSummary {
  readonly frames: number;
  /** Frames of which the capture has only the first bytes. */
  readonly sliced: number;
  readonly frameBytes: number;
  /** From the first packet to the latest. */
  readonly durationNs: number;
  readonly byteOrder: PcapHeader['byteOrder'];
  readonly resolution: PcapHeader['resolution'];
  /** Shared memory for records, times and frames. */
  readonly bytesNeeded: number;
}

export interface CaptureFrames extends FrameTable {
  /** Byte address of one double per frame: ns since the first. */
  readonly times: number;
}

// The region, in bytes from its address; all of it is written by the NIC, before the first packet.
//   0        times    one double per frame
//   records           16 bytes per frame
//   frames            16-byte aligned, and 16 bytes after each, so that copies in blocks of 16 may overrun
const recordsAt = (frames: number) => alignUp(frames * DOUBLE_BYTES, FRAME_RECORD_BYTES);
const framesAt = (frames: number) => recordsAt(frames) + frames * FRAME_RECORD_BYTES;
const paddedBytes = (length: number) => alignUp(length, 16) + 16;

/** What the packets seen so far come to. */
class Tally {
  frames = 0;
  sliced = 0;
  frameBytes = 0;
  durationNs = 0;
  paddedBytes = 0;

  add(packet: PcapReader): void {
    this.frames++;
    if (packet.length < packet.wireLength) this.sliced++;
    this.frameBytes += packet.length;
    this.durationNs = Math.max(this.durationNs, packet.timeNs);
    this.paddedBytes += paddedBytes(packet.length);
  }

  get bytesNeeded(): number {
    return alignUp(framesAt(this.frames) + this.paddedBytes, CACHE_LINE_BYTES);
  }
}

/** Reads the whole file. Throws CaptureError for one that loadCapture() could not use. */
export function inspectCapture(path: string, bytesMax: number = CAPTURE_BYTES_MAX): CaptureSummary {
  return readCapture(path, bytesMax, (packets) => {
    const tally = new Tally();
    while (packets.next()) {
      tally.add(packets);
      if (tally.bytesNeeded > bytesMax) throw new CaptureError(path, tooMuch(tally.frames, bytesMax));
    }
    if (tally.frames === 0) throw new CaptureError(path, 'the capture has no packets; one is the least');
    const { frames, sliced, frameBytes, durationNs, bytesNeeded } = tally;
    const { byteOrder, resolution } = packets.header;
    return { frames, sliced, frameBytes, durationNs, byteOrder, resolution, bytesNeeded };
  });
}

/** Writes the capture at byte address `address`, a multiple of 64, into the `planned.bytesNeeded` bytes there. */
export function loadCapture(views: Views, address: number, path: string, planned: CaptureSummary): CaptureFrames {
  const tally = readCapture(path, CAPTURE_BYTES_MAX, (packets) => copyPackets(views, address, path, planned, packets));
  if (!matches(tally, planned)) throw changed(path, planned);
  return {
    table: address + recordsAt(planned.frames),
    tableLength: planned.frames,
    framesPerPass: planned.frames,
    times: address,
  };
}

function copyPackets(views: Views, address: number, path: string, planned: CaptureSummary, packets: PcapReader): Tally {
  const tally = new Tally();
  const firstFrame = address + framesAt(planned.frames);
  const end = address + planned.bytesNeeded;
  while (packets.next()) {
    const frame = firstFrame + tally.paddedBytes;
    tally.add(packets);
    if (tally.frames > planned.frames || firstFrame + tally.paddedBytes > end) throw changed(path, planned);
    packets.copyTo(views.bytes, frame);
    const index = tally.frames - 1;
    views.doubles[address / DOUBLE_BYTES + index] = packets.timeNs;
    writeRecord(views.words, address + recordsAt(planned.frames) + index * FRAME_RECORD_BYTES, frame, packets.length);
  }
  return tally;
}

function writeRecord(words: Int32Array, at: number, frame: number, length: number): void {
  words[(at + FRAME_ADDRESS) / WORD_BYTES] = frame;
  words[(at + FRAME_LENGTH) / WORD_BYTES] = length;
  words[(at + FRAME_COUNTER) / WORD_BYTES] = 0;
  words[(at + FRAME_SEQUENCE_OFFSET) / WORD_BYTES] = 0;
}

function matches(tally: Tally, planned: CaptureSummary): boolean {
  const same = tally.frames === planned.frames && tally.frameBytes === planned.frameBytes;
  return same && tally.durationNs === planned.durationNs;
}

function changed(path: string, planned: CaptureSummary): CaptureError {
  const was = `${planned.frames} packets with ${planned.frameBytes} bytes`;
  return new CaptureError(path, `the file changed after it was inspected; it then had ${was}. Start again`);
}

function tooMuch(frames: number, bytesMax: number): string {
  const found = `from packet ${frames} on the capture needs over ${bytesMax} bytes of shared memory`;
  return `${found}: keep the packets before with editcap -r -F pcap IN OUT 1-${frames - 1}`;
}
