// Cold. Runs on: NIC, main.
// What a file is, by its first bytes.

import { CaptureError } from './capture-error.js';
import type { CaptureFormat, Reading } from './format.js';
import { PcapFormat } from './pcap-format.js';
import { isPcap, PCAP_HEADER_BYTES, parsePcapHeader } from './pcap-header.js';
import { PcapngFormat, SECTION_HEADER } from './pcapng-format.js';

export const MAGIC_BYTES = 4;
/** So many bytes the longest header of a file has that begins with `magic`. */
export function headerBytes(magic: DataView): number {
  return isPcap(magic) ? PCAP_HEADER_BYTES : MAGIC_BYTES;
}

const GZIP = [0x1f, 0x8b];

export function isGzip(bytes: Uint8Array): boolean {
  return GZIP.every((byte, i) => bytes[i] === byte);
}

/** Other files that people pass as a capture: their first bytes, what they are, how to get a capture out of them. */
const FOREIGN = [
  ['a1b2cd34', 'a "modified" pcap file, whose packets have longer headers', 'editcap -F pcap IN OUT'],
  ['34cdb2a1', 'a "modified" pcap file, whose packets have longer headers', 'editcap -F pcap IN OUT'],
  ['1f8b', 'compressed with gzip twice', 'gzip -dc IN > OUT'],
  ['28b52ffd', 'compressed with zstd', 'zstd -d IN -o OUT'],
  ['04224d18', 'compressed with lz4', 'lz4 -d IN OUT'],
  ['fd377a58', 'compressed with xz', 'xz -dc IN > OUT'],
  ['425a68', 'compressed with bzip2', 'bzip2 -dc IN > OUT'],
  ['504b0304', 'a zip archive', 'unzip IN'],
  ['736e6f6f', 'a snoop file', 'editcap -F pcap IN OUT'],
] as const;

/** @param bytes the file's first; as many as its header has, or all there are @throws CaptureError */
export function openFormat(reading: Reading, bytes: Uint8Array): CaptureFormat {
  const { path } = reading;
  refuseForeign(path, bytes);
  if (bytes.length < MAGIC_BYTES) throw tooShort(path, bytes.length, MAGIC_BYTES);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.getUint32(0) === SECTION_HEADER) return new PcapngFormat(reading);
  if (!isPcap(header)) throw noCapture(path, bytes);
  if (bytes.length < PCAP_HEADER_BYTES) throw tooShort(path, bytes.length, PCAP_HEADER_BYTES);
  return new PcapFormat(reading, parsePcapHeader(path, header));
}

function refuseForeign(path: string, bytes: Uint8Array): void {
  const start = hex(bytes);
  const foreign = FOREIGN.find(([magic]) => start.startsWith(magic));
  if (foreign === undefined) return;
  throw new CaptureError(path, `this is ${foreign[1]}; a pcap or pcapng file is needed: ${foreign[2]}`);
}

function tooShort(path: string, length: number, header: number): CaptureError {
  if (length === 0) return new CaptureError(path, 'the file is empty; a pcap or pcapng file is needed');
  return new CaptureError(path, `the file ends at byte ${length}, within the header of ${header} bytes`);
}

function noCapture(path: string, bytes: Uint8Array): CaptureError {
  const right = 'pcap (a1b2c3d4 or a1b23c4d, in either byte order) or pcapng (0a0d0d0a)';
  return new CaptureError(path, `not a capture: it starts with the bytes ${hex(bytes)}, not with those of ${right}`);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, MAGIC_BYTES)).toString('hex');
}
