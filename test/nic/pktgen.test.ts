// Cold. Runs on: main.

import { writeFileSync } from 'node:fs';
import t from 'tap';
import {
  FRAME_ADDRESS,
  FRAME_COUNTER,
  FRAME_LENGTH,
  FRAME_RECORD_BYTES,
  FRAME_SEQUENCE_OFFSET,
} from '../../src/bursts/layout.js';
import { viewsOf } from '../../src/memory/views.js';
import { distinctSizes, minimumFrameSize, parseFrameSizes } from '../../src/nic/devices/frame-sizes.js';
import { createPktgenFrames, PKTGEN_BYTES_MAX, type PktgenConfig, pktgenBytes } from '../../src/nic/devices/pktgen.js';
import { dissect, NO_TSHARK } from '../tshark.js';
import { captureOf } from './captures.js';

const ADDRESS = 128;
const SEQUENCES = [0, 1, 0xffff, 0x1_0000, 0x8000_0000, 0xdead_beef, 0xffff_ffff];
const PLAIN: PktgenConfig = { sizes: [64], flows: 8, ipVersion: 4, seed: 1 };

interface Frame {
  readonly address: number;
  readonly length: number;
  readonly counter: number;
  readonly sequenceOffset: number;
  /** A copy, with sequence number 0. */
  readonly bytes: Buffer;
}

/** Everything that pktgen wrote, in sending order. What lies around its region must stay as it was. */
function framesOf(config: Partial<PktgenConfig>): Frame[] {
  const whole = { ...PLAIN, ...config };
  const end = ADDRESS + pktgenBytes(whole);
  const views = viewsOf(new ArrayBuffer(end + 64));
  views.bytes.fill(0xee, 0, ADDRESS).fill(0xee, end);
  const { table, tableLength } = createPktgenFrames(views, ADDRESS, whole);
  const outside = [...views.bytes.subarray(0, ADDRESS), ...views.bytes.subarray(end)];
  if (outside.some((byte) => byte !== 0xee)) throw new Error('pktgen wrote outside of its region');
  return Array.from({ length: tableLength }, (_, i) => frameAt(views.bytes.buffer, table + i * FRAME_RECORD_BYTES));
}

function frameAt(memory: ArrayBufferLike, record: number): Frame {
  const word = (at: number) => new DataView(memory).getInt32(record + at, true);
  const [address, length] = [word(FRAME_ADDRESS), word(FRAME_LENGTH)];
  const bytes = Buffer.from(Buffer.from(memory, address, length));
  return { address, length, counter: word(FRAME_COUNTER), sequenceOffset: word(FRAME_SEQUENCE_OFFSET), bytes };
}

/** What the burst function sends. */
function numbered(frame: Frame, sequence: number): Buffer {
  const bytes = Buffer.from(frame.bytes);
  bytes.writeUInt32LE(sequence, frame.sequenceOffset);
  bytes.writeUInt32LE(~sequence >>> 0, frame.sequenceOffset + 4);
  return bytes;
}

