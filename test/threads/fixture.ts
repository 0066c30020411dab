// Cold. Runs on: main.
// The capture in test/fixtures, its frames, and what the capture-check sink must find of them.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  FRAME_ADDRESS,
  FRAME_LENGTH,
  FRAME_RECORD_BYTES,
  OFFER_BYTES,
  OFFER_HASH,
  RSS_BYTES,
} from '../../src/bursts/layout.js';
import { referenceBursts } from '../../src/bursts/reference/reference.js';
import { alignUp, CACHE_LINE_BYTES, PAGE_BYTES } from '../../src/memory/layout.js';
import { viewsOf } from '../../src/memory/views.js';
import { RSS_KEY, writeRssTables } from '../../src/net/rss.js';
import { readAll } from '../capture/read-all.js';
import { type Buckets, createBuckets } from './buckets.js';
import { Packet } from './checksum.js';

export const FIXTURE = fileURLToPath(new URL('../../../test/fixtures/first-light.pcap', import.meta.url));

export interface Fixture {
  readonly frames: number;
  readonly bytes: number;
  /** What one who sees `passes` passes, whole and in order within each flow, has found. */
  expected(passes: number): Buckets;
}

interface Frame {
  readonly hash: number;
  readonly checksum: number;
}

export function readFixture(): Fixture {
  const frames = readAll(readFileSync(FIXTURE)).frames.map(({ bytes }) => bytes);
  const hashes = hashesOf(frames);
  const checked = frames.map((bytes, index) => ({ hash: hashes[index]!, checksum: checksumOf(bytes) }));
  const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  return { frames: frames.length, bytes, expected: (passes) => play(checked, passes) };
}

/** RSS hashes, by the reference. */
function hashesOf(frames: readonly Buffer[]): number[] {
  const table = RSS_BYTES;
  const offers = table + frames.length * FRAME_RECORD_BYTES;
  const first = alignUp(offers + frames.length * OFFER_BYTES, CACHE_LINE_BYTES);
  const pages = Math.ceil((first + frames.reduce((sum, { length }) => sum + length, 0)) / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const views = viewsOf(memory.buffer);
  writeRssTables(views, 0, RSS_KEY, 1);
  let address = first;
  frames.forEach((frame, index) => {
    const record = (table + index * FRAME_RECORD_BYTES) / 4;
    views.bytes.set(frame, address);
    views.words[record + FRAME_ADDRESS / 4] = address;
    views.words[record + FRAME_LENGTH / 4] = frame.length;
    address += frame.length;
  });
  referenceBursts(memory, views).offer(table, frames.length, 0, frames.length, offers, 0);
  return frames.map((_, index) => views.words[(offers + index * OFFER_BYTES + OFFER_HASH) / 4]!);
}

function checksumOf(bytes: Buffer): number {
  const packet = new Packet();
  packet.bytes.set(bytes);
  return packet.checksum(bytes.length);
}

function play(frames: readonly Frame[], passes: number): Buckets {
  const buckets = createBuckets();
  for (let pass = 0; pass < passes; pass += 1) {
    for (const { hash, checksum } of frames) buckets.add(hash, checksum);
  }
  return buckets;
}
