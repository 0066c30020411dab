// Cold. Runs on: main.
// A capture of bursts with random pauses between them, from a seed: the traffic in which a wake-up could be lost.

import { writeFileSync } from 'node:fs';
import { writeUdpFrame } from '../../src/nic/devices/frame-bytes.js';
import type { Random } from '../../src/runtime/random.js';

const HEADER_BYTES = 24;
const RECORD_BYTES = 16;
const LENGTH = 60;
const BURST_MAX = 200;
const PAUSE_NS_MIN = 1e3;
const PAUSE_NS_MAX = 2e6;

/** Writes `frames` frames to the file `path`. */
export function writePauses(path: string, frames: number, random: Random): void {
  const file = Buffer.alloc(HEADER_BYTES + frames * (RECORD_BYTES + LENGTH));
  writeHeader(file);
  let [timeNs, left] = [0, 0];
  for (let frame = 0; frame < frames; frame += 1) {
    if (left === 0) {
      left = 1 + random.below(BURST_MAX);
      timeNs += pauseNs(random);
    }
    left -= 1;
    writeRecord(file, HEADER_BYTES + frame * (RECORD_BYTES + LENGTH), timeNs, random.below(256));
  }
  writeFileSync(path, file);
}

/** As many of 1 to 2 µs as of 1 to 2 ms: from shorter than a spin to longer than any. */
function pauseNs(random: Random): number {
  return Math.round(PAUSE_NS_MIN * (PAUSE_NS_MAX / PAUSE_NS_MIN) ** random.next());
}

/** Classic pcap, little-endian, ns, Ethernet. */
function writeHeader(file: Buffer): void {
  file.writeUInt32LE(0xa1b23c4d, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(LENGTH, 16);
  file.writeUInt32LE(1, 20);
}

function writeRecord(file: Buffer, at: number, timeNs: number, flow: number): void {
  file.writeUInt32LE(Math.floor(timeNs / 1e9), at);
  file.writeUInt32LE(timeNs % 1e9, at + 4);
  file.writeUInt32LE(LENGTH, at + 8);
  file.writeUInt32LE(LENGTH, at + 12);
  writeUdpFrame(file, at + RECORD_BYTES, LENGTH, {
    ipVersion: 4,
    sourceMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
    destinationMac: Uint8Array.of(2, 0, 0, 0, 0, 2),
    source: Uint8Array.of(198, 18, 0, flow),
    destination: Uint8Array.of(198, 19, 0, 1),
    sourcePort: 50_000,
    destinationPort: 50_001,
  });
}