/** RFC 1071 in its plainest form: 0xFFFF for bytes that carry their right checksum. */
function onesComplementSum(...parts: readonly Uint8Array[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (const [i, byte] of bytes.entries()) {
    sum += i % 2 === 0 ? byte * 256 : byte;
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

function udpSum(frame: Buffer): number {
  const v4 = frame.readUInt16BE(12) === 0x0800;
  const udp = frame.subarray(v4 ? 34 : 54);
  const addresses = v4 ? frame.subarray(26, 34) : frame.subarray(22, 54);
  return onesComplementSum(addresses, Uint8Array.of(0, 17, udp.length >> 8, udp.length), udp);
}

const distinct = (values: readonly unknown[]) => new Set(values).size;
const flowOf = (frame: Frame) => frame.bytes.toString('hex', 26, frame.sequenceOffset - 4);

t.test('checksums hold for every sequence number', async (t) => {
  for (const ipVersion of [4, 6, 'mixed'] as const) {
    for (const frame of framesOf({ ipVersion, sizes: [74, 75, 128, 1518, 9216], flows: 10 })) {
      const sums = SEQUENCES.map((sequence) => udpSum(numbered(frame, sequence)));
      const right = sums.every((sum) => sum === 0xffff);
      if (!right) t.fail(`UDP checksum of ${frame.length} bytes: ${sums}`);
      if (frame.bytes.readUInt16BE(12) !== 0x0800) continue;
      if (onesComplementSum(frame.bytes.subarray(14, 34)) !== 0xffff) t.fail('IPv4 header checksum');
    }
    t.pass(`ip ${ipVersion}`);
  }
});

t.test('a checksum that comes out as 0 is sent as 0xFFFF', async (t) => {
  const checksums = framesOf({ flows: 65_536 }).map((frame) => frame.bytes.readUInt16BE(40));
  t.notOk(checksums.includes(0));
  t.ok(checksums.includes(0xffff), 'with 65,536 flows it does come out as 0');
});

t.test('sizes count the FCS, which is not stored', async (t) => {
  t.same(
    framesOf({ sizes: [64, 1518, 9216], flows: 1 }).map((frame) => frame.length),
    [60, 1514, 9212],
  );
});

t.test('frames are aligned, with 16 bytes after each before anything else begins', async (t) => {
  const frames = framesOf({ sizes: [64, 76, 77, 1518], flows: 5 });
  const templates = [...new Map(frames.map((frame) => [frame.address, frame])).values()];
  templates.sort((a, b) => a.address - b.address);
  t.equal(templates.length, 20, 'one template per flow and size');
  t.ok(templates.every((frame) => frame.address % 16 === 0));
  const ends = templates.map((frame) => frame.address + frame.length + 16);
  const counters = Math.min(...frames.map((frame) => frame.counter));
  t.ok(ends.every((end, i) => end <= (templates[i + 1]?.address ?? counters)));
});

t.test('the same seed repeats the same packets in the same order', async (t) => {
  const config = { sizes: 'imix', flows: 50 } as const;
  const packets = (seed: number) => Buffer.concat(framesOf({ ...config, seed }).map((frame) => frame.bytes));
  t.ok(packets(99).equals(packets(99)));
  t.notOk(packets(99).equals(packets(100)));
});

for (const ipVersion of [4, 6, 'mixed'] as const) {
  t.test(`flows of ip ${ipVersion} are distinct, in round robin, each with its own sequence word`, async (t) => {
    const frames = framesOf({ ipVersion, sizes: [128], flows: 65_536 });
    t.equal(frames.length, 65_536);
    t.equal(distinct(frames.map(flowOf)), 65_536);
    t.equal(distinct(frames.map((frame) => frame.counter)), 65_536);
    const versions = frames.map((frame) => (frame.bytes.readUInt16BE(12) === 0x0800 ? 4 : 6));
    t.ok(versions.every((version, i) => version === (ipVersion === 'mixed' ? [4, 6][i % 2] : ipVersion)));
  });
}

t.test('MACs are unicast and locally administered', async (t) => {
  for (const { bytes } of framesOf({})) {
    t.equal(bytes[0]! & 3, 2);
    t.equal(bytes[6]! & 3, 2);
  }
});

t.test('imix: 28 × 64, 16 × 570, 4 × 1518 per flow, and a mean of 353.83 with FCS', async (t) => {
  for (const flows of [1, 7, 48, 100]) {
    const frames = framesOf({ sizes: 'imix', flows });
    const mean = frames.reduce((sum, frame) => sum + frame.length + 4, 0) / frames.length;
    t.equal(mean.toFixed(2), '353.83', `${flows} flows`);
    for (let flow = 0; flow < flows; flow++) {
      const sizes = frames.filter((_, i) => i % flows === flow).map((frame) => frame.length + 4);
      const counts = [64, 570, 1518].map((size) => sizes.filter((one) => one === size).length);
      if (counts.join() !== '28,16,4') t.fail(`flow ${flow} of ${flows}: ${counts}`);
    }
  }
});

t.test('imix is interleaved: large frames do not stand together', async (t) => {
  const sizes = framesOf({ sizes: 'imix', flows: 1 }).map((frame) => frame.length);
  const runs = sizes.filter((size, i) => size !== sizes[i - 1]).length;
  t.ok(runs > 15, `${runs} runs of one size in 48 frames`);
});

t.test('several sizes have equal shares, in every flow', async (t) => {
  const frames = framesOf({ sizes: [64, 512, 1518], flows: 6 });
  const pairs = frames.map((frame) => `${frame.counter} ${frame.length}`);
  t.equal(pairs.length, 18);
  t.equal(distinct(pairs), 18);
});

t.test('the least size is refused below, and works', async (t) => {
  t.equal(minimumFrameSize(4), 64);
  t.equal(minimumFrameSize(6), 74);
  t.equal(minimumFrameSize('mixed'), 74);
  t.equal(framesOf({ ipVersion: 6, sizes: [74] })[0]!.length, 70);
  t.throws(() => pktgenBytes({ ...PLAIN, ipVersion: 6, sizes: [73] }), /--size 73: .*74 to 9216 work with --ip 6/);
  t.throws(() => pktgenBytes({ ...PLAIN, ipVersion: 'mixed', sizes: 'imix' }), /imix has frames of 64 bytes/);
  t.throws(() => pktgenBytes({ ...PLAIN, sizes: [9217] }), /--size 9217/);
  t.throws(() => pktgenBytes({ ...PLAIN, sizes: [] }), RangeError);
});

t.test('flows are refused out of their range', async (t) => {
  for (const flows of [0, 65_537, 1.5, Number.NaN]) {
    t.throws(() => pktgenBytes({ ...PLAIN, flows }), /--flows .*: use a whole number from 1 to 65536/);
  }
});

t.test('memory has a limit, and the message names what fits', async (t) => {
  const most = { ...PLAIN, sizes: 'imix', flows: 65_536 } as const;
  t.ok(pktgenBytes(most) <= PKTGEN_BYTES_MAX, 'imix with all flows fits');
  const config = { ...PLAIN, sizes: [9216], flows: 65_536 };
  t.throws(() => pktgenBytes(config), /--flows 65536 with --size 9216 needs .* MiB.*use --flows \d+ or less/);
  const fits = Number(/use --flows (\d+)/.exec(messageOf(() => pktgenBytes(config)))![1]);
  t.ok(pktgenBytes({ ...config, flows: fits }) <= PKTGEN_BYTES_MAX);
  t.throws(() => pktgenBytes({ ...config, flows: fits + 2 }), RangeError, 'and hardly more does');
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

t.test('--size is read', async (t) => {
  t.equal(parseFrameSizes('imix'), 'imix');
  t.same(parseFrameSizes('64'), [64]);
  t.same(parseFrameSizes('64, 512,1518'), [64, 512, 1518]);
  t.same(distinctSizes([64, 512, 64]), [64, 512]);
  for (const wrong of ['', '63', '9217', '64,', '1e3', 'large', '-64', '64.5']) {
    t.throws(() => parseFrameSizes(wrong), /^--size .*: use a frame size from 64 to 9216/, wrong);
  }
});

t.test('tshark finds nothing wrong', { skip: NO_TSHARK }, async (t) => {
  const path = `${t.testdir()}/pktgen.pcap`;
  const frames = framesOf({ ipVersion: 'mixed', sizes: [74, 75, 570, 1518, 9216], flows: 40 });
  const sent = frames.map((frame, i) => numbered(frame, Math.imul(i, 0x9e3779b1) >>> 0));
  writeFileSync(path, captureOf(sent.map((bytes, i) => ({ seconds: 1, fraction: i, bytes }))));
  const fields = ['frame.len', 'ip.checksum.status', 'udp.checksum.status', 'udp.length', '_ws.malformed'];
  // The payload is nobody's protocol, but tshark would guess one from some sequence numbers.
  const seen = dissect(path, fields, ['-d', 'udp.port==49152-65535,data']);
  t.equal(seen.length, frames.length);
  for (const [i, [length, ipChecksum, udpChecksum, udpLength, malformed]] of seen.entries()) {
    const { bytes, sequenceOffset } = frames[i]!;
    const v4 = sequenceOffset === 42;
    t.same(
      [length, ipChecksum, udpChecksum, udpLength, malformed],
      [`${bytes.length}`, v4 ? '1' : '', '1', `${bytes.length - sequenceOffset + 8}`, ''],
    );
  }
});
