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
  BLOCK_ENHANCED_PACKET,
  BLOCK_LENGTH,
  BLOCK_TRAILER_BYTES,
  BLOCK_TYPE,
  PACKET_BLOCK_BYTES_MIN,
  PACKET_BYTES_MAX,
  PACKET_CAPTURED,
  PACKET_DATA,
  PACKET_INTERFACE,
  PACKET_ORIGINAL,
  PACKET_TIME_HIGH,
  PACKET_TIME_LOW,
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
  if (end - at < PACKET_BLOCK_BYTES_MIN || word(BLOCK_TYPE) !== BLOCK_ENHANCED_PACKET) return false;
  const number = word(PACKET_INTERFACE);
  if (number >= addressAt(views, scan + SCAN_INTERFACES)) return false;
  if (wordAt(views, interfaceAt(scan, number) + INTERFACE_PLAIN) === 0) return false;
  const length = word(BLOCK_LENGTH);
  if (length < PACKET_BLOCK_BYTES_MIN || length % 4 !== 0 || length > end - at) return false;
  const captured = word(PACKET_CAPTURED);
  if (captured > PACKET_BYTES_MAX || captured > length - PACKET_BLOCK_BYTES_MIN) return false;
  return word(length - BLOCK_TRAILER_BYTES) === length;
}

function takePacket(views: Views, scan: number, at: number, record: number, time: number): void {
  const word = (offset: number) => wordOf(views, scan, at + offset);
  const iface = interfaceAt(scan, word(PACKET_INTERFACE));
  const captured = word(PACKET_CAPTURED);
  const original = word(PACKET_ORIGINAL);
  writeFrame(views, record, at + PACKET_DATA, frameLength(views, captured, original, iface));
  countSliced(views, scan, captured, original);
  const ticks = ticksOf(word(PACKET_TIME_HIGH), word(PACKET_TIME_LOW));
  writeTime(views, scan, time, timeOf(views, iface, ticks - baseOf(views, iface)));
}

function interfaceAt(scan: number, number: number): number {
  return scan + SCAN_FIRST_INTERFACE + number * INTERFACE_BYTES;
}
