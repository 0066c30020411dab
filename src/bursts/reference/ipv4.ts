// Hot. Runs on: CPU n (in tests).
// The IPv4 header: its length, its checksum, the packet's length, in the order of ip_rcv_core(); fragments.

import {
  PROTOCOL_FRAGMENT,
  PROTOCOL_IPV4_OPTIONS,
  VERDICT_IPV4_CHECKSUM,
  VERDICT_IPV4_HEADER_LENGTH,
  VERDICT_IPV4_TOTAL_LENGTH,
  VERDICT_IPV4_TRUNCATED,
  VERDICT_IPV4_VERSION,
} from '../layout.js';
import {
  IPV4_BYTES,
  IPV4_FRAGMENT,
  IPV4_FRAGMENT_MASK,
  IPV4_OFFSET_MASK,
  IPV4_PROTOCOL,
  IPV4_TOTAL_LENGTH,
} from '../wire.js';
import { byteOf, type Finding, type Frame, finding, pairOf, passed } from './frame.js';
import { findTransport } from './transport.js';

export function findIpv4(frame: Frame, protocol: number, network: number): Finding {
  const room = frame.visible - network;
  if (room < IPV4_BYTES) return finding(VERDICT_IPV4_TRUNCATED, protocol, network);
  if (byteOf(frame, network) >> 4 !== 4) return finding(VERDICT_IPV4_VERSION, protocol, network);
  const header = (byteOf(frame, network) & 15) * 4;
  if (header < IPV4_BYTES) return finding(VERDICT_IPV4_HEADER_LENGTH, protocol, network);
  if (room < header) return finding(VERDICT_IPV4_TRUNCATED, protocol, network);
  const bytes = Array.from({ length: header }, (_, at) => byteOf(frame, network + at));
  if (oneComplementSum(bytes) !== 0xffff) return finding(VERDICT_IPV4_CHECKSUM, protocol, network);
  const total = pairOf(frame, network + IPV4_TOTAL_LENGTH);
  if (total < header || network + total > frame.length) return finding(VERDICT_IPV4_TOTAL_LENGTH, protocol, network);
  const options = header > IPV4_BYTES ? PROTOCOL_IPV4_OPTIONS : 0;
  const field = pairOf(frame, network + IPV4_FRAGMENT);
  const fragment = field & IPV4_FRAGMENT_MASK ? PROTOCOL_FRAGMENT : 0;
  const found = protocol | options | fragment;
  if (field & IPV4_OFFSET_MASK) return passed(found, network);
  const number = byteOf(frame, network + IPV4_PROTOCOL);
  return findTransport(frame, found, network, network + header, total - header, number);
}

/**
 * Of the 16-bit words, the checksum among them: all ones when it holds (RFC 1071).
 * @param before the sum of an even number of bytes before these
 */
export function oneComplementSum(bytes: ArrayLike<number>, before = 0): number {
  let sum = before;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}
