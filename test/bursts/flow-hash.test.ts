// Cold. Runs on: main.
// Flows that differ in few bits spread over a table's buckets like any others: 65,536 of them find a place.

import t from 'tap';
import {
  BATCH_BYTES,
  BATCH_ENTRIES,
  BATCH_FIRST_ENTRY,
  BUFFER_BYTES,
  ENTRY_BYTES,
  FLOW_BUCKETS,
  TALLY_BYTES,
} from '../../src/bursts/layout.js';
import { compileBursts, instantiateBursts } from '../../src/bursts/load.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, IP_PROTOCOL_UDP } from '../../src/bursts/wire.js';
import { Arena } from '../../src/memory/arena.js';
import { PAGE_BYTES } from '../../src/memory/layout.js';
import { viewsOf } from '../../src/memory/views.js';
import { flowTableBytes, largestFlows } from '../../src/net/flow-table.js';
import { ethernet, ipv4, ipv6, udp } from './frames.js';

const FLOWS = 65_536;
/** Of random keys, some 50 find their bucket full: 8 flows a bucket on average, and 16 places. */
const EVICTIONS_MAX = 250;

const arena = new Arena();
const batch = arena.reserve('batch', BATCH_BYTES);
const counters = arena.reserve('tally', TALLY_BYTES);
const table = arena.reserve('flow table', flowTableBytes(FLOW_BUCKETS));
const buffers = arena.reserve('buffers', BATCH_ENTRIES * BUFFER_BYTES);
const pages = Math.ceil(arena.bytes / PAGE_BYTES);
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const views = viewsOf(memory.buffer);
const bursts = instantiateBursts(compileBursts(), memory);

const IPV4 = ethernet(ETHERTYPE_IPV4, ipv4(IP_PROTOCOL_UDP, udp([])));
const IPV6 = ethernet(ETHERTYPE_IPV6, ipv6(IP_PROTOCOL_UDP, udp([])));

/** Sends a packet of each flow: the frame, with the flow's number in two of its bytes. */
function send(frame: readonly number[], high: number, low: number): void {
  views.bytes.fill(0, table, table + flowTableBytes(FLOW_BUCKETS));
  for (let i = 0; i < BATCH_ENTRIES; i++) {
    views.bytes.set(frame, buffers + i * BUFFER_BYTES);
    views.words.set([i, 0, frame.length], (batch + BATCH_FIRST_ENTRY + i * ENTRY_BYTES) / 4);
  }
  bursts.classify(batch, BATCH_ENTRIES, buffers, counters);
  for (let flow = 0; flow < FLOWS; flow += BATCH_ENTRIES) {
    for (let i = 0; i < BATCH_ENTRIES; i++) {
      views.bytes[buffers + i * BUFFER_BYTES + high] = (flow + i) >> 8;
      views.bytes[buffers + i * BUFFER_BYTES + low] = flow + i;
    }
    bursts.flows(batch, BATCH_ENTRIES, buffers, table, FLOW_BUCKETS - 1);
  }
}

const DIFFERENCES: readonly (readonly [name: string, frame: readonly number[], high: number, low: number])[] = [
  ['source address', IPV4, 28, 29],
  ['source network', IPV4, 26, 27],
  ['destination address', IPV4, 32, 33],
  ['source port', IPV4, 34, 35],
  ['destination port', IPV4, 36, 37],
  ['both hosts', IPV4, 29, 33],
  ['both networks', IPV4, 26, 30],
  ['host and port', IPV4, 29, 35],
  ['IPv6 source interface', IPV6, 36, 37],
  ['IPv6 source network', IPV6, 28, 29],
  ['IPv6 middle of the interface', IPV6, 30, 35],
  ['IPv6 both interfaces', IPV6, 37, 53],
  ['IPv6 port', IPV6, 54, 55],
];

for (const [name, frame, high, low] of DIFFERENCES) {
  t.test(name, async (t) => {
    send(frame, high, low);
    const { held, evictions } = largestFlows(views, [table], FLOW_BUCKETS, 1);
    t.equal(held + evictions, FLOWS, 'no two keys are taken for one');
    t.ok(evictions <= EVICTIONS_MAX, `${evictions} evictions`);
    t.comment(`${evictions} evictions`);
  });
}
