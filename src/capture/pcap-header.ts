// Cold. Runs on: NIC, main.
// The header of a classic pcap file (draft-ietf-opsawg-pcap): what is accepted, and what to say about all else.
//
//   0  magic      0xa1b2c3d4: times in µs · 0xa1b23c4d: in ns; read backwards, the whole file is in the other byte order
//   4  version    u16 2, u16 4
//   8  (two words that nobody fills)
//  16  snaplen    no packet was stored with more bytes; programs take it lightly, so nobody relies on it
//  20  link type  u16; above it, bit 26 says that bits 28 … 31 count the 16-bit words of FCS at the end of each frame

import { CaptureError } from './capture-error.js';
import { type LinkKind, linkKind, linkName, REPLAYED } from './link-types.js';

export const PCAP_HEADER_BYTES = 24;

const MAGIC_US = 0xa1b2c3d4;
const MAGIC_NS = 0xa1b23c4d;
const FCS_LENGTH_KNOWN = 0x0400_0000;
const FCS_SHIFT = 28;

export interface PcapHeader {
  readonly littleEndian: boolean;
  readonly nsPerFraction: 1 | 1000;
  readonly link: LinkKind;
  readonly fcsBytes: number;
}

export function isPcap(magic: DataView): boolean {
  return [true, false].some((little) => [MAGIC_US, MAGIC_NS].includes(magic.getUint32(0, little)));
}

/** @param header the file's first 24 bytes, of which isPcap() is true @throws CaptureError */
export function parsePcapHeader(path: string, header: DataView): PcapHeader {
  const littleEndian = [MAGIC_US, MAGIC_NS].includes(header.getUint32(0, true));
  refuseVersion(path, header.getUint16(4, littleEndian), header.getUint16(6, littleEndian));
  const field = header.getUint32(20, littleEndian);
  const nsPerFraction = header.getUint32(0, littleEndian) === MAGIC_NS ? 1 : 1000;
  return { littleEndian, nsPerFraction, link: linkOf(path, field & 0xffff), fcsBytes: fcsBytes(field) };
}

function refuseVersion(path: string, major: number, minor: number): void {
  if (major === 2 && minor === 4) return;
  throw new CaptureError(path, `pcap version ${major}.${minor} at byte 4; only 2.4 is read: editcap -F pcap IN OUT`);
}

function linkOf(path: string, linkType: number): LinkKind {
  const kind = linkKind(linkType);
  if (kind !== null) return kind;
  throw new CaptureError(path, `link type ${linkType} (${linkName(linkType)}) at byte 20; ${REPLAYED}`);
}

function fcsBytes(field: number): number {
  return (field & FCS_LENGTH_KNOWN) === 0 ? 0 : (field >>> FCS_SHIFT) * 2;
}
