// Cold. Runs on: main.
// The flow table: which packets are one flow, and what its counts are worth when there are more flows than places.

import fc from 'fast-check';
import t from 'tap';
import {
  BUCKET_FLOWS,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  PROTOCOL_IPV6,
} from '../../src/bursts/layout.js';
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_VLAN,
  IP_PROTOCOL_AH,
  IP_PROTOCOL_DESTINATION_OPTIONS,
  IP_PROTOCOL_FRAGMENT,
  IP_PROTOCOL_HOP_BY_HOP,
  IP_PROTOCOL_ICMP,
  IP_PROTOCOL_ROUTING,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
} from '../../src/bursts/wire.js';
import type { LargestFlows } from '../../src/net/flow-table.js';
import { Random } from '../../src/runtime/random.js';
import { clear, FIRST, MASK, read, receive, SECOND, Stream, twins } from './flow-streams.js';
import { arp, bytesOf, ethernet, ipv4, ipv6, tcp, udp } from './frames.js';
import { noise, randomFrame } from './random-frames.js';
import { BATCH, BUFFER_AREA, BUFFERS, bufferAddress, entryWord } from './world.js';

const seed = fc.noShrink(fc.integer({ min: 0 }));
const EXTENSIONS = [
  IP_PROTOCOL_HOP_BY_HOP,
  IP_PROTOCOL_ROUTING,
  IP_PROTOCOL_FRAGMENT,
  IP_PROTOCOL_AH,
  IP_PROTOCOL_DESTINATION_OPTIONS,
];

t.test('AssemblyScript and reference agree, whatever the packets are', async () => {
  const property = fc.property(seed, fc.array(seed, { maxLength: 200 }), (seed, seeds) => {
    clear(new Random(seed));
    receive(seeds.map((seed) => randomFrame(new Random(seed % 90), BUFFER_BYTES))); // most of them come again
  });
  fc.assert(property, { numRuns: 100 });
});

t.test('… and read nothing beyond the first buffer, whatever headers say', async () => {
  const property = fc.property(seed, (seed) => {
    const random = new Random(seed);
    clear(random);
    const extensions = Array.from({ length: random.below(300) }, () =>
      random.below(2) === 0 ? EXTENSIONS[random.below(EXTENSIONS.length)]! : random.below(256),
    );
    const frame = ethernet(ETHERTYPE_IPV6, ipv6(EXTENSIONS[random.below(EXTENSIONS.length)]!, extensions));
    const transport = random.below(2) * random.below(frame.length + 8);
    const length = frame.length + random.below(2) * BUFFER_BYTES;
    for (const { views } of [twins.first, twins.second]) {
      const buffer = BUFFERS - 1; // which ends where the memory does
      views.bytes.set(frame, bufferAddress(buffer) + BUFFER_BYTES - frame.length);
      views.words[entryWord(0, ENTRY_BUFFER)] = buffer;
      views.words[entryWord(0, ENTRY_OFFSET)] = BUFFER_BYTES - frame.length;
      views.words[entryWord(0, ENTRY_LENGTH)] = length;
      views.words[entryWord(0, ENTRY_PROTOCOL)] = PROTOCOL_IPV6;
      views.words[entryWord(0, ENTRY_HEADERS)] = 14 | (transport << 16);
    }
    twins.call('flows', (b) => b.flows(BATCH, 1, BUFFER_AREA, FIRST, MASK));
  });
  fc.assert(property, { numRuns: 300 });
});

t.test('with a place for each, every flow is counted exactly', async () => {
  const property = fc.property(seed, (seed) => {
    const random = new Random(seed);
    const stream = new Stream(random, 1 + random.below(16), random.below(300));
    clear(random);
    receive(stream.frames);
    const { flows, held, evictions, evicted } = read();
    const sum = (of: 'packets' | 'bytes') => flows.reduce((sum, flow) => sum + flow[of], 0);
    if (held !== stream.truth.size || flows.length !== held) throw new Error(`${held} of ${stream.truth.size} flows`);
    if (evictions + evicted > 0 || flows.some(({ error }) => error > 0)) throw new Error('not exact');
    for (const { source, packets, bytes } of flows) {
      const truth = stream.truth.get(source)!;
      if (packets !== truth.packets || bytes !== truth.bytes) throw new Error(`${source}: ${packets}, ${bytes}`);
    }
    if (sum('packets') !== stream.frames.length || sum('bytes') !== stream.bytes) throw new Error('not all');
  });
  fc.assert(property, { numRuns: 50 });
});

