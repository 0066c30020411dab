// Hot. Runs on: CPU n.
// Transport headers. They must lie within the IP payload, not only within the frame, which Ethernet may have padded;
// and within the frame's first buffer.

import { word } from './bytes.as';
import { finding } from './finding.as';
import {
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IPV4,
  PROTOCOL_IPV6,
  PROTOCOL_OTHER_IP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  VERDICT_ICMP_TRUNCATED,
  VERDICT_ICMPV6_TRUNCATED,
  VERDICT_PASS,
  VERDICT_TCP_DATA_OFFSET,
  VERDICT_TCP_TRUNCATED,
  VERDICT_UDP_LENGTH,
  VERDICT_UDP_TRUNCATED,
} from './layout.as';
import {
  ICMP_BYTES,
  ICMPV6_BYTES,
  IP_PROTOCOL_ICMP,
  IP_PROTOCOL_ICMPV6,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
  TCP_BYTES,
  TCP_DATA_OFFSET,
  UDP_BYTES,
  UDP_LENGTH,
} from './wire.as';

/** @param payload what IP says that it carries; `number`, what it says that this is */
export function findTransport(
  frame: usize,
  visible: i32,
  protocol: i32,
  network: i32,
  transport: i32,
  payload: i32,
  number: i32,
): u64 {
  const header = frame + transport;
  const room = min(payload, visible - transport);
  if (number == IP_PROTOCOL_UDP) {
    return finding(udpVerdict(header, room, payload), protocol | PROTOCOL_UDP, network, transport);
  }
  if (number == IP_PROTOCOL_TCP) {
    return finding(tcpVerdict(header, room), protocol | PROTOCOL_TCP, network, transport);
  }
  if (number == IP_PROTOCOL_ICMP && protocol & PROTOCOL_IPV4) {
    const verdict = room < ICMP_BYTES ? VERDICT_ICMP_TRUNCATED : VERDICT_PASS;
    return finding(verdict, protocol | PROTOCOL_ICMP, network, transport);
  }
  if (number == IP_PROTOCOL_ICMPV6 && protocol & PROTOCOL_IPV6) {
    const verdict = room < ICMPV6_BYTES ? VERDICT_ICMPV6_TRUNCATED : VERDICT_PASS;
    return finding(verdict, protocol | PROTOCOL_ICMPV6, network, transport);
  }
  return finding(VERDICT_PASS, protocol | PROTOCOL_OTHER_IP, network, 0);
}

@inline
function udpVerdict(header: usize, room: i32, payload: i32): i32 {
  if (room < UDP_BYTES) return VERDICT_UDP_TRUNCATED;
  const length = word(header + UDP_LENGTH);
  return length < UDP_BYTES || length > payload ? VERDICT_UDP_LENGTH : VERDICT_PASS;
}

@inline
function tcpVerdict(header: usize, room: i32): i32 {
  if (room < TCP_BYTES) return VERDICT_TCP_TRUNCATED;
  const length = <i32>(load<u8>(header, TCP_DATA_OFFSET) >> 4) << 2;
  if (length < TCP_BYTES) return VERDICT_TCP_DATA_OFFSET;
  return room < length ? VERDICT_TCP_TRUNCATED : VERDICT_PASS;
}
