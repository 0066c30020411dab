// Hot. Runs on: NIC.
// A run of Enhanced Packet Blocks → records of a frame table, and times.

import {
  FRAME_RECORD_BYTES,
  INTERFACE_BASE,
  INTERFACE_OFFSET,
  INTERFACE_PLAIN,
  INTERFACE_SCALE,
  INTERFACE_SHIFT,
  SCAN_FIRST_INTERFACE,
  SCAN_INTERFACES,
  SCAN_NEXT,
  SCAN_SWAPPED,
} from './layout.as';
import { countSliced, frameLength, wordOf, writeFrame, writeTime } from './scan.as';
import {
  ENHANCED_PACKET_BLOCK,
  BLOCK_LENGTH,
  BLOCK_TRAILER_BYTES,
  BLOCK_TYPE,
  EPB_BYTES,
  PACKET_BYTES_MAX,
  EPB_CAPTURED,
  EPB_PACKET,
  EPB_INTERFACE,
  EPB_ORIGINAL,
  EPB_TIME_HIGH,
  EPB_TIME_LOW,
} from './wire.as';

export function scanPcapng(scan: usize, at: usize, end: usize, room: i32, records: usize, times: usize): i32 {
  const swapped = load<i32>(scan, SCAN_SWAPPED) != 0;
  const interfaces = load<u32>(scan, SCAN_INTERFACES);
  let count = 0;
  while (count < room && end - at >= <usize>EPB_BYTES) {
    const length = wordOf(at + BLOCK_LENGTH, swapped);
    const captured = wordOf(at + EPB_CAPTURED, swapped);
    const number = wordOf(at + EPB_INTERFACE, swapped);
    if (wordOf(at + BLOCK_TYPE, swapped) != ENHANCED_PACKET_BLOCK || number >= interfaces) break;
    const iface = scan + SCAN_FIRST_INTERFACE + (<usize>number << INTERFACE_SHIFT);
    if (!load<i32>(iface, INTERFACE_PLAIN) || !isWhole(at, end, length, captured, swapped)) break;
    const original = wordOf(at + EPB_ORIGINAL, swapped);
    writeFrame(records, at + EPB_PACKET, frameLength(captured, original, iface));
    countSliced(scan, captured, original);
    const ticks = (<i64>wordOf(at + EPB_TIME_HIGH, swapped) << 32) | <i64>wordOf(at + EPB_TIME_LOW, swapped);
    const since = <f64>(ticks - load<i64>(iface, INTERFACE_BASE));
    writeTime(scan, times, since * load<f64>(iface, INTERFACE_SCALE) + load<f64>(iface, INTERFACE_OFFSET));
    at += length;
    records += FRAME_RECORD_BYTES;
    times += 8;
    count++;
  }
  store<usize>(scan, at, SCAN_NEXT);
  return count;
}

/** All of the block is there, both its lengths say so, and the packet lies within. */
@inline
function isWhole(at: usize, end: usize, length: u32, captured: u32, swapped: bool): bool {
  if (length < <u32>EPB_BYTES || length & 3 || <usize>length > end - at) return false;
  if (captured > <u32>PACKET_BYTES_MAX || captured > length - EPB_BYTES) return false;
  return wordOf(at + length - BLOCK_TRAILER_BYTES, swapped) == length;
}
