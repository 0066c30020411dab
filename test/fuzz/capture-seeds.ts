// Cold. Runs on: main.
// Captures to begin with: short ones of each format and link type, by hand and from the recordings.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Pcapng } from '../capture/pcapng-of.js';
import { captureOf } from '../nic/captures.js';
import { listFixtures } from '../oracle/fixtures.js';

const RECORDED_BYTES = 3000;
const LINK_TYPES = [0, 1, 101, 108, 113, 228, 229, 276, 0x24000001];

export function captureSeeds(): Uint8Array[] {
  const recorded = listFixtures().map(({ path }) => readFileSync(path).subarray(0, RECORDED_BYTES));
  const made = [
    ...LINK_TYPES.flatMap((linkType) => pcapSeeds(linkType)),
    ...LINK_TYPES.map((linkType) => pcapngSeed(linkType & 0xffff)),
  ];
  return [...recorded, ...made, gzipSync(made[0]!)];
}

function packetOf(length: number, first: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i === 0 ? first : i === 12 ? 8 : i & 0xff));
}

function pcapSeeds(linkType: number): Buffer[] {
  const packets = [60, 20, 1, 90].map((length, i) => ({
    seconds: 100 + i,
    fraction: i,
    bytes: packetOf(length, i % 2 ? 0x45 : 0x60),
  }));
  const formats = [
    { byteOrder: 'little', resolution: 'us' },
    { byteOrder: 'big', resolution: 'ns' },
  ] as const;
  return formats.map((format) => captureOf(packets, { ...format, linkType }));
}

/** Two sections, one in each byte order: interfaces with the options that we read, a packet in a block of each kind. */
function pcapngSeed(linkType: number): Buffer {
  return Buffer.concat([true, false].flatMap((littleEndian) => sectionOf(new Pcapng(littleEndian), linkType)));
}

function sectionOf(to: Pcapng, linkType: number): Buffer[] {
  const options = [to.option(9, Uint8Array.of(9)), to.option(14, to.long(0n)), to.option(13, Uint8Array.of(0))];
  const packet = packetOf(42, 0x45);
  return [
    to.section(),
    to.interface(linkType, 0, ...options, to.option(0, Uint8Array.of())),
    to.interface(1, 64),
    to.enhanced(0, 5_000n, packet),
    to.enhanced(0, 4_000n, packetOf(21, 0x60)),
    to.simple(packet),
    to.obsolete(0, 6_000n, packet, 1514),
    to.block(5, to.words(0, 0, 0)),
    to.block(0x0bad, to.words(1, 2, 3)),
    to.enhanced(1, 0n, packetOf(64, 0x45)),
  ];
}
