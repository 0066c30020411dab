// Cold. Runs on: main.
// The scans of captures: AssemblyScript and reference agree on everything, byte for byte, over right captures, captures with
// a few wrong bytes, and noise; and they find what was written.

import fc from 'fast-check';
import t from 'tap';
import type { Bursts } from '../../src/bursts/bursts.js';
import {
  FRAME_ADDRESS,
  FRAME_LENGTH,
  INTERFACE_BYTES,
  INTERFACE_FCS,
  INTERFACE_PLAIN,
  INTERFACE_SCALE,
  SCAN_BACKWARDS,
  SCAN_FIRST_INTERFACE,
  SCAN_INTERFACES,
  SCAN_NEXT,
  SCAN_SLICED,
  SCAN_SWAPPED,
} from '../../src/bursts/layout.js';
import type { Views } from '../../src/memory/views.js';
import { Random } from '../../src/runtime/random.js';
import { Twins } from './twins.js';
import { CAPTURE, CAPTURE_BYTES, FRAMES, INTERFACES, recordWord, SCAN, TABLE, TIMES, worlds } from './world.js';

type Format = 'scanPcap' | 'scanPcapng';
const FORMATS: readonly Format[] = ['scanPcap', 'scanPcapng'];

interface Written {
  readonly iface: number;
  readonly ticks: number;
  readonly captured: number;
  readonly original: number;
}

/** @returns its length */
function writeCapture(views: Views, format: Format, littleEndian: boolean, packets: readonly Written[]): number {
  const data = new DataView(views.bytes.buffer, CAPTURE, CAPTURE_BYTES);
  let at = 0;
  const words = (...values: number[]) => {
    for (const [i, value] of values.entries()) data.setUint32(at + i * 4, value, littleEndian);
    at += values.length * 4;
  };
  for (const { iface, ticks, captured, original } of packets) {
    const padded = (captured + 3) & ~3;
    if (format === 'scanPcap') words(Math.floor(ticks / 1e6), ticks % 1e6, captured, original);
    else words(6, 32 + padded, iface, Math.floor(ticks / 2 ** 32), ticks % 2 ** 32, captured, original);
    at += format === 'scanPcap' ? captured : padded;
    if (format === 'scanPcapng') words(32 + padded);
  }
  return at;
}

/** Interfaces that count µs from 0, the last of which is not plain. */
function writeScan({ words, doubles }: Views, littleEndian: boolean, isPlain = true): void {
  words.fill(0, SCAN / 4, (SCAN + SCAN_FIRST_INTERFACE + INTERFACES * INTERFACE_BYTES) / 4);
  words[(SCAN + SCAN_SWAPPED) / 4] = littleEndian ? 0 : 1;
  words[(SCAN + SCAN_INTERFACES) / 4] = INTERFACES;
  for (let i = 0; i < INTERFACES; i++) {
    const at = SCAN + SCAN_FIRST_INTERFACE + i * INTERFACE_BYTES;
    doubles[(at + INTERFACE_SCALE) / 8] = 1000;
    words[(at + INTERFACE_FCS) / 4] = i === 1 ? 4 : 0;
    words[(at + INTERFACE_PLAIN) / 4] = isPlain && i < INTERFACES - 1 ? 1 : 0;
  }
}

const scan = (bursts: Bursts, format: Format, length: number, room = FRAMES) =>
  bursts[format](SCAN, CAPTURE, CAPTURE + length, room, TABLE, TIMES);

