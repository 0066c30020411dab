// Cold. Runs on: main. What the flow table costs per packet, by the number of flows.

import {
  BATCH_BYTES,
  BATCH_ENTRIES,
  BATCH_FIRST_ENTRY,
  BUFFER_BYTES,
  ENTRY_BYTES,
  FLOW_BUCKETS,
  TALLY_BYTES,
} from '../src/bursts/layout.js';
import { compileBursts, instantiateBursts } from '../src/bursts/load.js';
import { Arena } from '../src/memory/arena.js';
import { createMemory } from '../src/memory/handle.js';
import { viewsOf } from '../src/memory/views.js';
import { flowTableBytes, largestFlows } from '../src/net/flow-table.js';
import { writeUdpFrame } from '../src/nic/devices/frame-bytes.js';
import { Random } from '../src/runtime/random.js';
import { check, heading, lapNs, median, nowNs, small } from './harness.js';

heading(
  'flows: ns per packet of the flow table, 64-byte packets in bursts of 64',
  `
  one thread:  packets of flows drawn at random, so that nothing guesses the next bucket
                 ▶ flows ▶ a table of 131,072 flows; what is more evicts
  the packets are in this core's cache, as they are behind classify
`,
);

const FLOWS = small ? [1, 1000] : [1, 64, 1000, 16_384, 65_536, 1_000_000];
const BURSTS = small ? 500 : 60_000;
const FRAME = 60;
const module = compileBursts();

/** A new memory with one burst of UDP over IPv4 or IPv6, taken and classified. */
function createBurst(ipVersion: 4 | 6) {
  const arena = new Arena();
  arena.reserve('header', 64);
  const batch = arena.reserve('batch', BATCH_BYTES);
  const counters = arena.reserve('tally', TALLY_BYTES);
  const table = arena.reserve('flow table', flowTableBytes(FLOW_BUCKETS));
  const buffers = arena.reserve('buffers', BATCH_ENTRIES * BUFFER_BYTES, 4096);
  const { memory } = createMemory(arena.bytes, module);
  const views = viewsOf(memory.buffer);
  const bursts = instantiateBursts(module, memory);
  const address = new Uint8Array(ipVersion === 4 ? 4 : 16).fill(ipVersion === 4 ? 10 : 0x20);
  const mac = new Uint8Array(6);
  const flow = { ipVersion, sourceMac: mac, destinationMac: mac, source: address, destination: address };
  for (let i = 0; i < BATCH_ENTRIES; i += 1) {
    const length = ipVersion === 4 ? FRAME : FRAME + 20;
    writeUdpFrame(views.bytes, buffers + i * BUFFER_BYTES, length, { ...flow, sourcePort: 1, destinationPort: 2 });
    views.words.set([i, 0, length], (batch + BATCH_FIRST_ENTRY + i * ENTRY_BYTES) / 4);
  }
  bursts.classify(batch, BATCH_ENTRIES, buffers, counters);
  /** Where the last four bytes of a packet's source address stand. */
  const sourceOf = (i: number) => buffers + i * BUFFER_BYTES + (ipVersion === 4 ? 26 : 34);
  const run = () => bursts.flows(batch, BATCH_ENTRIES, buffers, table, FLOW_BUCKETS - 1);
  return { views, table, sourceOf, run };
}

/** @returns ns per packet, from the median burst: whatever else the machine does only ever adds */
function measure(ipVersion: 4 | 6, flows: number): number {
  const { views, table, sourceOf, run } = createBurst(ipVersion);
  const random = new Random(1);
  const spent: number[] = [];
  const warm = Math.ceil((2 * flows) / BATCH_ENTRIES) + 100;
  for (let burst = -warm; burst < BURSTS; burst += 1) {
    for (let i = 0; i < BATCH_ENTRIES; i += 1) {
      const flow = random.below(flows);
      const at = sourceOf(i);
      views.bytes[at + 1] = flow >> 16;
      views.bytes[at + 2] = flow >> 8;
      views.bytes[at + 3] = flow;
    }
    const start = nowNs();
    run();
    if (burst >= 0) spent.push(nowNs() - start);
  }
  const { flows: all, evicted } = largestFlows(views, [table], FLOW_BUCKETS, Number.MAX_SAFE_INTEGER);
  const counted = all.reduce((sum, { packets }) => sum + packets, evicted);
  check(counted === (BURSTS + warm) * BATCH_ENTRIES, `${counted} packets counted`);
  return Math.max(0, median(spent) - lapNs()) / BATCH_ENTRIES;
}

for (const flows of FLOWS) {
  const cells = ([4, 6] as const).map(
    (version) => `IPv${version} ${measure(version, flows).toFixed(1).padStart(5)} ns`,
  );
  console.log(`${flows.toLocaleString('en-US').padStart(9)} flows   ${cells.join('   ')}`);
}
