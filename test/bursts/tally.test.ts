// Cold. Runs on: main.
// The tally: a place for each path that there is, TCP flags and ICMP types, and all of it taken back.

import t from 'tap';
import {
  BATCH_ENTRIES,
  ENTRY_BUFFER,
  ENTRY_LENGTH,
  ENTRY_NEXT,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  NO_BUFFER,
  PATH_SLOTS,
  TALLY_BYTES,
} from '../../src/bursts/layout.js';
import { readTallies } from '../../src/net/tally.js';
import {
  ah,
  arp,
  bytesOf,
  checksummed,
  ethernet,
  extension,
  fragment,
  IPV4_DESTINATION,
  IPV4_SOURCE,
  ipv4,
  ipv6,
  mpls,
  pppoe,
  tcp,
  udp,
} from './frames.js';
import { BATCH, BUFFER_AREA, bufferAddress, entryWord, LINKS, TALLY, type World, worlds } from './world.js';

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TAGS = [[], [0x8100], [0x88a8, 0x8100]];
const UDP = 17;
const TCP = 6;
const both = worlds();

type Carried = readonly [number: number, bytes: number[]];

const DATAGRAMS: readonly Carried[] = [
  [UDP, udp([])],
  [TCP, tcp([])],
  ...[132, 47, 50, 89].map((number): Carried => [number, bytesOf(16)]),
];
const OVER_IPV4: readonly Carried[] = [...DATAGRAMS, [1, bytesOf(8)], [2, bytesOf(8)]];
const OVER_IPV6: readonly Carried[] = [...DATAGRAMS, [58, bytesOf(8)], [59, []]];

const FRAGMENTS = ['none', 'first', 'later'] as const;
const HEADERS = [60, 43, 0]; // from the inside out
const ATOMIC = 0;
const MORE = 1;
const LATER = 8;

/** All IPv4 packets that differ in their path, and some that do not. */
function ipv4Packets(): number[][] {
  return OVER_IPV4.flatMap(([number, bytes]) =>
    [false, true].flatMap((hasAh) =>
      [20, 24].flatMap((header) =>
        FRAGMENTS.flatMap((kind) => {
          const fields = { header, fragment: { none: 0, first: 0x2000, later: 1 }[kind] };
          return [
            hasAh ? ipv4(51, ah(number, bytes), fields) : ipv4(number, bytes, fields),
            ipv4(51, ah(UDP, [1]), { ...fields, fragment: 0x2000 }), // ends within UDP's header
          ];
        }),
      ),
    ),
  );
}

/** The same of IPv6: any set of extension headers, then a fragment header or none, then any datagram. */
function ipv6Packets(): number[][] {
  const datagrams = OVER_IPV6.flatMap(([number, bytes]): Carried[] => [
    [number, bytes],
    ...[ATOMIC, MORE, LATER].map((field): Carried => [44, fragment(number, bytes, field)]),
  ]);
  let wrapped = datagrams.flatMap(([number, bytes]): Carried[] => [
    [number, bytes],
    [51, ah(number, bytes)],
  ]);
  for (const header of HEADERS) {
    wrapped = wrapped.flatMap(([number, bytes]): Carried[] => [
      [number, bytes],
      [header, extension(number, bytes)],
    ]);
  }
  return wrapped.map(([number, bytes]) => ipv6(number, bytes));
}

function allFrames(): number[][] {
  const packets = [
    ...ipv4Packets().map((packet) => [IPV4, packet] as const),
    ...ipv6Packets().map((packet) => [IPV6, packet] as const),
    ...([
      [0x0806, arp()],
      [0x8847, mpls(1, [])],
      [0x8863, pppoe([])],
      [0x8864, pppoe([])],
      [0x88cc, []],
    ] as const),
  ];
  return packets.flatMap(([type, packet]) => TAGS.map((tags) => ethernet(type, packet, tags)));
}