/** Space-Saving's promises. */
function checkBounds(stream: Stream, { flows, evicted }: LargestFlows): void {
  for (const { source, packets, bytes, error } of flows) {
    const truth = stream.truth.get(source)!;
    const name = `${source}: ${packets} packets, ${bytes} bytes, error ${error}; in truth ${JSON.stringify(truth)}`;
    if (truth.bytes > bytes || truth.bytes < bytes - error) throw new Error(name);
    if (packets > truth.packets || (error === 0 && packets !== truth.packets)) throw new Error(name);
  }
  const found = new Set(flows.map(({ source }) => source));
  for (const [source, { bytes }] of stream.truth) {
    if (bytes > stream.bytes / BUCKET_FLOWS && !found.has(source)) throw new Error(`${source} is missing`);
  }
  const counted = flows.reduce((sum, { packets }) => sum + packets, evicted);
  if (counted !== stream.frames.length) throw new Error(`${counted} of ${stream.frames.length} packets`);
}

t.test('with more flows than places the bounds hold, and the heavy ones stay', async (t) => {
  let evictions = 0;
  const property = fc.property(seed, (seed) => {
    const random = new Random(seed);
    const stream = new Stream(random, 100 + random.below(1000), 500 + random.below(1000));
    clear(random);
    receive(stream.frames);
    const all = read();
    checkBounds(stream, all);
    evictions += all.evictions;
    const bytes = all.flows.reduce((sum, flow) => sum + flow.bytes, 0);
    if (bytes !== stream.bytes) throw new Error(`${bytes} of ${stream.bytes} bytes: a newcomer inherits all`);
  });
  fc.assert(property, { numRuns: 50 });
  t.ok(evictions > 1000, 'flows took the place of others');
});

t.test('a flow that was on two CPUs: the sum, and the bounds of the sum', async () => {
  const property = fc.property(seed, fc.constantFrom(12, 900), (seed, flows) => {
    const random = new Random(seed);
    const stream = new Stream(random, flows, 1000);
    clear(random);
    for (let at = 0; at < stream.frames.length; at += 50) {
      receive(stream.frames.slice(at, at + 50), random.below(2) === 0 ? FIRST : SECOND);
    }
    const both = read([FIRST, SECOND]);
    checkBounds(stream, both);
    if (flows === 12 && both.held !== stream.truth.size) throw new Error('a flow is there twice');
    if (flows === 12 && both.flows.some(({ error }) => error > 0)) throw new Error('not exact');
  });
  fc.assert(property, { numRuns: 30 });
});

t.test('the largest, in order', async (t) => {
  const stream = new Stream(new Random(1), 60, 500);
  clear(new Random(2));
  receive(stream.frames);
  const all = read().flows;
  t.same(read([FIRST], 5).flows, all.slice(0, 5));
  const certain = all.map(({ bytes, error }) => bytes - error);
  t.same(
    certain,
    [...certain].sort((a, b) => b - a),
  );
});

const PING = [8, 0, ...bytesOf(10)];
const ADDRESSES_4 = '10.0.0.1 10.0.0.2';
const ADDRESSES_6 = '3ffe:2501:200:1fff::7 3ffe:2501:200:1fff::1';
const fragmentHeader = (next: number, offset: number) => [next, 0, offset >> 8, offset & 255, 0, 0, 0, 1];
const v4 = (packet: readonly number[], tags: readonly number[] = []) => ethernet(ETHERTYPE_IPV4, packet, tags);
const v6 = (next: number, payload: readonly number[]) => ethernet(ETHERTYPE_IPV6, ipv6(next, payload));

/** Frames, and the flow of each: version, protocol number, ports, addresses. */
const KEYS: readonly (readonly [name: string, frame: number[], flow: string])[] = [
  ['UDP', v4(ipv4(IP_PROTOCOL_UDP, udp([1]))), `4 17 1000 9 ${ADDRESSES_4}`],
  ['TCP', v4(ipv4(IP_PROTOCOL_TCP, tcp([1], 32))), `4 6 1000 9 ${ADDRESSES_4}`],
  ['options', v4(ipv4(IP_PROTOCOL_UDP, udp([1]), { header: 32 })), `4 17 1000 9 ${ADDRESSES_4}`],
  ['VLAN', v4(ipv4(IP_PROTOCOL_UDP, udp([1])), [ETHERTYPE_VLAN]), `4 17 1000 9 ${ADDRESSES_4}`],
  ['a later fragment', v4(ipv4(IP_PROTOCOL_UDP, udp([1]), { fragment: 100 })), `4 17 0 0 ${ADDRESSES_4}`],
  ['ICMP', v4(ipv4(IP_PROTOCOL_ICMP, PING)), `4 1 0 0 ${ADDRESSES_4}`],
  ['GRE', v4(ipv4(47, bytesOf(8))), `4 47 0 0 ${ADDRESSES_4}`],
  ['AH, a later fragment', v4(ipv4(IP_PROTOCOL_AH, bytesOf(24, 6), { fragment: 1 })), `4 51 0 0 ${ADDRESSES_4}`],
  ['IPv6', v6(IP_PROTOCOL_UDP, udp([1])), `6 17 1000 9 ${ADDRESSES_6}`],
  ['IPv6, nothing behind', v6(59, []), `6 59 0 0 ${ADDRESSES_6}`],
  [
    'IPv6, a later fragment',
    v6(IP_PROTOCOL_FRAGMENT, [...fragmentHeader(IP_PROTOCOL_DESTINATION_OPTIONS, 8), ...bytesOf(16, 6)]),
    `6 60 0 0 ${ADDRESSES_6}`,
  ],
];

