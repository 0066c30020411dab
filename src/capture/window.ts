// Cold. Runs on: NIC, once per window; main, for the beginning of a capture.
// The part of a capture that is in memory now.
//
//   first            position              end              limit
//   │ dealt with     │ read, not looked at │ free           │

import type { Views } from '../memory/views.js';
import { type ByteSource, DRY, END } from './byte-source.js';
import type { CaptureLayout } from './layout.js';

/** So many bytes as were wanted are there. */
export const READY = 1;
/** They would not fit without moving what is there. */
export const FULL = 2;
export type Filled = typeof READY | typeof FULL | typeof DRY | typeof END;

export class Window {
  /** Byte addresses. */
  position: number;
  end: number;
  /** Something that was read in this pass is no longer there. */
  moved = false;
  /** Words are read in this order. */
  littleEndian = true;
  private readonly bytes: Uint8Array;
  private readonly data: DataView;
  private readonly first: number;
  private readonly limit: number;
  private source: ByteSource;
  /** Bytes of the capture before `first`. */
  private passed = 0;
  private unpacked = false;

  constructor(views: Views, { window, windowBytes }: CaptureLayout, source: ByteSource) {
    this.bytes = views.bytes;
    this.data = new DataView(views.bytes.buffer);
    this.first = window;
    this.limit = window + windowBytes;
    this.position = window;
    this.end = window;
    this.source = source;
  }

  /** Bytes that lie from the position on. */
  get available(): number {
    return this.end - this.position;
  }

  get capacity(): number {
    return this.limit - this.first;
  }

  /** Where in the capture the position is, for messages. */
  get place(): string {
    const offset = this.passed + this.position - this.first;
    return this.unpacked ? `byte ${offset} of the unpacked capture` : `byte ${offset}`;
  }

  /** The capture begins anew, or what was read is not the capture but a stream that holds it. */
  restart(source: ByteSource, unpacked: boolean): void {
    this.source = source;
    this.unpacked = unpacked;
    this.position = this.first;
    this.end = this.first;
    this.passed = 0;
    this.moved = false;
  }

  /**
   * Reads until `wanted` bytes lie from the position on, and as many more as come at once.
   * @param mayMove nobody holds an address in the window
   */
  fill(wanted: number, mayMove: boolean): Filled {
    if (wanted > this.capacity) throw new RangeError(`wanted=${wanted}: the window has ${this.capacity} bytes`);
    if (mayMove && this.shouldMove(wanted)) this.move();
    while (this.available < wanted) {
      if (this.end === this.limit) return FULL;
      const count = this.source.read(this.bytes, this.end, this.limit - this.end);
      if (count === DRY || count === END) return count;
      this.end += count;
    }
    return READY;
  }

  /** @param at bytes after the position */
  word(at: number): number {
    return this.data.getUint32(this.position + at, this.littleEndian);
  }

  half(at: number): number {
    return this.data.getUint16(this.position + at, this.littleEndian);
  }

  long(at: number): bigint {
    return this.data.getBigInt64(this.position + at, this.littleEndian);
  }

  byte(at: number): number {
    return this.bytes[this.position + at]!;
  }

  /** A copy. */
  copy(at: number, length: number): Uint8Array {
    return this.bytes.slice(this.position + at, this.position + at + length);
  }

  private shouldMove(wanted: number): boolean {
    const done = this.position - this.first;
    return done > this.capacity >> 1 || this.position + wanted > this.limit;
  }

  private move(): void {
    this.bytes.copyWithin(this.first, this.position, this.end);
    const by = this.position - this.first;
    this.passed += by;
    this.position -= by;
    this.end -= by;
    this.moved ||= by > 0;
  }
}
