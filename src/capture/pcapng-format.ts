// Cold. Runs on: NIC, main.
// pcapng (draft-ietf-opsawg-pcapng): blocks, each with its type, its length, its body, and its length once more.

import {
  BLOCK_BYTES_MIN,
  BLOCK_LENGTH,
  BLOCK_TRAILER_BYTES,
  BLOCK_TYPE,
  ENHANCED_PACKET_BLOCK,
} from '../bursts/wire.js';
import { type CaptureFormat, faultHere, type Reading } from './format.js';
import { INTERFACE_BLOCK_BYTES_MIN, parseInterface } from './pcapng-interface.js';
import { BLOCK_OBSOLETE_PACKET, BLOCK_SIMPLE_PACKET, PcapngPackets } from './pcapng-packets.js';

export const SECTION_HEADER = 0x0a0d0d0a; // the same in either byte order
const INTERFACE_DESCRIPTION = 1;
/** Of a block that is no packet; as in Wireshark. */
const BLOCK_BYTES_MAX = 16 * 2 ** 20;

// A Section Header Block: byte-order magic, u16 major and minor version, int64 length of the section, options.
const BYTE_ORDER = 8;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const MAJOR = 12;
const MINOR = 14;
const SECTION_BLOCK_BYTES_MIN = 28;
const MINORS = [0, 2];

export class PcapngFormat implements CaptureFormat {
  readonly name = 'pcapng';
  skippedBlocks = 0;
  private readonly reading: Reading;
  private readonly packets: PcapngPackets;
  /** Bytes of the body of a block, too long for the window, that are passed over. */
  private toSkip = 0;
  /** The length of that block, which must stand behind it. */
  private trailer = 0;

  /** The window stands at the first byte of a Section Header Block. */
  constructor(reading: Reading) {
    this.reading = reading;
    this.packets = new PcapngPackets(reading);
  }

  scanRun(): void {
    const { bursts, scan, window, frames } = this.reading;
    if (this.toSkip > 0 || this.trailer > 0) return;
    const { nextRecord, nextTime, free } = frames;
    frames.added(bursts.scanPcapng(scan.address, window.position, window.end, free, nextRecord, nextTime));
    window.position = scan.next;
  }

  readOne(): number {
    const { window } = this.reading;
    if (this.toSkip > 0) return this.skip();
    if (this.trailer > 0) return this.endSkipped();
    if (window.available < BLOCK_BYTES_MIN) return BLOCK_BYTES_MIN;
    if (window.word(BLOCK_TYPE) === SECTION_HEADER) this.readByteOrder();
    const length = this.checkedLength();
    const visible = Math.min(length, window.capacity);
    if (window.available < visible) return visible;
    if (visible === length) this.checkTrailer(length - BLOCK_TRAILER_BYTES, length);
    this.readBlock(length, visible);
    window.position += visible;
    this.toSkip = Math.max(0, length - visible - BLOCK_TRAILER_BYTES);
    this.trailer = visible === length ? 0 : length;
    return 0;
  }

  end(): void {
    const { window } = this.reading;
    if (this.toSkip > 0 || this.trailer > 0) throw this.breaksOff(`a block of ${this.trailer} bytes`);
    if (window.available === 0) return;
    if (window.available < BLOCK_BYTES_MIN) throw this.breaksOff('the header of a block');
    throw this.breaksOff(`a block of ${window.word(BLOCK_LENGTH)} bytes, of which ${window.available} are there`);
  }

  private readBlock(length: number, visible: number): void {
    const type = this.reading.window.word(BLOCK_TYPE);
    if (type === SECTION_HEADER) this.beginSection(length);
    else if (type === INTERFACE_DESCRIPTION) this.addInterface(length, visible);
    else if (type === ENHANCED_PACKET_BLOCK) this.packets.readEnhanced(length, visible);
    else if (type === BLOCK_OBSOLETE_PACKET) this.packets.readObsolete(length, visible);
    else if (type === BLOCK_SIMPLE_PACKET) this.packets.readSimple(length, visible);
    else this.skippedBlocks += 1;
  }

  /** Each section has a byte order of its own, and says it before anything in that order is read. */
  private readByteOrder(): void {
    const { window, scan } = this.reading;
    const read = (littleEndian: boolean) => {
      window.littleEndian = littleEndian;
      return window.word(BYTE_ORDER) === BYTE_ORDER_MAGIC;
    };
    if (!read(true) && !read(false)) {
      const found = window.word(BYTE_ORDER).toString(16).padStart(8, '0');
      throw faultHere(this.reading, 'the section', `has the byte-order magic ${found}, which must be 1a2b3c4d`);
    }
    scan.swapped = !window.littleEndian;
  }

  private beginSection(length: number): void {
    const { window } = this.reading;
    if (length < SECTION_BLOCK_BYTES_MIN) throw this.tooShort(length, SECTION_BLOCK_BYTES_MIN);
    const [major, minor] = [window.half(MAJOR), window.half(MINOR)];
    if (major !== 1 || !MINORS.includes(minor)) {
      throw faultHere(this.reading, 'the section', `is of pcapng version ${major}.${minor}; only 1.0 is read`);
    }
    this.packets.beginSection();
  }

  private addInterface(length: number, visible: number): void {
    if (length < INTERFACE_BLOCK_BYTES_MIN) throw this.tooShort(length, INTERFACE_BLOCK_BYTES_MIN);
    this.packets.addInterface(parseInterface(this.reading, visible));
  }

  private checkedLength(): number {
    const length = this.reading.window.word(BLOCK_LENGTH);
    if (length < BLOCK_BYTES_MIN) throw this.tooShort(length, BLOCK_BYTES_MIN);
    if (length % 4 !== 0) throw this.corrupt(`has a length of ${length} bytes, which must be a multiple of 4`);
    if (length > BLOCK_BYTES_MAX)
      throw this.corrupt(`says that it has ${length} bytes, and ${BLOCK_BYTES_MAX} are the most`);
    return length;
  }

  private checkTrailer(at: number, length: number): void {
    const repeated = this.reading.window.word(at);
    if (repeated !== length) throw this.corrupt(`begins with the length ${length}, and ends with ${repeated}`);
  }

  private skip(): number {
    const { window } = this.reading;
    if (window.available === 0) return 1;
    const bytes = Math.min(this.toSkip, window.available);
    window.position += bytes;
    this.toSkip -= bytes;
    return 0;
  }

  private endSkipped(): number {
    const { window } = this.reading;
    if (window.available < BLOCK_TRAILER_BYTES) return BLOCK_TRAILER_BYTES;
    this.checkTrailer(0, this.trailer);
    window.position += BLOCK_TRAILER_BYTES;
    this.trailer = 0;
    return 0;
  }

  private tooShort(length: number, least: number): Error {
    return this.corrupt(`says that it has ${length} bytes, and its kind has at least ${least}`);
  }

  private corrupt(problem: string): Error {
    return faultHere(this.reading, 'the block', `${problem}: the file is corrupt here`);
  }

  private breaksOff(within: string): Error {
    return faultHere(this.reading, 'the file', `breaks off, within ${within}`);
  }
}
