// Cold. Runs on: every thread of the explorer.
// Frames whose every byte is known from their number, and the table by which a NIC offers them.

import { BUFFER_BYTES, FRAME_ADDRESS, FRAME_LENGTH, FRAME_RECORD_BYTES } from '../../../src/bursts/layout.js';
import { alignUp } from '../../../src/memory/layout.js';
import type { Views } from '../../../src/memory/views.js';
import type { Device } from '../../../src/nic/devices/device.js';
import { RepeatedFrames } from '../../../src/nic/devices/repeated-frames.js';

const ETHERTYPE_AT = 12;
const LOCAL_EXPERIMENTAL = [0x88, 0xb5];
const COPY_SLACK = 16; // copies are of 16 bytes and may read beyond a frame

/** Bytes that `lengths.length` frames and their table take. */
export function framesBytes(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + frameRoom(length), lengths.length * FRAME_RECORD_BYTES);
}

function frameRoom(length: number): number {
  return alignUp(length, COPY_SLACK) + COPY_SLACK;
}

/** The number in byte 0; a different filling in each of its buffers. */
export function frameBytes(frame: number, length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, at) => frame + 101 * Math.floor(at / BUFFER_BYTES));
  bytes.set(LOCAL_EXPERIMENTAL, ETHERTYPE_AT);
  return bytes;
}

export function writeFrames(views: Views, table: number, frames: readonly Uint8Array[]): void {
  let address = table + frames.length * FRAME_RECORD_BYTES;
  frames.forEach((bytes, frame) => {
    const record = (table + frame * FRAME_RECORD_BYTES) / 4;
    views.words[record + FRAME_ADDRESS / 4] = address;
    views.words[record + FRAME_LENGTH / 4] = bytes.length;
    views.bytes.set(bytes, address);
    address += frameRoom(bytes.length);
  });
}

/** `count` frames of the table, from `first` on, `burst` of them each time it is asked. */
export function deviceOf(table: number, first: number, count: number, burst: number): Device {
  return {
    name: 'frames',
    frames: new RepeatedFrames(table + first * FRAME_RECORD_BYTES, count),
    arrival: {
      unpaced: false,
      start: () => {},
      due: (_nowNs, _offered, max) => Math.min(burst, max),
      nextNs: () => Number.POSITIVE_INFINITY,
    },
  };
}
