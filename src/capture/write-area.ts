// Cold. Runs on: main, before and after the threads; the drawing is of what the recording thread writes.
// One write area: the blocks that one thread has for one capture file and has not written yet. It lies in shared memory, so
// that main can finish the file of a thread that died.
//
//   0    WRITTEN   bytes that are in the file                           double  recording thread
//   8    PRODUCED  bytes in all; those beyond WRITTEN lie at BLOCKS     double  recording thread, behind the blocks
//   16   PACKETS   how many of the blocks are packets                   double  recording thread
//   24   FAULT     errno of the write that failed, 0 = none             word    recording thread, before it dies
//   32   STAMP     what the packets of a burst have in common                   recording thread
//   64   COMMENTS  64 bytes for each reason: its options                        main, before any thread runs
//   …    BLOCKS    room for what is written at once, and for one burst more     recording thread
// A thread may end between any two stores: until WRITTEN is stored, what it has written does not count.

import {
  BATCH_ENTRIES,
  EPB_BYTES,
  FRAME_BYTES_MAX,
  STAMP_BYTES,
  STAMP_OPTION_BYTES,
  STAMP_OPTIONS,
} from '../bursts/layout.js';
import { MALFORMED_REASONS } from '../memory/counters.js';
import { alignUp, CACHE_LINE_BYTES, DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { commentOptions } from './pcapng-write.js';

export const AREA_WRITTEN = 0;
export const AREA_PRODUCED = 8;
export const AREA_PACKETS = 16;
export const AREA_FAULT = 24;
export const AREA_STAMP = 32;
export const AREA_COMMENTS = alignUp(AREA_STAMP + STAMP_BYTES, CACHE_LINE_BYTES);
export const COMMENT_BYTES = 64;

/** Why a packet was not delivered, as its comment says. The malformed come first: verdict - 1 is the index. */
export const DROP_REASONS = [...MALFORMED_REASONS, 'backlog', 'rxMissedErrors', 'rxLengthErrors'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

export const AREA_BLOCKS = AREA_COMMENTS + DROP_REASONS.length * COMMENT_BYTES;
/** What is written at once: fewer bytes wait for more, or for an idle moment. */
export const WRITE_BYTES = 256 * 1024;
const BURST_BYTES_MAX = BATCH_ENTRIES * (EPB_BYTES + FRAME_BYTES_MAX + COMMENT_BYTES);
export const WRITE_AREA_BYTES = AREA_BLOCKS + WRITE_BYTES + BURST_BYTES_MAX;

/** Main, before any thread runs. @param fileBytes what the file has already */
export function createWriteArea(views: Views, address: number, fileBytes: number): void {
  views.bytes.fill(0, address, address + AREA_BLOCKS);
  views.doubles[(address + AREA_WRITTEN) / DOUBLE_BYTES] = fileBytes;
  views.doubles[(address + AREA_PRODUCED) / DOUBLE_BYTES] = fileBytes;
  DROP_REASONS.forEach((reason, index) => {
    views.bytes.set(commentOptions(reason), commentAddress(address, index));
  });
}

/** Where the comment of reason number `index` lies. */
function commentAddress(address: number, index: number): number {
  return address + AREA_COMMENTS + index * COMMENT_BYTES;
}

/** The two words of a stamp that say why, by reason. */
export interface Comment {
  readonly address: number;
  readonly bytes: number;
}

export function commentsOf(address: number): readonly Comment[] {
  return DROP_REASONS.map((reason, index) => ({
    address: commentAddress(address, index),
    bytes: commentOptions(reason).length,
  }));
}

export function setComment(views: Views, stamp: number, { address, bytes }: Comment): void {
  views.words[(stamp + STAMP_OPTIONS) / 4] = address;
  views.words[(stamp + STAMP_OPTION_BYTES) / 4] = bytes;
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
  return {
    written: double(AREA_WRITTEN),
    produced: double(AREA_PRODUCED),
    packets: double(AREA_PACKETS),
    fault: views.words[(address + AREA_FAULT) / 4]!,
  };
}

/** For main, when the area's thread runs no more: the blocks that are not in the file. A copy. */
export function unwrittenBlocks(views: Views, address: number): Buffer {
  const { written, produced } = readWriteArea(views, address);
  const start = address + AREA_BLOCKS;
  return Buffer.from(views.bytes.slice(start, start + produced - written));
}
