// Hot. Runs on: NIC (in tests); main, for the beginning of a capture.
// Packets of a classic pcap file → records of a frame table, and times.

import { DOUBLE_BYTES } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import {
  FRAME_RECORD_BYTES,
  INTERFACE_OFFSET,
  INTERFACE_PLAIN,
  INTERFACE_SCALE,
  SCAN_FIRST_INTERFACE,
  SCAN_NEXT,
} from '../layout.js';
import { PACKET_BYTES_MAX, PCAP_CAPTURED, PCAP_FRACTION, PCAP_ORIGINAL, PCAP_PACKET, PCAP_SECONDS } from '../wire.js';
import { setWord, wordAt } from './memory.js';
import { baseOf, countSliced, frameLength, wordOf, writeFrame, writeTime } from './scan.js';

const NS_PER_SECOND = 1e9;

export function scanPcap(
  views: Views,
  scan: number,
  at: number,
  end: number,
  room: number,
  records: number,
  times: number,
): number {
  const isPlain = wordAt(views, scan + SCAN_FIRST_INTERFACE + INTERFACE_PLAIN) !== 0;
  let next = at;
  let count = 0;
  while (isPlain && count < room) {
    const bytes = takePacket(
      views,
      scan,
      next,
      end,
      records + count * FRAME_RECORD_BYTES,
      times + count * DOUBLE_BYTES,
    );
    if (bytes === 0) break;
    next += bytes;
    count++;
  }
  setWord(views, scan + SCAN_NEXT, next);
  return count;
}

/** @returns the bytes that header and packet take; 0 when it is odd */
function takePacket(views: Views, scan: number, at: number, end: number, record: number, time: number): number {
  if (end - at < PCAP_PACKET) return 0;
  const iface = scan + SCAN_FIRST_INTERFACE;
  const captured = wordOf(views, scan, at + PCAP_CAPTURED);
  if (captured > PACKET_BYTES_MAX || end - at - PCAP_PACKET < captured) return 0;
  const fraction = wordOf(views, scan, at + PCAP_FRACTION) * views.doubles[(iface + INTERFACE_SCALE) / DOUBLE_BYTES]!;
  if (fraction >= NS_PER_SECOND) return 0;
  const seconds = Number(BigInt.asIntN(64, BigInt(wordOf(views, scan, at + PCAP_SECONDS)) - baseOf(views, iface)));
  const original = wordOf(views, scan, at + PCAP_ORIGINAL);
  writeFrame(views, record, at + PCAP_PACKET, frameLength(views, captured, original, iface));
  countSliced(views, scan, captured, original);
  const offset = views.doubles[(iface + INTERFACE_OFFSET) / DOUBLE_BYTES]!;
  writeTime(views, scan, time, seconds * NS_PER_SECOND + fraction + offset);
  return PCAP_PACKET + captured;
}
