// Cold. Runs on: main.
// The capture of a round whose device is one: packets as pktgen sends them, which the checking sink knows.

import { gzipSync } from 'node:zlib';
import { ipVersionOf, sizesOf } from '../coordinator/option-values.js';
import { pktgenFlows } from '../nic/devices/flows.js';
import { sequenceOffset, writeUdpFrame } from '../nic/devices/frame-bytes.js';
import { FCS_BYTES, sizePattern } from '../nic/devices/frame-sizes.js';
import { Random } from '../runtime/random.js';

/** What is in it. */
export interface RoundCapture {
  readonly packets: number;
  readonly size: string | number;
  readonly ip: 4 | 6 | '4' | '6' | 'mixed';
  readonly flows: number;
  readonly seed: number;
  /** Between two packets. */
  readonly gapNs: number;
  readonly gzip: boolean;
}

const HEADER_WORDS = [0xa1b23c4d, 0x00040002, 0, 0, 262_144, 1]; // pcap 2.4, in ns, Ethernet
const PACKET_HEADER_BYTES = 16;
const FAST = { level: 1 };

/** @returns the bytes of a pcap file, perhaps compressed */
export function captureFile(capture: RoundCapture): Buffer {
  const { packets, flows, seed, gapNs } = capture;
  const random = new Random(seed);
  const all = pktgenFlows(flows, ipVersionOf(capture), random);
  const pattern = sizePattern(sizesOf(capture), random);
  const parts = [wordsOf(HEADER_WORDS)];
  for (let packet = 0; packet < packets; packet += 1) {
    const length = pattern[packet % pattern.length]! - FCS_BYTES;
    const frame = Buffer.alloc(length);
    const flow = all[packet % flows]!;
    writeUdpFrame(frame, 0, length, flow);
    const sequence = Math.floor(packet / flows);
    frame.writeInt32LE(sequence, sequenceOffset(flow.ipVersion));
    frame.writeInt32LE(~sequence, sequenceOffset(flow.ipVersion) + 4);
    const ns = packet * gapNs;
    parts.push(wordsOf([Math.floor(ns / 1e9), Math.floor(ns % 1e9), length, length]), frame);
  }
  const bytes = Buffer.concat(parts);
  return capture.gzip ? gzipSync(bytes, FAST) : bytes;
}

/** Of one packet, on average and with its header. */
export function bytesPerPacket(capture: Pick<RoundCapture, 'size'>): number {
  const pattern = sizePattern(sizesOf(capture), new Random(1));
  return PACKET_HEADER_BYTES + pattern.reduce((sum, size) => sum + size, 0) / pattern.length;
}

function wordsOf(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, 4 * index);
  });
  return bytes;
}
