// Cold. Runs on: main, and NIC before the first packet.
// Reads a capture packet by packet, in chunks. A packet is a header of four words and its bytes:
//   0  seconds · 4  fraction in µs or ns · 8  bytes stored · 12  bytes on the wire

import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { FRAME_BYTES_MAX } from '../../bursts/layout.js';
import { CaptureError } from './capture-error.js';
import { PCAP_HEADER_BYTES, type PcapHeader, parsePcapHeader } from './pcap-header.js';

const PACKET_HEADER_BYTES = 16;
const CHUNK_BYTES = 256 * 1024; // more than a packet's header and FRAME_BYTES_MAX

/** Opens `path`, gives its packets to `use`, and closes it, whatever happens. */
export function readCapture<T>(path: string, bytesMax: number, use: (packets: PcapReader) => T): T {
  const descriptor = openCapture(path, bytesMax);
  try {
    return use(new PcapReader(path, descriptor));
  } finally {
    closeSync(descriptor);
  }
}

/** Stands on one packet; next() moves to the following one. */
export class PcapReader {
  readonly header: PcapHeader;
  /** Packets read so far. */
  count = 0;
  /** Stored bytes of the packet. */
  length = 0;
  wireLength = 0;
  /** Since the first packet. Exact up to 2^53 ns, which are 104 days. */
  timeNs = 0;

  private readonly path: string;
  private readonly descriptor: number;
  private readonly chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  private position = 0; // of the next byte, in the chunk
  private filled = 0;
  private offset = 0; //   of the next byte, in the file
  private firstSeconds = 0;
  private firstFraction = 0;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.descriptor = descriptor;
    const present = this.available(PCAP_HEADER_BYTES);
    this.header = parsePcapHeader(path, this.chunk.subarray(0, Math.min(present, PCAP_HEADER_BYTES)));
    this.skip(PCAP_HEADER_BYTES);
  }

  /** False at the end of the file. */
  next(): boolean {
    const present = this.available(PACKET_HEADER_BYTES);
    if (present === 0) return false;
    this.count++;
    if (present < PACKET_HEADER_BYTES) this.failTruncated(present, 'its header', PACKET_HEADER_BYTES);
    this.length = this.word(8);
    this.wireLength = this.word(12);
    this.checkLength();
    this.setTime(this.word(0), this.word(4));
    this.skip(PACKET_HEADER_BYTES);
    const stored = this.available(this.length);
    if (stored < this.length) this.failTruncated(stored, 'its bytes', this.length);
    this.skip(this.length);
    return true;
  }

  /** The packet's bytes; before the next next(). */
  copyTo(bytes: Uint8Array, address: number): void {
    bytes.set(this.chunk.subarray(this.position - this.length, this.position), address);
  }

  private setTime(seconds: number, fraction: number): void {
    const nanoseconds = this.header.resolution === 'ns';
    if (fraction >= (nanoseconds ? 1e9 : 1e6)) this.failFraction(fraction);
    if (this.count === 1) {
      this.firstSeconds = seconds;
      this.firstFraction = fraction;
    }
    this.timeNs = (seconds - this.firstSeconds) * 1e9 + (fraction - this.firstFraction) * (nanoseconds ? 1 : 1e3);
  }

  private word(at: number): number {
    const place = this.position + at;
    return this.header.byteOrder === 'little' ? this.chunk.readUInt32LE(place) : this.chunk.readUInt32BE(place);
  }

  private skip(bytes: number): void {
    this.position += bytes;
    this.offset += bytes;
  }

  /** Bytes from the current place on, at most `wanted`; fewer only at the end of the file. */
  private available(wanted: number): number {
    if (this.filled - this.position < wanted) this.refill();
    return Math.min(wanted, this.filled - this.position);
  }

  private refill(): void {
    this.chunk.copyWithin(0, this.position, this.filled);
    this.filled -= this.position;
    this.position = 0;
    let read = 1;
    while (read > 0 && this.filled < CHUNK_BYTES) {
      read = this.read();
      this.filled += read;
    }
  }

  private read(): number {
    try {
      return readSync(this.descriptor, this.chunk, this.filled, CHUNK_BYTES - this.filled, null);
    } catch (error) {
      throw unreadable(this.path, error);
    }
  }

  private checkLength(): void {
    if (this.length > FRAME_BYTES_MAX) this.failLong();
    if (this.length === 0)
      throw new CaptureError(this.path, `${this.where()} has no bytes; each must have at least one`);
  }

  // A length over snaplen alone is let pass: programs that write captures take that field lightly.
  private failLong(): never {
    const { snaplen } = this.header;
    const found = `${this.where()} has ${this.length} bytes`;
    if (this.length > snaplen) {
      throw new CaptureError(this.path, `${found}, though the file's snaplen is ${snaplen}: the file is damaged here`);
    }
    const remedy = `a frame has at most ${FRAME_BYTES_MAX}: record with segmentation offloads off, or cut packets with editcap -s ${FRAME_BYTES_MAX}`;
    throw new CaptureError(this.path, `${found}; ${remedy}`);
  }

  private failFraction(fraction: number): never {
    const { resolution } = this.header;
    const most = resolution === 'ns' ? 999_999_999 : 999_999;
    const found = `${this.where()} is ${fraction} ${resolution} past the full second, where ${most} is the most`;
    throw new CaptureError(this.path, `${found}: the file is damaged, or its magic number is wrong`);
  }

  private failTruncated(present: number, part: string, wanted: number): never {
    const found = `ends within packet ${this.count}: ${present} of the ${wanted} bytes of ${part}, at byte ${this.offset}`;
    throw new CaptureError(this.path, `the file ${found}; editcap -F pcap IN OUT keeps the packets before it`);
  }

  private where(): string {
    return `packet ${this.count} at byte ${this.offset}`;
  }
}

function openCapture(path: string, bytesMax: number): number {
  const stats = statOf(path);
  if (stats.isDirectory()) throw new CaptureError(path, 'this is a directory; a pcap file is needed');
  if (!stats.isFile())
    throw new CaptureError(path, 'this is not a regular file; a capture is read twice, so it must be one');
  if (stats.size > bytesMax) {
    const found = `the file has ${stats.size} bytes, and captures may have ${bytesMax}`;
    throw new CaptureError(path, `${found}: keep the first packets with editcap -r -F pcap IN OUT 1-1000000`);
  }
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): CaptureError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new CaptureError(path, 'there is no such file');
  if (code === 'EACCES') return new CaptureError(path, 'this user may not read the file');
  return new CaptureError(path, `the file cannot be read: ${message}`);
}
