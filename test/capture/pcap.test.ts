// Cold. Runs on: main.
// Classic pcap: what is read from right files, and what is said of wrong ones.

import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { captureOf, type Packet } from '../nic/captures.js';
import { dissect, NO_TSHARK } from '../tshark.js';
import { readAll } from './read-all.js';

const FIRST_LIGHT = fileURLToPath(new URL('../../../test/fixtures/first-light.pcap', import.meta.url));

const bytesOf = (length: number, first = 0) => Uint8Array.from({ length }, (_, i) => first + i);
const packet = (length: number, seconds = 0, fraction = 0): Packet => ({ seconds, fraction, bytes: bytesOf(length) });

function sameFrames(t: Test, file: Uint8Array, packets: readonly Packet[]): void {
  const { frames, fault } = readAll(file);
  t.equal(fault, null);
  t.same(
    frames.map(({ bytes }) => bytes),
    packets.map(({ bytes }) => Buffer.from(bytes)),
  );
}

t.test('both byte orders, µs and ns', async (t) => {
  const packets = [packet(60, 1_700_000_000, 999_999), packet(1514, 1_700_000_001, 1), packet(9216, 1_700_086_401, 5)];
  for (const byteOrder of ['little', 'big'] as const) {
    for (const resolution of ['us', 'ns'] as const) {
      const file = captureOf(packets, { byteOrder, resolution });
      const unit = resolution === 'us' ? 1000 : 1;
      sameFrames(t, file, packets);
      const { frames, firstNs, format } = readAll(file);
      t.same(
        frames.map(({ timeNs }) => timeNs),
        [0, 1e9 - 999_998 * unit, 86_401e9 - 999_994 * unit],
      );
      t.equal(firstNs, 1_700_000_000_000_000_000n + BigInt(999_999 * unit));
      t.equal(format, 'pcap');
    }
  }
});

t.test('ns times are exact over 100 days', async (t) => {
  const file = captureOf([packet(60, 0, 1), packet(60, 8_640_000, 0)], { resolution: 'ns' });
  t.equal(readAll(file).frames[1]!.timeNs, 8_640_000 * 1e9 - 1);
});

t.test('times that go backwards are kept, and counted', async (t) => {
  const { frames, backwards } = readAll(
    captureOf([packet(60, 10), packet(60, 12), packet(60, 9, 999_999), packet(60, 11)]),
  );
  t.same(
    frames.map(({ timeNs }) => timeNs),
    [0, 2e9, -1000, 1e9],
  );
  t.equal(backwards, 1);
});

t.test('sliced packets are as they were stored, and counted', async (t) => {
  const file = captureOf([{ ...packet(64), wireLength: 1514 }, packet(60)], { snaplen: 64 });
  const { frames, sliced } = readAll(file);
  t.equal(sliced, 1);
  t.same(
    frames.map(({ bytes }) => bytes.length),
    [64, 60],
  );
});

t.test('packets that no NIC takes are read all the same: none of the file is lost by them', async (t) => {
  sameFrames(t, captureOf([packet(0), packet(60), packet(0)]), [packet(0), packet(60), packet(0)]);
  sameFrames(t, captureOf([packet(9217), packet(262_144), packet(60)]), [packet(9217), packet(262_144), packet(60)]);
});

t.test('an FCS that the header declares is left away', async (t) => {
  const file = captureOf([packet(64), { ...packet(62), wireLength: 64 }, { ...packet(40), wireLength: 64 }], {
    linkType: 0x24000001,
  });
  t.same(
    readAll(file).frames.map(({ bytes }) => bytes.length),
    [60, 60, 40],
  );
});

t.test('a capture of many windows, in portions of any size, by either burst functions', async (t) => {
  const packets = Array.from({ length: 2000 }, (_, i) => ({
    seconds: i,
    fraction: 0,
    bytes: bytesOf(1 + ((i * 37) % 1514), i),
  }));
  const file = captureOf(packets);
  const whole = readAll(file);
  t.ok(whole.isHeld);
  t.ok(whole.frames.every(({ bytes }, i) => bytes.equals(packets[i]!.bytes)));
  const size = { room: 7, windowBytes: 4000 };
  for (const bursts of ['wasm', 'reference'] as const) {
    for (const portions of [[], [1, 0, 5000], [0, 17], [1514], [100_000, 3]]) {
      const { frames, isHeld, fault } = readAll(file, { size, portions, bursts });
      t.equal(fault, null);
      t.equal(isHeld, false);
      const same =
        frames.length === 2000 &&
        frames.every(({ bytes, timeNs }, i) => bytes.equals(packets[i]!.bytes) && timeNs === i * 1e9);
      t.ok(same, `${bursts}, portions of ${portions}`);
    }
  }
});