for (const { name, views, bursts } of worlds()) {
  const word = (offset: number) => views.words[(SCAN + offset) / 4]!;

  for (const format of FORMATS) {
    for (const littleEndian of [true, false]) {
      const title = `${name}, ${format}, ${littleEndian ? 'little' : 'big'}-endian`;
      const packets = [
        { iface: 0, ticks: 5_000_000, captured: 60, original: 60 },
        { iface: 0, ticks: 5_000_001, captured: 0, original: 1514 },
        { iface: 0, ticks: 4_999_999, captured: 61, original: 61 },
        { iface: 0, ticks: 6_000_000_000, captured: 9300, original: 9300 },
      ];

      t.test(`${title}: every packet, its place, its time`, async (t) => {
        writeScan(views, littleEndian);
        const length = writeCapture(views, format, littleEndian, packets);
        t.equal(scan(bursts, format, length), 4);
        t.equal(word(SCAN_NEXT), CAPTURE + length);
        t.same(
          packets.map((_, i) => views.words[recordWord(i, FRAME_LENGTH)]),
          packets.map(({ captured }) => captured),
        );
        t.equal(views.words[recordWord(0, FRAME_ADDRESS)], CAPTURE + (format === 'scanPcap' ? 16 : 28));
        t.same(
          [...views.doubles.subarray(TIMES / 8, TIMES / 8 + 4)],
          packets.map(({ ticks }) => ticks * 1000),
        );
        t.equal(word(SCAN_SLICED), 1);
        t.equal(word(SCAN_BACKWARDS), 1);
      });

      t.test(`${title}: it stops where there is no room, and where a packet is not whole`, async (t) => {
        writeScan(views, littleEndian);
        const length = writeCapture(views, format, littleEndian, packets);
        t.equal(scan(bursts, format, length, 2), 2);
        for (const cut of [1, 4, 9300, 9316]) t.equal(scan(bursts, format, length - cut), 3, `${cut} bytes less`);
        t.equal(scan(bursts, format, 0), 0);
        writeScan(views, littleEndian, false);
        t.equal(scan(bursts, format, length), 0, 'not plain');
      });
    }
  }

  t.test(`${name}: what is odd stops a scan`, async (t) => {
    const odd = { iface: 0, ticks: 0, captured: 60, original: 60 };
    const after = (format: Format, packet: Partial<Written>, spoil: (at: number) => void = () => {}) => {
      writeScan(views, true);
      const length = writeCapture(views, format, true, [odd, { ...odd, ...packet }, odd]);
      spoil(CAPTURE + (format === 'scanPcap' ? 76 : 92));
      return scan(bursts, format, length);
    };
    const set = (offset: number, value: number) => (at: number) => {
      new DataView(views.bytes.buffer).setUint32(at + offset, value, true);
    };
    t.equal(after('scanPcap', {}), 3);
    t.equal(after('scanPcap', {}, set(4, 1e6)), 1, 'a fraction of a second');
    for (const length of [262_145, 0x7fffffff, 0x80000000, 0xffffffff]) {
      t.equal(after('scanPcap', {}, set(8, length)), 1, `${length} bytes`);
      t.equal(after('scanPcapng', {}, set(20, length)), 1, `${length} bytes`);
      t.equal(after('scanPcapng', {}, set(4, length)), 1, `a block of ${length} bytes`);
    }
    t.equal(after('scanPcapng', {}), 3);
    t.equal(after('scanPcapng', {}, set(0, 5)), 1, 'another block');
    t.equal(after('scanPcapng', {}, set(4, 0)), 1, 'no length');
    t.equal(after('scanPcapng', {}, set(4, 93)), 1, 'no multiple of 4');
    t.equal(after('scanPcapng', {}, set(20, 61)), 1, 'over its block');
    t.equal(after('scanPcapng', {}, set(88, 96)), 1, 'another length at the end');
    t.equal(after('scanPcapng', { iface: INTERFACES - 1 }), 1, 'not plain');
    t.equal(after('scanPcapng', { iface: INTERFACES }), 1, 'no such interface');
  });

  t.test(`${name}: the FCS that was stored is left away`, async (t) => {
    const fcs = (captured: number, original: number) => {
      writeScan(views, true);
      const length = writeCapture(views, 'scanPcapng', true, [{ iface: 1, ticks: 0, captured, original }]);
      scan(bursts, 'scanPcapng', length);
      return views.words[recordWord(0, FRAME_LENGTH)];
    };
    t.same([fcs(64, 64), fcs(63, 64), fcs(61, 64), fcs(60, 64), fcs(59, 64)], [60, 60, 60, 60, 59]);
    t.same([fcs(3, 3), fcs(64, 60), fcs(60, 0)], [0, 64, 60], 'lengths that contradict each other');
  });
}

const twins = new Twins();
const packet = fc.record({
  iface: fc.nat(INTERFACES),
  ticks: fc.oneof(fc.nat(1e7), fc.nat(2 ** 50)),
  captured: fc.oneof(fc.nat(100), fc.nat(1600)),
  original: fc.nat(1700),
});
const damage = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 3 });

t.test('both agree, whatever stands there', async () => {
  const property = fc.property(
    fc.noShrink(fc.nat()),
    fc.constantFrom(...FORMATS),
    fc.boolean(),
    fc.array(packet, { maxLength: 8 }),
    damage,
    fc.nat(FRAMES),
    (seed, format, littleEndian, packets, damages, room) => {
      let length = 0;
      twins.prepare(({ views }) => {
        const random = new Random(seed);
        for (let i = CAPTURE / 4; i < (CAPTURE + CAPTURE_BYTES) / 4; i++) views.words[i] = random.word();
        writeScan(views, littleEndian);
        for (let i = 0; i < INTERFACES; i++) {
          const at = (SCAN + SCAN_FIRST_INTERFACE + i * INTERFACE_BYTES) / 4;
          views.words[at] = random.word();
          views.words[at + 1] = random.word() >> random.below(32);
        }
        const written = writeCapture(views, format, littleEndian, packets);
        for (const [at, value] of damages) views.bytes[CAPTURE + at] = value;
        length = Math.max(0, written + [0, 0, -1, 100][random.below(4)]!);
      });
      twins.call(format, (bursts) => scan(bursts, format, length, room));
    },
  );
  fc.assert(property, { numRuns: 400 });
});
