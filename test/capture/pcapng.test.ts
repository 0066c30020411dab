// Cold. Runs on: main.
// pcapng: sections, interfaces, clocks, every kind of packet block, and what is said of files that are wrong.

import t from 'tap';
import { PACKET_BYTES_MAX } from '../../src/bursts/wire.js';
import { Pcapng } from './pcapng-of.js';
import { readAll } from './read-all.js';

const bytesOf = (length: number, first = 0) => Buffer.from(Uint8Array.from({ length }, (_, i) => first + i));
const ETHERNET = 1;
const IF_TSRESOL = 9;
const IF_FCSLEN = 13;
const IF_TSOFFSET = 14;
const COMMENT = 1;
const ENDIANS = [true, false];

const times = (file: Uint8Array) => readAll(file).frames.map(({ timeNs }) => timeNs);
const lengths = (file: Uint8Array) => readAll(file).frames.map(({ bytes }) => bytes.length);

for (const littleEndian of ENDIANS) {
  const ng = new Pcapng(littleEndian);
  const order = littleEndian ? 'little-endian' : 'big-endian';
  const start = [ng.section(), ng.interface(ETHERNET)];

  t.test(`${order}: enhanced, simple and obsolete packets between all kinds of other blocks`, async (t) => {
    const packets = [60, 61, 62, 63, 1514, 0, 9216].map((length, i) => bytesOf(length, i));
    const others = [4, 5, 10, 0xbad, 0x40000bad, 0x12345678].map((type) => ng.block(type, bytesOf(40)));
    const file = Buffer.concat([
      ng.section(1234n, ng.option(COMMENT, bytesOf(5))),
      others[0]!,
      ng.interface(ETHERNET, 65_535, ng.option(2, Buffer.from('eth0')), ng.option(0, Buffer.alloc(0))),
      ng.enhanced(0, 1_000_000n, packets[0]!),
      ng.enhanced(0, 1_000_001n, packets[1]!, 61, ng.option(COMMENT, bytesOf(7))),
      others[1]!,
      ng.obsolete(0, 1_000_002n, packets[2]!),
      ng.simple(packets[3]!),
      others[2]!,
      others[3]!,
      ng.enhanced(0, 2_000_000n, packets[4]!, 3000),
      ng.enhanced(0, 2_000_000n, packets[5]!),
      others[4]!,
      ng.enhanced(0, 1_999_999n, packets[6]!),
      others[5]!,
    ]);
    for (const bursts of ['wasm', 'reference'] as const) {
      for (const portions of [[], [1], [13, 0]]) {
        const read = readAll(file, { bursts, portions });
        t.equal(read.fault, null);
        t.same(
          read.frames.map(({ bytes }) => bytes),
          packets,
        );
        t.same(
          read.frames.map(({ timeNs }) => timeNs),
          [0, 1000, 2000, 2000, 1e9, 1e9, 1e9 - 1000],
        );
        const { format, sliced, backwards, skippedBlocks, firstNs } = read;
        t.match(
          { format, sliced, backwards, skippedBlocks },
          { format: 'pcapng', sliced: 1, backwards: 1, skippedBlocks: 6 },
        );
        t.equal(firstNs, 1_000_000_000n);
      }
    }
  });

  t.test(`${order}: every clock`, async (t) => {
    const clocks: readonly (readonly [resol: number, perSecond: bigint, offset: bigint])[] = [
      [0, 1n, 0n],
      [3, 10n ** 3n, -5n],
      [6, 10n ** 6n, 0n],
      [9, 10n ** 9n, 1_700_000_000n],
      [12, 10n ** 12n, 0n],
      [0x80, 1n, 0n],
      [0x8a, 2n ** 10n, 7n],
      [0x80 + 32, 2n ** 32n, 0n],
    ];
    for (const [resol, perSecond, offset] of clocks) {
      const options = [ng.option(IF_TSRESOL, Buffer.of(resol)), ng.option(IF_TSOFFSET, ng.long(offset))];
      const at = (seconds: bigint) => (1_000_000n + seconds) * perSecond;
      const file = Buffer.concat([
        ng.section(),
        ng.interface(ETHERNET, 0, ...options),
        ng.enhanced(0, at(0n), bytesOf(60)),
        ng.enhanced(0, at(1n), bytesOf(60)),
        ng.enhanced(0, at(3600n), bytesOf(60)),
      ]);
      t.same(times(file), [0, 1e9, 3600e9], `if_tsresol ${resol}`);
      t.equal(readAll(file).firstNs, (1_000_000n + offset) * 1_000_000_000n);
    }
  });

  t.test(`${order}: interfaces with clocks of their own tell one time`, async (t) => {
    const offset = ng.option(IF_TSOFFSET, ng.long(1000n));
    const file = Buffer.concat([
      ng.section(),
      ng.interface(ETHERNET),
      ng.interface(ETHERNET, 0, ng.option(IF_TSRESOL, Buffer.of(9)), offset),
      ng.enhanced(0, 1_700_000_000_000_000n, bytesOf(60)),
      ng.enhanced(1, 1_699_999_000_000_000_500n, bytesOf(60)),
      ng.interface(ETHERNET, 0, ng.option(IF_TSRESOL, Buffer.of(3))),
      ng.enhanced(2, 1_700_000_000_001n, bytesOf(60)),
      ng.enhanced(1, 1_699_999_000_001_000_001n, bytesOf(60)),
    ]);
    t.same(times(file), [0, 500, 1e6, 1_000_001]);
  });

  t.test(`${order}: a second section, in the other byte order, has interfaces of its own`, async (t) => {
    const other = new Pcapng(!littleEndian);
    const file = Buffer.concat([
      ...start,
      ng.interface(147),
      ng.enhanced(0, 1_000_000n, bytesOf(60)),
      other.section(72n),
      other.interface(ETHERNET, 0, other.option(IF_TSRESOL, Buffer.of(9))),
      other.enhanced(0, 1_000_000_007n, bytesOf(61)),
      other.enhanced(0, 1_000_000_008n, bytesOf(62)),
      ng.section(),
      ng.interface(ETHERNET),
      ng.enhanced(0, 2_000_000n, bytesOf(63)),
    ]);
    t.equal(readAll(file).fault, null);
    t.same(lengths(file), [60, 61, 62, 63]);
    t.same(times(file), [0, 7, 8, 1e9]);
  });

  t.test(`${order}: a simple packet has as many bytes as snaplen allows`, async (t) => {
    const simple = (snaplen: number) =>
      Buffer.concat([
        ng.section(),
        ng.interface(ETHERNET, snaplen),
        ng.simple(bytesOf(61), 61),
        ng.simple(bytesOf(64), 1514),
      ]);
    t.same(lengths(simple(0)), [61, 64]);
    t.same(lengths(simple(64)), [61, 64]);
    t.same(lengths(simple(50)), [50, 50]);
  });

  t.test(`${order}: the FCS that an interface declares is left away, told in bytes or in bits`, async (t) => {
    for (const told of [4, 32]) {
      const iface = ng.interface(ETHERNET, 0, ng.option(IF_FCSLEN, Buffer.of(told)));
      const packets = [
        ng.enhanced(0, 0n, bytesOf(64)),
        ng.enhanced(0, 0n, bytesOf(64)),
        ng.enhanced(0, 0n, bytesOf(50), 64),
      ];
      t.same(lengths(Buffer.concat([ng.section(), iface, ...packets, ng.simple(bytesOf(64))])), [60, 60, 50, 60]);
    }
  });

  t.test(`${order}: blocks that are larger than the window`, async (t) => {
    const size = { room: 10, windowBytes: 1000 };
    const file = Buffer.concat([
      ng.section(-1n, ng.option(COMMENT, bytesOf(5000))),
      ng.block(10, bytesOf(7000)),
      ng.interface(ETHERNET, 0, ng.option(IF_TSRESOL, Buffer.of(9)), ng.option(COMMENT, bytesOf(3000))),
      ng.enhanced(0, 5n, bytesOf(60)),
      ng.enhanced(0, 6n, bytesOf(900), 900, ng.option(COMMENT, bytesOf(2000))),
      ng.enhanced(0, 7n, bytesOf(61)),
    ]);
    for (const portions of [[], [1], [997, 0]]) {
      const { frames, fault, skippedBlocks } = readAll(file, { size, portions });
      t.equal(fault, null);
      t.same(
        frames.map(({ bytes, timeNs }) => [bytes, timeNs]),
        [
          [bytesOf(60), 0],
          [bytesOf(900), 1],
          [bytesOf(61), 2],
        ],
      );
      t.equal(skippedBlocks, 1);
    }
  });

  const packet = ng.enhanced(0, 0n, bytesOf(60)); // 92 bytes, at byte 48; what follows is at 140
  const set = (block: Buffer, offset: number, value: number) => {
    const changed = Buffer.from(block);
    ng.words(value).copy(changed, offset);
    return changed;
  };
  const head = Buffer.concat([...start, packet]);
  const CORRUPT: readonly (readonly [name: string, after: Buffer, message: RegExp])[] = [
    [
      '4 GiB',
      set(packet, 4, 0xfffffffc),
      /the block at byte 140 says that it has 4294967292 bytes, and 16777216 are the most/,
    ],
    [
      '0xffffffff',
      set(packet, 4, 0xffffffff),
      /the block at byte 140 has a length of 4294967295 bytes, which must be a multiple of 4/,
    ],
    ['over 16 MiB', set(packet, 4, 2 ** 24 + 4), /byte 140 says that it has 16777220 bytes/],
    ['no multiple of 4', set(packet, 4, 93), /byte 140 has a length of 93 bytes, which must be a multiple of 4/],
    ['no length', set(packet, 4, 0), /byte 140 says that it has 0 bytes, and its kind has at least 12/],
    ['shorter than a packet', set(set(packet, 4, 28), 24, 28), /packet 2 at byte 140 is in a block of 28 bytes/],
    ['another length behind', set(packet, 88, 96), /byte 140 begins with the length 92, and ends with 96/],
    [
      'captured over its block',
      set(packet, 20, 61),
      /packet 2 at byte 140 says that it has 61 bytes, and its block has room for 60/,
    ],
    ['captured 0xffffffff', set(packet, 20, 0xffffffff), /packet 2 at byte 140 says that it has 4294967295 bytes/],
    ['no such interface', set(packet, 8, 1), /packet 2 at byte 140 is of interface 1, and the section has 1/],
    ['cut in a header', packet.subarray(0, 11), /the file at byte 140 breaks off, within the header of a block/],
    [
      'cut in a packet',
      packet.subarray(0, 50),
      /the file at byte 140 breaks off, within a block of 92 bytes, of which 50 are there/,
    ],
    ['cut in what is skipped', ng.block(10, bytesOf(600_000)).subarray(0, 599_000), /the file at byte \d+ breaks off/],
    [
      'a section of no order',
      set(ng.section(), 8, 0x12345678),
      /the section at byte 140 has the byte-order magic [0-9a-f]{8}/,
    ],
    [
      'a section of another version',
      set(ng.section(), 12, 0x00020002),
      /the section at byte 140 is of pcapng version 2\.2/,
    ],
    [
      'too fine a clock',
      ng.interface(1, 0, ng.option(IF_TSRESOL, Buffer.of(20))),
      /the interface at byte 140 counts time in 10\^-20 s/,
    ],
    [
      'much too fine',
      ng.interface(1, 0, ng.option(IF_TSRESOL, Buffer.of(0xff))),
      /the interface at byte 140 counts time in 2\^-127 s/,
    ],
  ];
  for (const [name, after, message] of CORRUPT) {
    t.test(`${order}, corrupt: ${name}`, async (t) => {
      for (const bursts of ['wasm', 'reference'] as const) {
        const { fault, frames } = readAll(
          Buffer.concat([head, after, packet]).subarray(0, after.length < 92 ? head.length + after.length : undefined),
          { bursts },
        );
        t.match(fault?.problem, message);
        t.equal(frames.length, 1, 'the packet before it is there');
      }
    });
  }

  t.test(`${order}: interfaces without end, and one that cannot be replayed`, async (t) => {
    const many = Buffer.concat([ng.section(), ...Array(1025).fill(ng.interface(ETHERNET)), packet]);
    t.match(readAll(many).fault?.problem, /is interface 1025 of its section; 1024 are the most/);
    const file = Buffer.concat([...start, ng.interface(195), packet, ng.enhanced(1, 0n, bytesOf(60))]);
    const { fault, frames } = readAll(file);
    t.equal(frames.length, 1, 'it does no harm before its first packet');
    t.match(fault?.problem, /packet 2 at byte 160 has link type 195 \(IEEE 802\.15\.4\); Ethernet/);
  });

  t.test(`${order}: the longest packet`, async (t) => {
    const file = Buffer.concat([...start, ng.enhanced(0, 0n, Buffer.alloc(PACKET_BYTES_MAX)), packet]);
    t.same(lengths(file), [PACKET_BYTES_MAX, 60]);
    const over = Buffer.concat([...start, packet, ng.enhanced(0, 0n, Buffer.alloc(PACKET_BYTES_MAX + 1))]);
    t.match(
      readAll(over).fault?.problem,
      /packet 2 at byte 140 says that it has 262145 bytes, and 262144 are the most/,
    );
  });
}
