// Cold. Runs on: main, and NIC before the first packet.
// The header of a classic pcap file (draft-ietf-opsawg-pcap): what is accepted, and what to say about all else.
//
//   0  magic      0xa1b2c3d4: times in µs · 0xa1b23c4d: in ns; read backwards, the whole file is in the other byte order
//   4  version    u16 2, u16 4
//   8  (two words that nobody fills)
//  16  snaplen    no packet was stored with more bytes
//  20  link type  u16, and above it flags about a stored FCS

import { CaptureError } from './capture-error.js';

export interface PcapHeader {
  readonly byteOrder: 'little' | 'big';
  readonly resolution: 'us' | 'ns';
  readonly snaplen: number;
}

export const PCAP_HEADER_BYTES = 24;

const MAGIC_US = 0xa1b2c3d4;
const MAGIC_NS = 0xa1b23c4d;
const LINK_TYPE_ETHERNET = 1;

/** Other files that people pass as a capture: their first bytes, what they are, how to get a pcap out of them. */
const FOREIGN = [
  ['0a0d0d0a', 'a pcapng file, which is not supported yet', 'editcap -F pcap IN OUT'],
  ['a1b2cd34', 'a "modified" pcap file, whose packets have longer headers', 'editcap -F pcap IN OUT'],
  ['34cdb2a1', 'a "modified" pcap file, whose packets have longer headers', 'editcap -F pcap IN OUT'],
  ['1f8b', 'compressed with gzip', 'gzip -dc IN > OUT'],
  ['28b52ffd', 'compressed with zstd', 'zstd -d IN -o OUT'],
  ['04224d18', 'compressed with lz4', 'lz4 -d IN OUT'],
  ['fd377a58', 'compressed with xz', 'xz -dc IN > OUT'],
] as const;

const LINK_TYPES: Readonly<Record<number, string>> = {
  0: 'BSD loopback',
  6: 'Token Ring',
  9: 'PPP',
  101: 'raw IP',
  105: 'IEEE 802.11',
  113: 'Linux cooked v1: record on one interface, not on "any"',
  127: 'IEEE 802.11 with radiotap',
  147: 'private use',
  195: 'IEEE 802.15.4',
  201: 'Bluetooth HCI',
  220: 'USB on Linux',
  228: 'raw IPv4',
  229: 'raw IPv6',
  239: 'NFLOG',
  249: 'USBPcap',
  253: 'netlink',
  276: 'Linux cooked v2: record on one interface, not on "any"',
};

/** `bytes`: the file's first 24, or all of a shorter file. */
export function parsePcapHeader(path: string, bytes: Buffer): PcapHeader {
  if (bytes.length === 0)
    throw new CaptureError(path, 'the file is empty; a pcap file starts with a header of 24 bytes');
  refuseForeign(path, bytes);
  if (bytes.length < PCAP_HEADER_BYTES) {
    throw new CaptureError(path, `the file ends at byte ${bytes.length}, within the pcap header of 24 bytes`);
  }
  const { byteOrder, resolution } = parseMagic(path, bytes);
  const little = byteOrder === 'little';
  refuseVersion(
    path,
    little ? bytes.readUInt16LE(4) : bytes.readUInt16BE(4),
    little ? bytes.readUInt16LE(6) : bytes.readUInt16BE(6),
  );
  refuseLinkType(path, little ? bytes.readUInt32LE(20) : bytes.readUInt32BE(20));
  return { byteOrder, resolution, snaplen: little ? bytes.readUInt32LE(16) : bytes.readUInt32BE(16) };
}

function refuseForeign(path: string, bytes: Buffer): void {
  const start = bytes.toString('hex', 0, 4);
  const foreign = FOREIGN.find(([magic]) => start.startsWith(magic));
  if (foreign === undefined) return;
  throw new CaptureError(path, `this is ${foreign[1]}; a classic pcap file is needed: ${foreign[2]}`);
}

function parseMagic(path: string, bytes: Buffer): Pick<PcapHeader, 'byteOrder' | 'resolution'> {
  const little = bytes.readUInt32LE(0);
  const big = bytes.readUInt32BE(0);
  if (little === MAGIC_US) return { byteOrder: 'little', resolution: 'us' };
  if (little === MAGIC_NS) return { byteOrder: 'little', resolution: 'ns' };
  if (big === MAGIC_US) return { byteOrder: 'big', resolution: 'us' };
  if (big === MAGIC_NS) return { byteOrder: 'big', resolution: 'ns' };
  const found = bytes.toString('hex', 0, 4);
  throw new CaptureError(
    path,
    `not a pcap file: it starts with the bytes ${found}, not with a1b2c3d4 or a1b23c4d in either byte order`,
  );
}

function refuseVersion(path: string, major: number, minor: number): void {
  if (major === 2 && minor === 4) return;
  throw new CaptureError(path, `pcap version ${major}.${minor} at byte 4; only 2.4 is read: editcap -F pcap IN OUT`);
}

function refuseLinkType(path: string, field: number): void {
  const linkType = field & 0xffff;
  if (linkType !== LINK_TYPE_ETHERNET) {
    const name = LINK_TYPES[linkType] ?? 'unknown';
    throw new CaptureError(path, `link type ${linkType} (${name}) at byte 20; only Ethernet (1) can be replayed`);
  }
  if (field === LINK_TYPE_ETHERNET) return;
  const flags = (field >>> 16).toString(16);
  throw new CaptureError(
    path,
    `flags 0x${flags} above the link type at byte 20 (stored FCS); frames without FCS are needed`,
  );
}
