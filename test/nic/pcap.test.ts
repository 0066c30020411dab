// Cold. Runs on: main.

import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import {
  FRAME_ADDRESS,
  FRAME_COUNTER,
  FRAME_LENGTH,
  FRAME_RECORD_BYTES,
  FRAME_SEQUENCE_OFFSET,
} from '../../src/bursts/layout.js';
import { type Views, viewsOf } from '../../src/memory/views.js';
import { CaptureError } from '../../src/nic/devices/capture-error.js';
import {
  CAPTURE_BYTES_MAX,
  type CaptureFrames,
  type CaptureSummary,
  inspectCapture,
  loadCapture,
} from '../../src/nic/devices/pcap.js';
import { captureOf, dissect, NO_TSHARK, type Packet } from './captures.js';

const FIRST_LIGHT = fileURLToPath(new URL('../../../test/fixtures/first-light.pcap', import.meta.url));
const ADDRESS = 192;

const bytesOf = (length: number, first = 0) => Uint8Array.from({ length }, (_, i) => first + i);
const packet = (length: number, seconds = 0, fraction = 0): Packet => ({ seconds, fraction, bytes: bytesOf(length) });

interface Loaded {
  readonly times: number[];
  readonly frames: Buffer[];
  readonly addresses: number[];
}

/** Loads a capture into a region of just its size. What lies around it must stay as it was, even when that fails. */
function load(path: string, planned: CaptureSummary = inspectCapture(path)): Loaded {
  const end = ADDRESS + planned.bytesNeeded;
  const views = viewsOf(new ArrayBuffer(end + 64));
  views.bytes.fill(0xee, 0, ADDRESS).fill(0xee, end);
  const outcome = attempt(() => loadCapture(views, ADDRESS, path, planned));
  const outside = [...views.bytes.subarray(0, ADDRESS), ...views.bytes.subarray(end)];
  if (outside.some((byte) => byte !== 0xee)) throw new Error('loadCapture wrote outside of its region');
  if (outcome instanceof Error) throw outcome;
  return readBack(views, outcome);
}

function readBack({ words, bytes, doubles }: Views, { table, tableLength, times }: CaptureFrames): Loaded {
  const records = Array.from({ length: tableLength }, (_, i) => (table + i * FRAME_RECORD_BYTES) / 4);
  const column = (field: number) => records.map((record) => words[record + field / 4]!);
  const numbers = [...column(FRAME_COUNTER), ...column(FRAME_SEQUENCE_OFFSET)];
  if (numbers.some((word) => word !== 0)) throw new Error('a captured frame has a sequence number');
  const [addresses, lengths] = [column(FRAME_ADDRESS), column(FRAME_LENGTH)];
  return {
    times: [...doubles.subarray(times / 8, times / 8 + tableLength)],
    frames: addresses.map((address, i) => Buffer.from(bytes.slice(address, address + lengths[i]!))),
    addresses,
  };
}

function attempt<T>(action: () => T): T | Error {
  try {
    return action();
  } catch (error) {
    return error as Error;
  }
}

t.test('both byte orders, µs and ns', async (t) => {
  const packets = [packet(60, 1_700_000_000, 999_999), packet(1514, 1_700_000_001, 1), packet(9216, 1_700_086_401, 5)];
  for (const byteOrder of ['little', 'big'] as const) {
    for (const resolution of ['us', 'ns'] as const) {
      const path = `${t.testdir()}/capture.pcap`;
      writeFileSync(path, captureOf(packets, { byteOrder, resolution }));
      const unit = resolution === 'us' ? 1000 : 1;
      const times = [0, 1e9 - 999_998 * unit, 86_401e9 - 999_994 * unit];
      const { bytesNeeded, ...summary } = inspectCapture(path);
      t.match(summary, { frames: 3, sliced: 0, frameBytes: 10_790, durationNs: times[2], byteOrder, resolution });
      t.equal(bytesNeeded % 64, 0);
      const loaded = load(path);
      t.same(loaded.times, times);
      t.ok(loaded.frames.every((frame, i) => frame.equals(packets[i]!.bytes)));
      t.ok(loaded.addresses.every((address) => address % 16 === 0));
    }
  }
});

t.test('ns times are exact over 100 days', async (t) => {
  const path = `${t.testdir()}/long.pcap`;
  writeFileSync(path, captureOf([packet(60, 0, 1), packet(60, 8_640_000, 0)], { resolution: 'ns' }));
  t.same(load(path).times, [0, 8_640_000 * 1e9 - 1]);
});

t.test('times that go backwards are kept, and the latest makes the duration', async (t) => {
  const path = `${t.testdir()}/backwards.pcap`;
  writeFileSync(path, captureOf([packet(60, 10, 0), packet(60, 12, 0), packet(60, 9, 999_999)]));
  t.equal(inspectCapture(path).durationNs, 2e9);
  t.same(load(path).times, [0, 2e9, -1000]);
});

