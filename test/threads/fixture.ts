// Cold. Runs on: main.
// The capture in test/fixtures, its frames, and what the capture-check sink must find of them.

import { fileURLToPath } from 'node:url';
import { FRAME_ADDRESS, FRAME_LENGTH, OFFER_BYTES, OFFER_HASH, RSS_BYTES } from '../../src/bursts/layout.js';
import { referenceBursts } from '../../src/bursts/reference/reference.js';
import { alignUp, CACHE_LINE_BYTES, PAGE_BYTES } from '../../src/memory/layout.js';
import { type Views, viewsOf } from '../../src/memory/views.js';
import { RSS_KEY, writeRssTables } from '../../src/net/rss.js';
import { inspectCapture, loadCapture } from '../../src/nic/devices/pcap.js';
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
  const summary = inspectCapture(FIXTURE);
  const rss = alignUp(summary.bytesNeeded, CACHE_LINE_BYTES);
  const pages = Math.ceil((rss + RSS_BYTES + summary.frames * OFFER_BYTES) / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const views = viewsOf(memory.buffer);
  const { table } = loadCapture(views, 0, FIXTURE, summary);
  writeRssTables(views, rss, RSS_KEY, 1);
  referenceBursts(memory, views).offer(table, summary.frames, 0, summary.frames, rss + RSS_BYTES, rss);
  const frames = Array.from({ length: summary.frames }, (_, index) =>
    readFrame(views, table + index * 16, rss + RSS_BYTES + index * OFFER_BYTES),
  );
  return { frames: summary.frames, bytes: summary.frameBytes, expected: (passes) => play(frames, passes) };
}

function readFrame({ words, bytes }: Views, record: number, offer: number): Frame {
  const packet = new Packet();
  const start = words[(record + FRAME_ADDRESS) / 4]!;
  const length = words[(record + FRAME_LENGTH) / 4]!;
  packet.bytes.set(bytes.subarray(start, start + length));
  return { hash: words[(offer + OFFER_HASH) / 4]!, checksum: packet.checksum(length) };
}

function play(frames: readonly Frame[], passes: number): Buckets {
  const buckets = createBuckets();
  for (let pass = 0; pass < passes; pass += 1) {
    for (const { hash, checksum } of frames) buckets.add(hash, checksum);
  }
  return buckets;
}
