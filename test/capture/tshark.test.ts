// Cold. Runs on: main.
// tshark as the judge: number, time, length and captured length of each packet of generated captures, in every format,
// resolution and byte order; and what becomes of packets of other link types.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { Random } from '../../src/runtime/random.js';
import { type CaptureFormat, captureOf, type Packet } from '../nic/captures.js';
import { dissect, NO_TSHARK, wireshark } from '../tshark.js';
import { Pcapng } from './pcapng-of.js';
import { readAll } from './read-all.js';

t.setTimeout(120_000); // a minute of tshark where others want the cores, too

const FIRST_LIGHT = fileURLToPath(new URL('../../../test/fixtures/first-light.pcap', import.meta.url));
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
const random = new Random(7);

const noise = (length: number) => Uint8Array.from({ length }, () => random.below(256));
const sizes = [14, 60, 61, 62, 63, 64, 590, 1514, 9000, 9216, 9217, 70_000, 262_144];
/** ns; tshark prints ns, and rounds what is finer. */
const TOLERANCE_NS = 1;

/** The frames in `file` as tshark counts them. */
function agrees(t: Test, folder: string, name: string, file: Uint8Array): void {
  const path = `${folder}/judged`;
  writeFileSync(path, file);
  const seen = dissect(path, ['frame.number', 'frame.time_epoch', 'frame.len', 'frame.cap_len']);
  const { frames, firstNs, fault, sliced } = readAll(file);
  t.equal(fault, null, name);
  t.equal(frames.length, seen.length, `${name}: frames`);
  t.same(
    frames.map(({ bytes }) => bytes.length),
    seen.map(([, , , captured]) => Number(captured)),
    `${name}: captured lengths`,
  );
  t.equal(sliced, seen.filter(([, , length, captured]) => Number(captured) < Number(length)).length, `${name}: sliced`);
  const late = frames.filter(({ timeNs }, i) => {
    const epoch = seen[i]![1]!;
    return epoch !== '' && Math.abs(Number(nsOf(epoch) - firstNs!) - timeNs) > TOLERANCE_NS;
  });
  t.same(late, [], `${name}: times`);
}

function nsOf(epoch: string): bigint {
  const [seconds = '0', fraction = ''] = epoch.split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}

t.test('classic pcap', { skip: NO_TSHARK }, async (t) => {
  const folder = t.testdir();
  for (const byteOrder of ['little', 'big'] as const) {
    for (const resolution of ['us', 'ns'] as const) {
      const most = resolution === 'us' ? 1e6 : 1e9;
      const packets: Packet[] = sizes.map((length, i) => ({
        seconds: 1_700_000_000 + i * 1000 - random.below(3000),
        fraction: random.below(most),
        bytes: noise(length),
        wireLength: length + (i % 3),
      }));
      agrees(t, folder, `${byteOrder} ${resolution}`, captureOf(packets, { byteOrder, resolution }));
      agrees(t, folder, `${byteOrder} ${resolution} gzip`, gzipSync(captureOf(packets, { byteOrder, resolution })));
    }
  }
});

const CLOCKS: readonly (readonly [resol: number, perSecond: bigint, offset: bigint])[] = [
  [0, 1n, 1000n],
  [3, 10n ** 3n, 0n],
  [6, 10n ** 6n, -1_000_000n],
  [9, 10n ** 9n, 0n],
  [0x80 + 10, 2n ** 10n, 1n],
  [0x80 + 20, 2n ** 20n, 0n],
];

t.test('pcapng', { skip: NO_TSHARK }, async (t) => {
  const folder = t.testdir();
  for (const littleEndian of [true, false]) {
    for (const [resol, perSecond, offset] of CLOCKS) {
      const ng = new Pcapng(littleEndian);
      const clock = [ng.option(IF_TSRESOL, Buffer.of(resol)), ng.option(IF_TSOFFSET, ng.long(offset))];
      const ticks = (i: number) => (1_700_000_000n + BigInt(i)) * perSecond + BigInt(random.below(Number(perSecond)));
      const packets = sizes.map((length, i) =>
        ng.enhanced(
          i % 2,
          i % 2 === 0 ? ticks(i) : BigInt(i) * 10n ** 6n + 17n * 10n ** 14n,
          noise(length),
          length + (i % 3),
        ),
      );
      const file = [
        ng.section(),
        ng.interface(1, 0, ...clock),
        ng.interface(1),
        ...packets,
        ng.simple(noise(60)),
        ng.block(5, ng.words(0, 1, 2)),
      ];
      agrees(
        t,
        folder,
        `${littleEndian ? 'little' : 'big'} if_tsresol ${resol} if_tsoffset ${offset}`,
        Buffer.concat(file),
      );
    }
  }
});

