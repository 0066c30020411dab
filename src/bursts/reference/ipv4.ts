// Hot. Runs on: CPU n (in tests).
// The IPv4 header: its lengths, its checksum, fragments.

import {
  PROTOCOL_OTHER_IP,
  VERDICT_IPV4_CHECKSUM,
  VERDICT_IPV4_HEADER_LENGTH,
  VERDICT_IPV4_TOTAL_LENGTH,
  VERDICT_IPV4_TRUNCATED,
  VERDICT_IPV4_VERSION,
} from '../layout.js';
import { IPV4_BYTES, IPV4_FRAGMENT, IPV4_FRAGMENT_MASK, IPV4_PROTOCOL, IPV4_TOTAL_LENGTH } from '../wire.js';
import { byteOf, type Finding, type Frame, finding, pairOf, passed } from './frame.js';
import { findTransport } from './transport.js';

export function findIpv4(frame: Frame, protocol: number, network: number): Finding {
  const room = frame.visible - network;
  if (room < IPV4_BYTES) return finding(VERDICT_IPV4_TRUNCATED, protocol, network);
  if (byteOf(frame, network) >> 4 !== 4) return finding(VERDICT_IPV4_VERSION, protocol, network);
  const header = (byteOf(frame, network) & 15) * 4;
  if (header < IPV4_BYTES) return finding(VERDICT_IPV4_HEADER_LENGTH, protocol, network);
  if (room < header) return finding(VERDICT_IPV4_TRUNCATED, protocol, network);
  const total = pairOf(frame, network + IPV4_TOTAL_LENGTH);
  if (total < header || network + total > frame.length) return finding(VERDICT_IPV4_TOTAL_LENGTH, protocol, network);
  if (!checksumHolds(frame, network, header)) return finding(VERDICT_IPV4_CHECKSUM, protocol, network);
  const isFragment = (pairOf(frame, network + IPV4_FRAGMENT) & IPV4_FRAGMENT_MASK) !== 0;
  if (isFragment) return passed(protocol | PROTOCOL_OTHER_IP, network);
  const number = byteOf(frame, network + IPV4_PROTOCOL);
  return findTransport(frame, protocol, network, network + header, total - header, number);
}

/** The one's complement sum of all 16-bit words, the checksum among them, is all ones. */
function checksumHolds(frame: Frame, network: number, header: number): boolean {
  let sum = 0;
  for (let at = 0; at < header; at += 2) sum += pairOf(frame, network + at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum === 0xffff;
}
