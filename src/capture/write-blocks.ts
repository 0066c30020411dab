// Hot. Runs on: CPU n, NIC: a thread that records.
// One thread's hold on one capture file: blocks gather in its write area, and go to the file when there are many or when the
// thread has nothing else to do.

import { writeSync } from 'node:fs';
import { STAMP_OPTION_BYTES, STAMP_TIME_HIGH, STAMP_TIME_LOW } from '../bursts/layout.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import {
  AREA_BLOCKS,
  AREA_FAULT,
  AREA_PACKETS,
  AREA_PRODUCED,
  AREA_STAMP,
  AREA_WRITTEN,
  type Comment,
  commentsOf,
  setComment,
  WRITE_BYTES,
} from './write-area.js';
import type { CaptureTime } from './write-time.js';

/** Where a thread writes. */
export interface WriterTask {
  /** Byte address of the write area. */
  readonly area: number;
  /** Main opened it, and closes it when no thread runs any more. */
  readonly fd: number;
}

export class BlockWriter {
  /** Byte address of the stamp, for the burst functions. */
  readonly stamp: number;
  private readonly views: Views;
  private readonly fd: number;
  private readonly area: number;
  private readonly first: number;
  private readonly comments: readonly Comment[];
  private filled = 0;

  constructor(views: Views, { area, fd }: WriterTask) {
    this.views = views;
    this.fd = fd;
    this.area = area;
    this.stamp = area + AREA_STAMP;
    this.first = area + AREA_BLOCKS;
    this.comments = commentsOf(area);
  }

  /** Byte address at which the next block begins. There is room for a burst. */
  get end(): number {
    return this.first + this.filled;
  }

  /** The packets that come next have no comment. */
  stampDelivered(time: CaptureTime): void {
    this.stampTime(time);
    this.views.words[(this.stamp + STAMP_OPTION_BYTES) / 4] = 0;
  }

  /** The packets that come next say why they were dropped. @param reason index in DROP_REASONS */
  stampDropped(time: CaptureTime, reason: number): void {
    this.stampTime(time);
    setComment(this.views, this.stamp, this.comments[reason]!);
  }

  /** `bytes` of blocks stand at `end` now. @throws Error of the system when they could not be written */
  add(bytes: number, packets: number): void {
    const { doubles } = this.views;
    const produced = (this.area + AREA_PRODUCED) / DOUBLE_BYTES;
    const counted = (this.area + AREA_PACKETS) / DOUBLE_BYTES;
    this.filled += bytes;
    doubles[produced] = doubles[produced]! + bytes;
    doubles[counted] = doubles[counted]! + packets;
    if (this.filled >= WRITE_BYTES) this.flush();
  }

  flush(): void {
    if (this.filled === 0) return;
    for (let done = 0; done < this.filled; ) done += this.write(this.first + done, this.filled - done);
    const { doubles } = this.views;
    doubles[(this.area + AREA_WRITTEN) / DOUBLE_BYTES] = doubles[(this.area + AREA_PRODUCED) / DOUBLE_BYTES]!;
    this.filled = 0;
  }

  private stampTime(time: CaptureTime): void {
    this.views.words[(this.stamp + STAMP_TIME_HIGH) / 4] = time.high;
    this.views.words[(this.stamp + STAMP_TIME_LOW) / 4] = time.low;
  }

  private write(from: number, bytes: number): number {
    try {
      return writeSync(this.fd, this.views.bytes, from, bytes);
    } catch (error) {
      // The thread dies of it; by this word main knows that it was the file's fault.
      this.views.words[(this.area + AREA_FAULT) / 4] = (error as NodeJS.ErrnoException).errno!;
      throw error;
    }
  }
}