t.test('sliced packets are replayed as they were stored, and counted', async (t) => {
  const path = `${t.testdir()}/sliced.pcap`;
  writeFileSync(path, captureOf([{ ...packet(64), wireLength: 1514 }, packet(60)], { snaplen: 64 }));
  t.match(inspectCapture(path), { frames: 2, sliced: 1, frameBytes: 124 });
  t.same(
    load(path).frames.map((frame) => frame.length),
    [64, 60],
  );
});

t.test('a capture of many chunks', async (t) => {
  const path = `${t.testdir()}/many.pcap`;
  const packets = Array.from({ length: 5000 }, (_, i) => ({
    seconds: i,
    fraction: 0,
    bytes: bytesOf(1 + ((i * 37) % 1514), i),
  }));
  writeFileSync(path, captureOf(packets));
  const { frames } = load(path);
  t.ok(frames.every((frame, i) => frame.equals(packets[i]!.bytes)));
});

t.test('16 bytes after each frame belong to it', async (t) => {
  const path = `${t.testdir()}/short.pcap`;
  const lengths = [1, 15, 16, 17, 60];
  writeFileSync(path, captureOf(lengths.map((length) => packet(length))));
  const { addresses } = load(path);
  const gaps = addresses.slice(1).map((address, i) => address - addresses[i]! - lengths[i]!);
  t.ok(gaps.every((gap) => gap >= 16));
});

// What is wrong, the file, and what the message says after the path.
const REFUSED: readonly (readonly [name: string, bytes: Buffer, message: RegExp])[] = [
  ['empty', Buffer.alloc(0), /the file is empty/],
  ['no packets', captureOf([]), /the capture has no packets/],
  ['short header', captureOf([]).subarray(0, 23), /ends at byte 23, within the pcap header of 24 bytes/],
  ['three bytes', Buffer.from('abc'), /ends at byte 3,/],
  [
    'pcapng',
    Buffer.from('0a0d0d0a1c0000004d3c2b1a', 'hex'),
    /pcapng file, which is not supported yet.*editcap -F pcap/,
  ],
  ['gzip', Buffer.from('1f8b0800', 'hex'), /compressed with gzip.*gzip -dc/],
  ['zstd', Buffer.from('28b52ffd00', 'hex'), /compressed with zstd/],
  ['modified', Buffer.from('34cdb2a1', 'hex'), /"modified" pcap file.*editcap -F pcap/],
  ['text', Buffer.from('No. Time Source Destination'), /not a pcap file: it starts with the bytes 4e6f2e20/],
  ['version', captureOf([packet(60)], { minor: 3 }), /pcap version 2\.3 at byte 4; only 2\.4/],
  [
    'wireless',
    captureOf([packet(60)], { linkType: 105 }),
    /link type 105 \(IEEE 802\.11\) at byte 20; only Ethernet \(1\)/,
  ],
  ['cooked', captureOf([packet(60)], { linkType: 276 }), /link type 276 \(Linux cooked v2: record on one interface/],
  ['unheard of', captureOf([packet(60)], { linkType: 4711 }), /link type 4711 \(unknown\)/],
  ['FCS', captureOf([packet(60)], { linkType: 0x24000001 }), /flags 0x2400 above the link type at byte 20/],
  [
    'cut in a header',
    captureOf([packet(60), packet(60)]).subarray(0, 110),
    /within packet 2: 10 of the 16 .* at byte 100/,
  ],
  [
    'cut in a packet',
    captureOf([packet(60), packet(60)]).subarray(0, 170),
    /within packet 2: 54 of the 60 .* at byte 116/,
  ],
  ['jumbo', captureOf([packet(60), packet(9217)]), /packet 2 at byte 100 has 9217 bytes; a frame has at most 9216/],
  ['over snaplen', captureOf([packet(9217)], { snaplen: 96 }), /has 9217 bytes, though the file's snaplen is 96/],
  ['no bytes', captureOf([packet(0)]), /packet 1 at byte 24 has no bytes/],
  ['fraction', captureOf([packet(60, 1, 1e6)]), /packet 1 at byte 24 is 1000000 us past the full second/],
];

for (const [name, bytes, message] of REFUSED) {
  t.test(`refused: ${name}`, async (t) => {
    const path = `${t.testdir()}/capture.pcap`;
    writeFileSync(path, bytes);
    refuses(t, path, message);
  });
}

t.test('refused: no file, a directory, a device, a name that cannot be one', async (t) => {
  const directory = t.testdir();
  refuses(t, `${directory}/nothing.pcap`, /there is no such file/);
  refuses(t, directory, /this is a directory/);
  refuses(t, '/dev/null', /not a regular file/);
  refuses(t, `${directory}/a\0b`, /cannot be read/);
  refuses(t, `${FIRST_LIGHT}/capture`, /cannot be read: ENOTDIR/);
});

t.test('refused: a file over 1 GiB, unread', async (t) => {
  const path = `${t.testdir()}/large.pcap`;
  writeFileSync(path, captureOf([packet(60)]));
  truncateSync(path, CAPTURE_BYTES_MAX + 1); // a hole, not a gigabyte
  refuses(t, path, /1073741825 bytes, and captures may have 1073741824.*editcap/);
});

t.test('refused: a file that fits, but not with its padding', async (t) => {
  const path = `${t.testdir()}/tiny-packets.pcap`;
  const bytes = captureOf(Array.from({ length: 100 }, () => packet(1)));
  writeFileSync(path, bytes);
  t.throws(() => inspectCapture(path, bytes.length), /from packet \d+ on the capture needs over 1724 bytes/);
});

function refuses(t: Test, path: string, message: RegExp): void {
  const error = attempt(() => inspectCapture(path));
  if (!(error instanceof CaptureError)) return void t.fail(`not refused: ${path}`);
  t.equal(error.path, path);
  t.ok(error.message.startsWith(`${path}: `));
  t.match(error.message, message);
}

t.test('a file that changed since it was inspected is not loaded', async (t) => {
  const packets = Array.from({ length: 100 }, (_, i) => packet(60, i));
  const write = (path: string, ...changed: Packet[]) => writeFileSync(path, captureOf(changed));
  const changes: readonly (readonly [string, (path: string) => void])[] = [
    ['longer', (path) => write(path, ...packets, packet(60))],
    ['shorter', (path) => write(path, ...packets.slice(1))],
    ['no packets', (path) => write(path)],
    ['a large packet, for which there would be room if the others never came', (path) => write(path, packet(9000))],
    ['same sum, other packets', (path) => write(path, packet(61), ...packets.slice(1, 99), packet(59, 200))],
    ['other times', (path) => write(path, ...packets.slice(0, 99), packet(60, 100))],
  ];
  for (const [name, change] of changes) {
    const path = `${t.testdir()}/capture.pcap`;
    write(path, ...packets);
    const planned = inspectCapture(path);
    change(path);
    const message = /changed after it was inspected; it then had 100 packets with 6000 bytes/;
    t.throws(() => load(path, planned), { name: 'CaptureError', message }, name);
  }
});

t.test('any bytes give a summary or a CaptureError, and what has a summary loads', async (t) => {
  const path = `${t.testdir()}/any.pcap`;
  const survives = (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    const outcome = attempt(() => load(path));
    return outcome instanceof Error ? outcome instanceof CaptureError : outcome.frames.length > 0;
  };
  const withHeader = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.concat([captureOf([]), bytes]));
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), withHeader, damagedCaptures()), survives), {
    numRuns: 500,
  });
});

