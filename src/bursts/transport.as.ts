// Hot. Runs on: CPU n.
// Transport headers. They must lie within the IP payload, not only within the frame, which Ethernet may have padded;
// and within the frame's first buffer.

import { word } from './bytes.as';
import { ahBytes, ahVerdict } from './extensions.as';
import { finding } from './finding.as';
import {
  PROTOCOL_AH,
  PROTOCOL_FRAGMENT,
  PROTOCOL_IPV4,
  PROTOCOL_IPV6,
  PROTOCOL_NO_NEXT_HEADER,
  PROTOCOL_OTHER_IP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  VERDICT_PASS,
  VERDICT_TCP_DATA_OFFSET,
  VERDICT_TCP_TRUNCATED,
  VERDICT_UDP_LENGTH,
  VERDICT_UDP_TRUNCATED,
} from './layout.as';
import { transportBit, transportBytes, truncatedVerdict } from './transports.as';
import {
  AH_BYTES,
  IP_PROTOCOL_AH,
  IP_PROTOCOL_NO_NEXT_HEADER,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
  TCP_BYTES,
  TCP_DATA_OFFSET,
  UDP_BYTES,
  UDP_LENGTH,
} from './wire.as';

const IPV4_FRAGMENT: i32 = PROTOCOL_IPV4 | PROTOCOL_FRAGMENT;

/** @param payload what IP says that it carries; `number`, what it says that this is; of a fragment, the first's only */
export function findTransport(
  frame: usize,
  visible: i32,
  protocol: i32,
  network: i32,
  transport: i32,
  payload: i32,
  number: i32,
): u64 {
  if (number == IP_PROTOCOL_UDP) {
    const truncated = VERDICT_UDP_TRUNCATED;
    return found(frame, visible, protocol, network, transport, payload, PROTOCOL_UDP, UDP_BYTES, truncated);
  }
  if (number == IP_PROTOCOL_TCP) {
    const truncated = VERDICT_TCP_TRUNCATED;
    return found(frame, visible, protocol, network, transport, payload, PROTOCOL_TCP, TCP_BYTES, truncated);
  }
  const bit = transportBit(number, protocol);
  if (bit == 0) return findOther(frame, visible, protocol, network, transport, payload, number);
  const bytes = transportBytes(number);
  return found(frame, visible, protocol, network, transport, payload, bit, bytes, truncatedVerdict(number));
}

/** @param bytes the least that the header has; @param truncated the verdict on less */
@inline
function found(
  frame: usize,
  visible: i32,
  protocol: i32,
  network: i32,
  transport: i32,
  payload: i32,
  bit: i32,
  bytes: i32,
  truncated: i32,
): u64 {
  if (payload < bytes && isIpv4Fragment(protocol)) return finding(VERDICT_PASS, protocol, network, 0);
  const room = min(payload, visible - transport);
  const verdict = room < bytes ? truncated : lengthVerdict(frame + transport, room, payload, protocol, bit);
  return finding(verdict, protocol | bit, network, transport);
}

/**
 * A first fragment of IPv4 may end within the transport header (RFC 791 asks for 8 bytes, RFC 1858 warns of it), and
 * the kernel reassembles it; of IPv6 it may not (RFC 8200 §4.5), and the kernel drops it (ipv6frag_thdr_truncated()).
 */
@inline
function isIpv4Fragment(protocol: i32): bool {
  return (protocol & IPV4_FRAGMENT) == IPV4_FRAGMENT;
}

/** The header's own lengths. What the whole datagram carries is not known of a fragment. */
@inline
function lengthVerdict(header: usize, room: i32, payload: i32, protocol: i32, bit: i32): i32 {
  const isFragment = (protocol & PROTOCOL_FRAGMENT) != 0;
  if (bit == PROTOCOL_UDP) {
    const length = word(header + UDP_LENGTH);
    return length < UDP_BYTES || (length > payload && !isFragment) ? VERDICT_UDP_LENGTH : VERDICT_PASS;
  }
  if (bit != PROTOCOL_TCP) return VERDICT_PASS;
  const length = <i32>(load<u8>(header, TCP_DATA_OFFSET) >> 4) << 2;
  if (length < TCP_BYTES) return VERDICT_TCP_DATA_OFFSET;
  return room < length && !(isFragment && payload < length) ? VERDICT_TCP_TRUNCATED : VERDICT_PASS;
}

/** AH over IPv4, once; no next header; and what the stack does not know. */
function findOther(
  frame: usize,
  visible: i32,
  protocol: i32,
  network: i32,
  transport: i32,
  payload: i32,
  number: i32,
): u64 {
  if (number == IP_PROTOCOL_AH && (protocol & (PROTOCOL_IPV4 | PROTOCOL_AH)) == PROTOCOL_IPV4) {
    if (payload < AH_BYTES && isIpv4Fragment(protocol)) return finding(VERDICT_PASS, protocol, network, 0);
    const header = frame + transport;
    const verdict = ahVerdict(header, min(payload, visible - transport));
    if (verdict != VERDICT_PASS) return finding(verdict, protocol | PROTOCOL_AH, network, 0);
    const bytes = ahBytes(header);
    const next = load<u8>(header);
    return findTransport(frame, visible, protocol | PROTOCOL_AH, network, transport + bytes, payload - bytes, next);
  }
  const isNone = number == IP_PROTOCOL_NO_NEXT_HEADER && protocol & PROTOCOL_IPV6;
  return finding(VERDICT_PASS, protocol | (isNone ? PROTOCOL_NO_NEXT_HEADER : PROTOCOL_OTHER_IP), network, 0);
}
