// Hot. Runs on: NIC.
// Packets of a classic pcap file → records of a frame table, and times.

import {
  FRAME_RECORD_BYTES,
  INTERFACE_BASE,
  INTERFACE_OFFSET,
  INTERFACE_PLAIN,
  INTERFACE_SCALE,
  SCAN_FIRST_INTERFACE,
  SCAN_NEXT,
  SCAN_SWAPPED,
} from './layout.as';
import { countSliced, frameLength, wordOf, writeFrame, writeTime } from './scan.as';
import { PACKET_BYTES_MAX, PCAP_CAPTURED, PCAP_FRACTION, PCAP_ORIGINAL, PCAP_PACKET, PCAP_SECONDS } from './wire.as';

const NS_PER_SECOND: f64 = 1e9;

export function scanPcap(scan: usize, at: usize, end: usize, room: i32, records: usize, times: usize): i32 {
  const iface = scan + SCAN_FIRST_INTERFACE;
  const swapped = load<i32>(scan, SCAN_SWAPPED) != 0;
  const base = load<i64>(iface, INTERFACE_BASE);
  const scale = load<f64>(iface, INTERFACE_SCALE);
  const offset = load<f64>(iface, INTERFACE_OFFSET);
  let count = 0;
  if (!load<i32>(iface, INTERFACE_PLAIN)) room = 0;
  while (count < room && end - at >= <usize>PCAP_PACKET) {
    const captured = wordOf(at + PCAP_CAPTURED, swapped);
    if (captured > <u32>PACKET_BYTES_MAX || end - at - PCAP_PACKET < <usize>captured) break;
    const fraction = <f64>wordOf(at + PCAP_FRACTION, swapped) * scale;
    if (fraction >= NS_PER_SECOND) break;
    const seconds = <f64>(<i64>wordOf(at + PCAP_SECONDS, swapped) - base);
    const original = wordOf(at + PCAP_ORIGINAL, swapped);
    writeFrame(records, at + PCAP_PACKET, frameLength(captured, original, iface));
    countSliced(scan, captured, original);
    writeTime(scan, times, seconds * NS_PER_SECOND + fraction + offset);
    at += PCAP_PACKET + captured;
    records += FRAME_RECORD_BYTES;
    times += 8;
    count++;
  }
  store<usize>(scan, at, SCAN_NEXT);
  return count;
}