// What is wrong, the file, how many packets are read before, and what the message says after the path.
const REFUSED: readonly (readonly [name: string, bytes: Buffer, before: number, message: RegExp])[] = [
  ['empty', Buffer.alloc(0), 0, /the file is empty/],
  ['short header', captureOf([]).subarray(0, 23), 0, /ends at byte 23, within the header of 24 bytes/],
  ['three bytes', Buffer.from('abc'), 0, /ends at byte 3,/],
  ['zstd', Buffer.from('28b52ffd00', 'hex'), 0, /compressed with zstd.*zstd -d IN/],
  ['lz4', Buffer.from('04224d18', 'hex'), 0, /compressed with lz4.*lz4 -d IN/],
  ['xz', Buffer.from('fd377a585a00', 'hex'), 0, /compressed with xz.*xz -dc IN/],
  ['modified', Buffer.from('34cdb2a1', 'hex'), 0, /"modified" pcap file.*editcap -F pcap/],
  ['modified, big-endian', Buffer.from('a1b2cd34', 'hex'), 0, /"modified" pcap file.*editcap -F pcap/],
  ['text', Buffer.from('No. Time Source Destination'), 0, /not a capture: it starts with the bytes 4e6f2e20/],
  ['version', captureOf([packet(60)], { minor: 3 }), 0, /pcap version 2\.3 at byte 4; only 2\.4/],
  [
    'wireless',
    captureOf([packet(60)], { linkType: 105 }),
    0,
    /link type 105 \(IEEE 802\.11\) at byte 20; Ethernet \(1\)/,
  ],
  ['unheard of', captureOf([packet(60)], { linkType: 4711 }), 0, /link type 4711 \(unknown\)/],
  [
    'cut in a header',
    captureOf([packet(60), packet(60)]).subarray(0, 110),
    1,
    /packet 2 at byte 100 breaks off: 10 of the 16/,
  ],
  [
    'cut in a packet',
    captureOf([packet(60), packet(60)]).subarray(0, 170),
    1,
    /packet 2 at byte 100 breaks off: 54 of the 60/,
  ],
  [
    'fraction',
    captureOf([packet(60, 1), packet(60, 1, 1e6)]),
    1,
    /packet 2 at byte 100 is 1000000 us past the full second, where 999999 is/,
  ],
  [
    'too long',
    captureOf([packet(60), packet(262_145)]),
    1,
    /packet 2 at byte 100 says that it has 262145 bytes, and 262144 are the most/,
  ],
];

for (const [name, bytes, before, message] of REFUSED) {
  t.test(`refused: ${name}`, async (t) => {
    for (const portions of [[], [1]]) {
      const { fault, frames } = readAll(bytes, { path: 'a/b.pcap', portions });
      t.equal(fault?.path, 'a/b.pcap');
      t.ok(fault?.message.startsWith('a/b.pcap: '));
      t.match(fault?.problem, message);
      t.equal(frames.length, before, 'the packets before it are there');
    }
  });
}

t.test('absurd lengths, in both byte orders: refused where they stand, in bounded memory', async (t) => {
  const before = process.memoryUsage.rss();
  for (const byteOrder of ['little', 'big'] as const) {
    for (const length of [262_145, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff]) {
      const file = captureOf([packet(60), packet(60), packet(60)], { byteOrder, snaplen: 0 });
      const at = 24 + 76 + 8;
      if (byteOrder === 'little') file.writeUInt32LE(length, at);
      else file.writeUInt32BE(length, at);
      const { fault, frames } = readAll(file);
      t.equal(frames.length, 1);
      t.match(
        fault?.problem,
        new RegExp(`packet 2 at byte 100 says that it has ${length} bytes, and 262144 are the most`),
      );
    }
  }
  t.ok(process.memoryUsage.rss() - before < 60e6);
  sameFrames(t, captureOf([packet(60), packet(1514)], { snaplen: 0 }), [packet(60), packet(1514)]);
});

t.test('first-light.pcap: every byte of the file is accounted for', async (t) => {
  const { frames, sliced, format, isHeld } = readAll(readFileSync(FIRST_LIGHT));
  const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
  t.equal(24 + frames.length * 16 + bytes, statSync(FIRST_LIGHT).size);
  t.match({ sliced, format, isHeld }, { sliced: 0, format: 'pcap', isHeld: true });
  t.ok(statSync(FIRST_LIGHT).size < 150_000);
  const last = frames.at(-1)!.bytes;
  t.ok(last.equals(readFileSync(FIRST_LIGHT).subarray(-last.length)));
});

t.test('first-light.pcap: tshark sees the same frames, and nothing wrong in them', { skip: NO_TSHARK }, async (t) => {
  const { frames } = readAll(readFileSync(FIRST_LIGHT));
  const lengths = dissect(FIRST_LIGHT, ['frame.len', 'frame.time_relative']);
  t.same(
    lengths.map(([length, time]) => [Number(length), Math.round(Number(time) * 1e9)]),
    frames.map(({ bytes, timeNs }) => [bytes.length, timeNs]),
  );
  const checksums = ['ip', 'udp', 'tcp', 'icmp', 'icmpv6'].map((protocol) => `${protocol}.checksum.status`);
  const good = dissect(FIRST_LIGHT, ['_ws.malformed', ...checksums]);
  t.ok(
    good.every(
      ([malformed, ...statuses]) => malformed === '' && statuses.every((status) => status === '' || status === '1'),
    ),
  );
  const protocols = new Set(dissect(FIRST_LIGHT, ['frame.protocols']).map(([names]) => names));
  for (const name of ['arp', 'icmp', 'icmpv6', 'dns', 'tcp', 'vlan']) {
    t.ok(
      [...protocols].some((names) => names!.split(':').includes(name)),
      name,
    );
  }
});