t.test('what editcap and mergecap write', { skip: NO_TSHARK }, async (t) => {
  const folder = t.testdir();
  const tool = (name: string, ...args: string[]) => wireshark(name, args);
  const FORMATS: readonly string[] = ['pcap', 'nsecpcap', 'pcapng'];
  for (const format of FORMATS) {
    tool('editcap', '-F', format, FIRST_LIGHT, `${folder}/${format}`);
    agrees(t, folder, format, readFileSync(`${folder}/${format}`));
  }
  tool('editcap', '-s', '50', '-F', 'pcapng', FIRST_LIGHT, `${folder}/sliced`);
  agrees(t, folder, 'sliced', readFileSync(`${folder}/sliced`));
  tool('editcap', '-t', '3600', FIRST_LIGHT, `${folder}/later`);
  tool('mergecap', '-w', `${folder}/merged`, `${folder}/later`, FIRST_LIGHT, `${folder}/sliced`);
  agrees(t, folder, 'merged', readFileSync(`${folder}/merged`));
  agrees(
    t,
    folder,
    'two sections',
    Buffer.concat([readFileSync(`${folder}/merged`), readFileSync(`${folder}/pcapng`)]),
  );
});

/** The fixture's IP packets, with another link header in front. */
function withLinkHeader(header: (ip: Buffer, ethernet: Buffer) => Buffer): Packet[] {
  const frames = readAll(readFileSync(FIRST_LIGHT)).frames.map(({ bytes }) => bytes);
  const plain = frames.filter((bytes) => [0x0800, 0x86dd].includes(bytes.readUInt16BE(12)));
  return plain.map((bytes, i) => ({
    seconds: i,
    fraction: 0,
    bytes: Buffer.concat([header(bytes.subarray(14), bytes), bytes.subarray(14)]),
  }));
}

const isV6 = (ip: Buffer) => ip[0]! >> 4 === 6;
const be = (...halves: number[]) => Buffer.from(halves.flatMap((half) => [half >> 8, half & 0xff]));
const family = (ip: Buffer, write: (buffer: Buffer, value: number) => void) => {
  const buffer = Buffer.alloc(4);
  write(buffer, isV6(ip) ? 30 : 2);
  return buffer;
};
const little = (buffer: Buffer, value: number) => buffer.writeUInt32LE(value);
const big = (buffer: Buffer, value: number) => buffer.writeUInt32BE(value);
const none = () => Buffer.alloc(0);

const LINKS: readonly (readonly [
  name: string,
  linkType: number,
  header: (ip: Buffer, ethernet: Buffer) => Buffer,
  order?: 'big',
])[] = [
  ['raw IP', 101, none],
  ['BSD null, little-endian', 0, (ip) => family(ip, little)],
  ['BSD null, big-endian', 0, (ip) => family(ip, big), 'big'],
  ['BSD null of another machine', 0, (ip) => family(ip, big)],
  ['BSD loopback', 108, (ip) => family(ip, big)],
  [
    'Linux cooked',
    113,
    (_, ethernet) => Buffer.concat([be(0, 1, 6), ethernet.subarray(6, 12), be(0), ethernet.subarray(12, 14)]),
  ],
  [
    'Linux cooked v2',
    276,
    (_, ethernet) =>
      Buffer.concat([ethernet.subarray(12, 14), be(0, 0, 2, 1), Buffer.of(4, 6), ethernet.subarray(6, 12), be(0)]),
  ],
];

const FIELDS = [
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'ip.id',
  'udp.srcport',
  'tcp.srcport',
  'tcp.seq_raw',
  'icmp.type',
  'icmpv6.type',
  'ip.checksum.status',
  'udp.checksum.status',
  'tcp.checksum.status',
];

for (const [name, linkType, header, byteOrder = 'little'] of LINKS) {
  t.test(`${name} becomes Ethernet, and all above stays what it was`, { skip: NO_TSHARK }, async (t) => {
    const path = `${t.testdir()}/capture`;
    const format: Partial<CaptureFormat> = { linkType, byteOrder };
    const packets = withLinkHeader(header);
    const source = captureOf(packets, format);
    const { frames, fault } = readAll(source);
    t.equal(fault, null);
    t.equal(frames.length, packets.length);
    writeFileSync(path, source);
    const before = dissect(path, FIELDS);
    writeFileSync(path, captureOf(frames.map(({ bytes }, i) => ({ seconds: i, fraction: 0, bytes }))));
    t.same(dissect(path, FIELDS), before);
    t.equal(dissect(path, ['eth.type']).filter(([type]) => type === '').length, 0);
  });
}

t.test('raw IPv4, raw IPv6, and both of BSD’s numbers', { skip: NO_TSHARK }, async (t) => {
  for (const [linkType, version] of [
    [228, 4],
    [229, 6],
    [12, 4],
    [14, 6],
  ] as const) {
    const packets = withLinkHeader(none).filter(({ bytes }) => bytes[0]! >> 4 === version);
    const { frames } = readAll(captureOf(packets, { linkType }));
    t.ok(frames.every(({ bytes }) => bytes.readUInt16BE(12) === (version === 4 ? 0x0800 : 0x86dd)));
    t.ok(frames.every(({ bytes }, i) => bytes.subarray(14).equals(packets[i]!.bytes)));
  }
});