/** Classifies frames burst by burst. @returns the protocol of each */
function classifyAll({ views, bursts }: World, frames: readonly number[][], verifies = false): number[] {
  views.bytes.fill(0, TALLY, TALLY + TALLY_BYTES);
  const protocols: number[] = [];
  for (let first = 0; first < frames.length; first += BATCH_ENTRIES) {
    const burst = frames.slice(first, first + BATCH_ENTRIES);
    burst.forEach((frame, i) => {
      views.bytes.set(frame, bufferAddress(i));
      views.words[entryWord(i, ENTRY_BUFFER)] = i;
      views.words[entryWord(i, ENTRY_OFFSET)] = 0;
      views.words[entryWord(i, ENTRY_LENGTH)] = frame.length;
      views.words[entryWord(i, ENTRY_NEXT)] = NO_BUFFER;
    });
    const odd = bursts.classify(BATCH, burst.length, BUFFER_AREA, TALLY);
    if (odd > 0) throw new Error(`${odd} frames of the burst at ${first} are odd`);
    protocols.push(...burst.map((_, i) => views.words[entryWord(i, ENTRY_PROTOCOL)]!));
    if (verifies) bursts.verify(BATCH, burst.length, BUFFER_AREA, LINKS, TALLY);
  }
  return protocols;
}

t.test('there is a slot for every path', async (t) => {
  const frames = allFrames();
  for (const world of both) {
    const expected = new Map<number, { frames: number; bytes: number }>();
    classifyAll(world, frames).forEach((protocol, i) => {
      const { frames: n, bytes } = expected.get(protocol) ?? { frames: 0, bytes: 0 };
      expected.set(protocol, { frames: n + 1, bytes: bytes + frames[i]!.length });
    });
    const { paths } = readTallies(world.views, [TALLY]);
    t.same(new Map(paths.map(({ protocol, ...counts }) => [protocol, counts])), expected, world.name);
    t.equal(paths.length, 1419, 'as layout.ts says');
  }
  t.ok(PATH_SLOTS >= 1.4 * 1419, 'and probing stays short');
});

const flagged = (flags: number) => tcp([]).with(13, flags);
const over4 = (number: number, datagram: readonly number[]) => ethernet(IPV4, ipv4(number, datagram));

t.test('TCP flags, each by itself, in bursts of any size', async (t) => {
  const random = Array.from({ length: 200 }, (_, i) => (i * 37) & 0xff);
  const expected = Array.from({ length: 8 }, (_, bit) => random.filter((flags) => flags & (1 << bit)).length);
  const plain = random.map((flags) => over4(TCP, flagged(flags)));
  const open = random.map((flags) => ethernet(IPV6, ipv6(TCP, flagged(flags))));
  const full = Array.from({ length: BATCH_ENTRIES }, () => over4(TCP, flagged(0xff)));
  for (const world of both) {
    for (const frames of [plain, open]) {
      classifyAll(world, frames);
      t.same(readTallies(world.views, [TALLY]).tcpFlags, expected, world.name);
    }
    classifyAll(world, full);
    t.same(readTallies(world.views, [TALLY]).tcpFlags, new Array(8).fill(BATCH_ENTRIES), 'the most that a burst has');
  }
});

t.test('ICMP and ICMPv6 types', async (t) => {
  const types = [0, 8, 8, 255, 3];
  const frames = types.flatMap((type) => [
    over4(1, [type, ...bytesOf(7)]),
    ethernet(IPV6, ipv6(58, [type, ...bytesOf(7), 99])),
    ethernet(IPV6, ipv6(58, [type, ...bytesOf(7)])),
  ]);
  const once = Array.from({ length: 256 }, (_, type) => types.filter((seen) => seen === type).length);
  for (const world of both) {
    classifyAll(world, frames);
    const { icmpTypes, icmpv6Types, tcpFlags } = readTallies(world.views, [TALLY]);
    t.same(icmpTypes, once, world.name);
    t.same(
      icmpv6Types,
      once.map((n) => 2 * n),
    );
    t.same(tcpFlags, new Array(8).fill(0));
  }
});

t.test('what verify() refuses is taken back, and nothing else', async (t) => {
  const right = (number: number, datagram: readonly number[]) =>
    over4(number, checksummed(number, datagram, IPV4_SOURCE, IPV4_DESTINATION));
  const good = [right(TCP, flagged(0x12)), right(UDP, udp([1])), over4(1, bytesOf(8))];
  const bad = [right(TCP, flagged(0xff)), right(UDP, udp([1, 2, 3]))].map((frame) =>
    frame.with(frame.length - 1, 0x5a),
  );
  for (const world of both) {
    classifyAll(world, good);
    const expected = readTallies(world.views, [TALLY]);
    classifyAll(world, [bad[0]!, ...good, bad[1]!], true);
    t.same(readTallies(world.views, [TALLY]), expected, world.name);
  }
});
