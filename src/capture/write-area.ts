// Hot. Runs on: a thread that records (BlockWriter); main, before and after.
// One write area: the blocks that one thread has for one capture file and has not written yet. It lies in shared memory, so
// that main can finish the file of a thread that died.
//
//                                                                               written by
//   0    WRITTEN   bytes that are in the file                          double   recording thread
//   8    PRODUCED  bytes in all; those beyond WRITTEN lie at BLOCKS    double   recording thread, behind the blocks
//   16   PACKETS   how many of the blocks are packets                  double   recording thread
//   24   FAULT     errno of the write that failed, 0 = none            word     recording thread, before it dies
//   32   STAMP     what the packets of a burst have in common                   recording thread
//   64   COMMENTS  64 bytes for each reason: its options                        main, before any thread runs
//   …    BLOCKS    room for what is written at once, and for one burst more     recording thread
// A thread may end between any two stores: until WRITTEN is stored, what it has written does not count.

import { writeSync } from 'node:fs';
import { BATCH_ENTRIES, FRAME_BYTES_MAX, STAMP_BYTES, STAMP_TIME_HIGH, STAMP_TIME_LOW } from '../bursts/layout.js';
import { EPB_BYTES } from '../bursts/wire.js';
import { alignUp, CACHE_LINE_BYTES, DOUBLE_BYTES, WORD_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { COMMENT_BYTES, COMMENTS_BYTES, Comments, writeComments } from './write-reasons.js';
import type { CaptureTime } from './write-time.js';

const WRITTEN = 0;
const PRODUCED = WRITTEN + DOUBLE_BYTES;
const PACKETS = PRODUCED + DOUBLE_BYTES;
const FAULT = PACKETS + DOUBLE_BYTES;
const STAMP = alignUp(FAULT + WORD_BYTES, STAMP_BYTES);
const COMMENTS = alignUp(STAMP + STAMP_BYTES, CACHE_LINE_BYTES);
const BLOCKS = COMMENTS + COMMENTS_BYTES;
/** What is written at once: fewer bytes wait for more, or for an idle moment. */
const WRITE_BYTES = 256 * 1024;
const BURST_BYTES_MAX = BATCH_ENTRIES * (EPB_BYTES + FRAME_BYTES_MAX + COMMENT_BYTES);
export const WRITE_AREA_BYTES = BLOCKS + WRITE_BYTES + BURST_BYTES_MAX;

/** Where a thread writes. */
export interface WriterTask {
  /** Byte address of the write area. */
  readonly area: number;
  /** Main opened it, and closes it when no thread runs any more. */
  readonly fd: number;
}

/** One thread's hold on one file: blocks gather, and go to the file when there are many or the thread has nothing to do. */
export class BlockWriter {
  /** Byte address of the stamp, for the burst functions. */
  readonly stamp: number;
  private readonly views: Views;
  private readonly fd: number;
  private readonly area: number;
  private readonly comments: Comments;
  private filled: number;

  constructor(views: Views, { area, fd }: WriterTask) {
    this.views = views;
    this.fd = fd;
    this.area = area;
    this.stamp = area + STAMP;
    this.comments = new Comments(views, area + COMMENTS);
    const { produced, written } = readWriteArea(views, area);
    this.filled = produced - written; // what a thread before this one has left
  }

  /** Byte address at which the next block begins. There is room for a burst. */
  get end(): number {
    return this.area + BLOCKS + this.filled;
  }

  /** The packets that come next have no comment. */
  stampDelivered(time: CaptureTime): void {
    this.stampTime(time);
    this.comments.clear(this.stamp);
  }

  /** The packets that come next say why they were dropped. @param reason index in DROP_REASONS */
  stampDropped(time: CaptureTime, reason: number): void {
    this.stampTime(time);
    this.comments.stamp(this.stamp, reason);
  }

  /** `bytes` of blocks stand at `end` now. @throws Error of the system when they could not be written */
  add(bytes: number, packets: number): void {
    const { doubles } = this.views;
    const produced = (this.area + PRODUCED) / DOUBLE_BYTES;
    const counted = (this.area + PACKETS) / DOUBLE_BYTES;
    this.filled += bytes;
    doubles[produced] = doubles[produced]! + bytes;
    doubles[counted] = doubles[counted]! + packets;
    if (this.filled >= WRITE_BYTES) this.flush();
  }

  flush(): void {
    if (this.filled === 0) return;
    const first = this.area + BLOCKS;
    const { doubles } = this.views;
    const written = doubles[(this.area + WRITTEN) / DOUBLE_BYTES]!;
    for (let done = 0; done < this.filled; ) done += this.write(first + done, this.filled - done, written + done);
    doubles[(this.area + WRITTEN) / DOUBLE_BYTES] = doubles[(this.area + PRODUCED) / DOUBLE_BYTES]!;
    this.filled = 0;
  }

  private stampTime(time: CaptureTime): void {
    this.views.words[(this.stamp + STAMP_TIME_HIGH) / 4] = time.high;
    this.views.words[(this.stamp + STAMP_TIME_LOW) / 4] = time.low;
  }

  /** Over what a thread that died has written and not told. */
  private write(from: number, bytes: number, position: number): number {
    try {
      return writeSync(this.fd, this.views.bytes, from, bytes, position);
    } catch (error) {
      // The thread dies of it; by this word main knows that it was the file's fault.
      this.views.words[(this.area + FAULT) / 4] = (error as NodeJS.ErrnoException).errno!;
      throw error;
    }
  }
}

/** Main, before any thread runs. @param fileBytes what the file has already */
export function createWriteArea(views: Views, address: number, fileBytes: number): void {
  views.bytes.fill(0, address, address + BLOCKS);
  views.doubles[(address + WRITTEN) / DOUBLE_BYTES] = fileBytes;
  views.doubles[(address + PRODUCED) / DOUBLE_BYTES] = fileBytes;
  writeComments(views, address + COMMENTS);
}

/** What main may know of an area while its thread runs. */
export interface WriteProgress {
  readonly written: number;
  readonly produced: number;
  readonly packets: number;
  readonly fault: number;
}

export function readWriteArea(views: Views, address: number): WriteProgress {
  const double = (offset: number) => views.doubles[(address + offset) / DOUBLE_BYTES]!;
  const fault = views.words[(address + FAULT) / 4]!;
  return { written: double(WRITTEN), produced: double(PRODUCED), packets: double(PACKETS), fault };
}

/** For main, when the area's thread runs no more: the blocks that are not in the file. A copy. */
export function unwrittenBlocks(views: Views, address: number): Buffer {
  const { written, produced } = readWriteArea(views, address);
  const start = address + BLOCKS;
  return Buffer.from(views.bytes.slice(start, start + produced - written));
}
