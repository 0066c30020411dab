// Cold. Runs on: main. What --verify-l4 costs.

import {
  BATCH_BYTES,
  BATCH_ENTRIES,
  BATCH_FIRST_ENTRY,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_BYTES,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  FRAME_BUFFERS_MAX,
  NO_BUFFER,
  TALLY_BYTES,
} from '../src/bursts/layout.js';
import { compileBursts, instantiateBursts } from '../src/bursts/load.js';
import { Arena } from '../src/memory/arena.js';
import { attachMemory, createMemory } from '../src/memory/handle.js';
import { type UdpFlow, writeUdpFrame } from '../src/nic/devices/frame-bytes.js';
import { check, heading, median, nowNs, small } from './harness.js';

heading(
  'checksums: verify(), UDP over IPv4, in bursts of 64 that the caches hold',
  `
  one thread:  classify ▶ verify
`,
);

const SIZES = [64, 576, 1518, 9216]; // with FCS
const FCS_BYTES = 4;
const ROUNDS = small ? 20 : 4000;
const FLOW: UdpFlow = {
  ipVersion: 4,
  sourceMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  destinationMac: Uint8Array.of(2, 0, 0, 0, 0, 2),
  source: Uint8Array.of(10, 0, 0, 1),
  destination: Uint8Array.of(10, 0, 0, 2),
  sourcePort: 1000,
  destinationPort: 2000,
};

const arena = new Arena();
const at = {
  batch: arena.reserve('batch', BATCH_BYTES),
  tally: arena.reserve('tally', TALLY_BYTES),
  links: arena.reserve('links', BATCH_ENTRIES * FRAME_BUFFERS_MAX * 4),
  buffers: arena.reserve('buffers', BATCH_ENTRIES * FRAME_BUFFERS_MAX * BUFFER_BYTES, 4096),
};
const module = compileBursts();
const handle = createMemory(arena.bytes, module);
const views = attachMemory(handle);
const bursts = instantiateBursts(module, handle.memory);

/** Entry `i` gets a frame of `length` bytes, in buffers that follow each other. */
function layOut(i: number, length: number): void {
  const first = i * FRAME_BUFFERS_MAX;
  const count = Math.ceil(length / BUFFER_BYTES);
  const word = (field: number) => (at.batch + BATCH_FIRST_ENTRY + i * ENTRY_BYTES + field) / 4;
  writeUdpFrame(views.bytes, at.buffers + first * BUFFER_BYTES, length, FLOW);
  views.words[word(ENTRY_BUFFER)] = first;
  views.words[word(ENTRY_OFFSET)] = 0;
  views.words[word(ENTRY_LENGTH)] = length;
  views.words[word(ENTRY_NEXT)] = count > 1 ? first + 1 : NO_BUFFER;
  for (let k = 1; k < count; k += 1) views.words[at.links / 4 + first + k] = k + 1 < count ? first + k + 1 : NO_BUFFER;
}

/** @returns ns of each round's verify() */
function measure(rounds: number): number[] {
  return Array.from({ length: rounds }, () => {
    bursts.classify(at.batch, BATCH_ENTRIES, at.buffers, at.tally);
    const start = nowNs();
    const odd = bursts.verify(at.batch, BATCH_ENTRIES, at.buffers, at.links, at.tally);
    const ns = nowNs() - start;
    check(odd === 0, `${odd} of ${BATCH_ENTRIES} checksums do not hold`);
    return ns;
  });
}

for (const size of SIZES) {
  for (let i = 0; i < BATCH_ENTRIES; i += 1) layOut(i, size - FCS_BYTES);
  measure(ROUNDS); // warm
  const ns = median(measure(ROUNDS)) / BATCH_ENTRIES;
  console.log(`  ${String(size).padStart(4)} bytes: ${ns.toFixed(1)} ns per packet, ${(size / ns).toFixed(1)} GB/s`);
}
