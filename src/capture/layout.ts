// Cold. Runs on: main, to plan the memory; NIC.
// Where a capture that is being read lies in memory. Its bytes are read into a window, and replayed from there: nothing is
// copied before it goes into a posted buffer.
//
// The region, from its address; all of it is written by the NIC.
//   counters  what the capture holds (CAPTURE_COUNTERS)
//   scan      how far the packets have been scanned, and the table of interfaces (bursts/layout.ts)
//   times     one double per frame of the table: ns after the first packet
//   records   the frame table, 16 bytes per frame
//   window    room for an Ethernet header; the capture's bytes; 16 more, so that copies in blocks of 16 may overrun

import { FRAME_RECORD_BYTES, INTERFACE_BYTES, SCAN_FIRST_INTERFACE } from '../bursts/layout.js';
import { EPB_PACKET, ETHERNET_BYTES, PACKET_BYTES_MAX } from '../bursts/wire.js';
import { CAPTURE_COUNTERS, counterBlockBytes } from '../memory/counters.js';
import { alignUp, CACHE_LINE_BYTES, DOUBLE_BYTES } from '../memory/layout.js';

/** Interfaces of one section of a pcapng file. */
export const INTERFACES_MAX = 1024;
/** Fits the second-level cache of most processors, and holds the longest packet. */
export const WINDOW_BYTES = 512 * 1024;
const ROOM = 8192; // a window of packets of 64 bytes
/** A file of up to so many bytes is held as a whole, and read once however often it is played. */
const HELD_BYTES_MAX = 4 * 2 ** 20;
const HELD_ROOM = 65_536;
const COPY_OVERRUN = 16;

export interface CaptureLayout {
  /** They stand first: main finds them without knowing the rest. */
  readonly counters: number;
  readonly scan: number;
  readonly times: number;
  readonly records: number;
  /** Frames of the table. */
  readonly room: number;
  readonly window: number;
  readonly windowBytes: number;
  /** Of the whole region. */
  readonly bytes: number;
}

export interface CaptureSize {
  readonly room: number;
  readonly windowBytes: number;
}

/** @param fileBytes of a regular file; 0 for anything else */
export function captureSize(fileBytes: number): CaptureSize {
  // One byte more than the file: only a read that finds nothing says that it has ended.
  if (fileBytes < WINDOW_BYTES || fileBytes > HELD_BYTES_MAX) return { room: ROOM, windowBytes: WINDOW_BYTES };
  return { room: HELD_ROOM, windowBytes: fileBytes + 1 };
}

/** @param address a multiple of 64 */
export function captureLayout(address: number, { room, windowBytes }: CaptureSize): CaptureLayout {
  if (windowBytes < EPB_PACKET) throw new RangeError(`windowBytes=${windowBytes}: a window holds a packet's header`);
  const scan = address + counterBlockBytes(CAPTURE_COUNTERS);
  const times = scan + SCAN_FIRST_INTERFACE + INTERFACES_MAX * INTERFACE_BYTES;
  const records = times + alignUp(room * DOUBLE_BYTES, FRAME_RECORD_BYTES);
  const window = records + room * FRAME_RECORD_BYTES + alignUp(ETHERNET_BYTES, COPY_OVERRUN);
  const end = alignUp(window + windowBytes + COPY_OVERRUN, CACHE_LINE_BYTES);
  return { counters: address, scan, times, records, room, window, windowBytes, bytes: end - address };
}

if (WINDOW_BYTES < PACKET_BYTES_MAX + EPB_PACKET) throw new Error('a window must hold the longest packet');
