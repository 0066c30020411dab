// Hot. Runs on: NIC (in tests); main, for the beginning of a capture.
// A run of Enhanced Packet Blocks → records of a frame table, and times.

import { DOUBLE_BYTES } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import {
  FRAME_RECORD_BYTES,
  INTERFACE_BYTES,
  INTERFACE_PLAIN,
  SCAN_FIRST_INTERFACE,
  SCAN_INTERFACES,
  SCAN_NEXT,
} from '../layout.js';
import {
  BLOCK_LENGTH,
  BLOCK_TRAILER_BYTES,
  BLOCK_TYPE,
  ENHANCED_PACKET_BLOCK,
  EPB_BYTES,
  EPB_CAPTURED,
  EPB_INTERFACE,
  EPB_ORIGINAL,
  EPB_PACKET,
  EPB_TIME_HIGH,
  EPB_TIME_LOW,
  PACKET_BYTES_MAX,
} from '../wire.js';
import { addressAt, setWord, wordAt } from './memory.js';
import { baseOf, countSliced, frameLength, ticksOf, timeOf, wordOf, writeFrame, writeTime } from './scan.js';

export function scanPcapng(
  views: Views,
  scan: number,
  at: number,
  end: number,
  room: number,
  records: number,
  times: number,
): number {
  let next = at;
  let count = 0;
  while (count < room && isPacket(views, scan, next, end)) {
    takePacket(views, scan, next, records + count * FRAME_RECORD_BYTES, times + count * DOUBLE_BYTES);
    next += wordOf(views, scan, next + BLOCK_LENGTH);
    count++;
  }
  setWord(views, scan + SCAN_NEXT, next);
  return count;
}

/** A whole Enhanced Packet Block of a plain interface, whose lengths agree. */
function isPacket(views: Views, scan: number, at: number, end: number): boolean {
  const word = (offset: number) => wordOf(views, scan, at + offset);
  if (end - at < EPB_BYTES || word(BLOCK_TYPE) !== ENHANCED_PACKET_BLOCK) return false;
  const number = word(EPB_INTERFACE);
  if (number >= addressAt(views, scan + SCAN_INTERFACES)) return false;
  if (wordAt(views, interfaceAt(scan, number) + INTERFACE_PLAIN) === 0) return false;
  const length = word(BLOCK_LENGTH);
  if (length < EPB_BYTES || length % 4 !== 0 || length > end - at) return false;
  const captured = word(EPB_CAPTURED);
  if (captured > PACKET_BYTES_MAX || captured > length - EPB_BYTES) return false;
  return word(length - BLOCK_TRAILER_BYTES) === length;
}

function takePacket(views: Views, scan: number, at: number, record: number, time: number): void {
  const word = (offset: number) => wordOf(views, scan, at + offset);
  const iface = interfaceAt(scan, word(EPB_INTERFACE));
  const captured = word(EPB_CAPTURED);
  const original = word(EPB_ORIGINAL);
  writeFrame(views, record, at + EPB_PACKET, frameLength(views, captured, original, iface));
  countSliced(views, scan, captured, original);
  const ticks = ticksOf(word(EPB_TIME_HIGH), word(EPB_TIME_LOW));
  writeTime(views, scan, time, timeOf(views, iface, ticks - baseOf(views, iface)));
}

function interfaceAt(scan: number, number: number): number {
  return scan + SCAN_FIRST_INTERFACE + number * INTERFACE_BYTES;
}