/** A right capture with a few bytes overwritten, cut somewhere. */
function damagedCaptures(): fc.Arbitrary<Buffer> {
  const whole = captureOf([packet(60, 1), packet(1514, 2), packet(100, 3)]);
  const at = fc.oneof(fc.nat(150), fc.nat(whole.length - 1));
  const edits = fc.array(fc.tuple(at, fc.nat(255)), { maxLength: 4 });
  return fc.tuple(edits, fc.oneof(fc.constant(whole.length), fc.nat(whole.length))).map(([edits, length]) => {
    const bytes = Buffer.from(whole);
    for (const [place, value] of edits) bytes[place] = value;
    return bytes.subarray(0, length);
  });
}

t.test('first-light.pcap: every byte of the file is accounted for', async (t) => {
  const summary = inspectCapture(FIRST_LIGHT);
  t.equal(24 + summary.frames * 16 + summary.frameBytes, statSync(FIRST_LIGHT).size);
  t.match(summary, { sliced: 0, byteOrder: 'little', resolution: 'ns' });
  t.ok(statSync(FIRST_LIGHT).size < 150_000);
  const last = load(FIRST_LIGHT).frames.at(-1)!;
  t.ok(last.equals(readFileSync(FIRST_LIGHT).subarray(-last.length)));
});

t.test('first-light.pcap: tshark sees the same frames, and nothing wrong in them', { skip: NO_TSHARK }, async (t) => {
  const { frames, times } = load(FIRST_LIGHT);
  const lengths = dissect(FIRST_LIGHT, ['frame.len', 'frame.time_relative']);
  t.same(
    lengths.map(([length]) => Number(length)),
    frames.map((frame) => frame.length),
  );
  t.same(
    lengths.map(([, time]) => Math.round(Number(time) * 1e9)),
    times,
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
