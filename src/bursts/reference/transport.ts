// Hot. Runs on: CPU n (in tests).
// Transport headers. They must lie within the IP payload, not only within the frame, which Ethernet may have padded;
// and within the frame's first buffer.

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
} from '../layout.js';
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
} from '../wire.js';
import { byteOf, type Finding, type Frame, finding, pairOf, passed } from './frame.js';

/** @param payload what IP says that it carries; `number`, what it says that this is */
export function findTransport(
  frame: Frame,
  protocol: number,
  network: number,
  transport: number,
  payload: number,
  number: number,
): Finding {
  const room = Math.min(payload, frame.visible - transport);
  const found = (verdict: number, bit: number) => finding(verdict, protocol | bit, network, transport);
  if (number === IP_PROTOCOL_UDP) return found(udpVerdict(frame, transport, room, payload), PROTOCOL_UDP);
  if (number === IP_PROTOCOL_TCP) return found(tcpVerdict(frame, transport, room), PROTOCOL_TCP);
  if (number === IP_PROTOCOL_ICMP && protocol & PROTOCOL_IPV4) {
    return found(room < ICMP_BYTES ? VERDICT_ICMP_TRUNCATED : VERDICT_PASS, PROTOCOL_ICMP);
  }
  if (number === IP_PROTOCOL_ICMPV6 && protocol & PROTOCOL_IPV6) {
    return found(room < ICMPV6_BYTES ? VERDICT_ICMPV6_TRUNCATED : VERDICT_PASS, PROTOCOL_ICMPV6);
  }
  return passed(protocol | PROTOCOL_OTHER_IP, network);
}

function udpVerdict(frame: Frame, at: number, room: number, payload: number): number {
  if (room < UDP_BYTES) return VERDICT_UDP_TRUNCATED;
  const length = pairOf(frame, at + UDP_LENGTH);
  return length < UDP_BYTES || length > payload ? VERDICT_UDP_LENGTH : VERDICT_PASS;
}

function tcpVerdict(frame: Frame, at: number, room: number): number {
  if (room < TCP_BYTES) return VERDICT_TCP_TRUNCATED;
  const length = (byteOf(frame, at + TCP_DATA_OFFSET) >> 4) * 4;
  if (length < TCP_BYTES) return VERDICT_TCP_DATA_OFFSET;
  return room < length ? VERDICT_TCP_TRUNCATED : VERDICT_PASS;
}
