// Hot. Runs on: CPU n.
// The IPv4 header: its length, its checksum, the packet's length, in the order of ip_rcv_core(); fragments.

import { word } from './bytes.as';
import { sumHolds, sumOf } from './checksum.as';
import { finding } from './finding.as';
import {
  PROTOCOL_FRAGMENT,
  PROTOCOL_IPV4_OPTIONS,
  VERDICT_IPV4_CHECKSUM,
  VERDICT_IPV4_HEADER_LENGTH,
  VERDICT_IPV4_TOTAL_LENGTH,
  VERDICT_IPV4_TRUNCATED,
  VERDICT_IPV4_VERSION,
  VERDICT_PASS,
} from './layout.as';
import { findTransport } from './transport.as';
import {
  IPV4_BYTES,
  IPV4_FRAGMENT,
  IPV4_FRAGMENT_MASK,
  IPV4_OFFSET_MASK,
  IPV4_PROTOCOL,
  IPV4_TOTAL_LENGTH,
} from './wire.as';

export function findIpv4(frame: usize, visible: i32, length: i32, protocol: i32, network: i32): u64 {
  const packet = frame + network;
  if (visible - network < IPV4_BYTES) return finding(VERDICT_IPV4_TRUNCATED, protocol, network, 0);
  const first = load<u8>(packet);
  if (first >> 4 != 4) return finding(VERDICT_IPV4_VERSION, protocol, network, 0);
  const header = <i32>(first & 15) << 2;
  if (header < IPV4_BYTES) return finding(VERDICT_IPV4_HEADER_LENGTH, protocol, network, 0);
  if (visible - network < header) return finding(VERDICT_IPV4_TRUNCATED, protocol, network, 0);
  if (!sumHolds(sumOf(packet, header))) return finding(VERDICT_IPV4_CHECKSUM, protocol, network, 0);
  const total = word(packet + IPV4_TOTAL_LENGTH);
  if (total < header || total > length - network) return finding(VERDICT_IPV4_TOTAL_LENGTH, protocol, network, 0);
  if (header > IPV4_BYTES) protocol |= PROTOCOL_IPV4_OPTIONS;
  const fragment = word(packet + IPV4_FRAGMENT) & IPV4_FRAGMENT_MASK;
  if (fragment != 0) protocol |= PROTOCOL_FRAGMENT;
  if (fragment & IPV4_OFFSET_MASK) return finding(VERDICT_PASS, protocol, network, 0);
  const number = load<u8>(packet, IPV4_PROTOCOL);
  return findTransport(frame, visible, protocol, network, network + header, total - header, number);
}