function describe({ flows }: LargestFlows): string[] {
  return flows.map(({ version, protocol, sourcePort, destinationPort, source, destination }) =>
    [version, protocol, sourcePort, destinationPort, source, destination].join(' '),
  );
}

t.test('which flow a packet belongs to', async (t) => {
  for (const [name, frame, flow] of KEYS) {
    clear(new Random(1));
    t.equal(receive([frame]), 1);
    t.same(describe(read()), [flow], name);
  }
});

/** Extension headers by number, with their own bytes. */
const CHAINS: readonly (readonly [name: string, headers: readonly (readonly [number, number[]])[]])[] = [
  ['hop-by-hop', [[IP_PROTOCOL_HOP_BY_HOP, [0, 0, 0, 0, 0, 0, 0]]]],
  ['a long routing header', [[IP_PROTOCOL_ROUTING, [2, ...bytesOf(22)]]]],
  ['a first fragment', [[IP_PROTOCOL_FRAGMENT, [0, 0, 1, 0, 0, 0, 1]]]],
  ['AH', [[IP_PROTOCOL_AH, [4, ...bytesOf(22)]]]],
  [
    'three',
    [
      [IP_PROTOCOL_HOP_BY_HOP, bytesOf(7)],
      [IP_PROTOCOL_DESTINATION_OPTIONS, [1, ...bytesOf(14)]],
      [IP_PROTOCOL_FRAGMENT, bytesOf(7)],
    ],
  ],
];

t.test('the protocol behind extension headers, and its ports once the transport header is known', async (t) => {
  for (const [name, headers] of CHAINS) {
    const numbers = [...headers.map(([number]) => number), IP_PROTOCOL_UDP];
    const chain = headers.flatMap(([, bytes], i) => [numbers[i + 1]!, ...bytes]);
    const frame = v6(numbers[0]!, [...chain, ...udp([1])]);
    clear(new Random(1));
    receive([frame]);
    for (const { views } of [twins.first, twins.second]) {
      views.words[entryWord(0, ENTRY_HEADERS)] = 14 | ((14 + 40 + chain.length) << 16);
    }
    twins.call('flows', (b) => b.flows(BATCH, 1, BUFFER_AREA, SECOND, MASK));
    t.same(describe(read([SECOND])), [`6 17 1000 9 ${ADDRESSES_6}`], name);
  }
});

t.test('what is not IP belongs to no flow', async (t) => {
  clear(new Random(1));
  const others = [ethernet(ETHERTYPE_ARP, arp()), ethernet(0x88cc, noise(new Random(1), 50))];
  t.equal(receive([...others, v4(ipv4(IP_PROTOCOL_UDP, udp([])))]), 3);
  t.match(read(), { held: 1, noFlow: 2, evictions: 0 });
});

t.test('addresses in their canonical form', async (t) => {
  const form = (source: number[]) => {
    clear(new Random(1));
    receive([ethernet(ETHERTYPE_IPV6, ipv6(IP_PROTOCOL_UDP, udp([]), { source }))]);
    return read().flows[0]!.source;
  };
  t.equal(form([0x20, 1, 0x0d, 0xb8, ...bytesOf(11), 1]), '2001:db8::1');
  t.equal(form([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1]), '2001:db8:0:1:0:1:1:1', 'RFC 5952, 4.2.3');
  t.equal(form([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]), '2001:db8:0:1:1:1:1:1', '4.2.2');
  t.equal(form([0xfe, 0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xab, 0xcd]), 'fe80:0:0:1::abcd', '4.2.3, 4.3');
  t.equal(form(bytesOf(16)), '::');
  t.equal(form([...bytesOf(10), 255, 255, 192, 0, 2, 1]), '::ffff:192.0.2.1', '5');
});
