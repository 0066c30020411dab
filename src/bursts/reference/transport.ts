// Hot. Runs on: CPU n (in tests).
// Transport headers. They must lie within the IP payload, not only within the frame, which Ethernet may have padded;
// and within the frame's first buffer.

import {
  PROTOCOL_AH,
  PROTOCOL_FRAGMENT,
  PROTOCOL_IPV4,
  PROTOCOL_NO_NEXT_HEADER,
  PROTOCOL_OTHER_IP,
  VERDICT_AH_TRUNCATED,
  VERDICT_PASS,
  VERDICT_TCP_DATA_OFFSET,
  VERDICT_TCP_TRUNCATED,
  VERDICT_UDP_LENGTH,
} from '../layout.js';
import {
  AH_BYTES,
  EXTENSION_LENGTH,
  IP_PROTOCOL_AH,
  IP_PROTOCOL_NO_NEXT_HEADER,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
  TCP_BYTES,
  TCP_DATA_OFFSET,
  UDP_BYTES,
  UDP_LENGTH,
} from '../wire.js';
import { extensionBytes } from './extensions.js';
import { byteOf, type Finding, type Frame, finding, pairOf, passed } from './frame.js';
import { TRANSPORTS } from './transports.js';

/** @param payload what IP says that it carries; `number`, what it says that this is; of a fragment, the first's only */
export function findTransport(
  frame: Frame,
  protocol: number,
  network: number,
  transport: number,
  payload: number,
  number: number,
): Finding {
  const known = TRANSPORTS.get(number);
  if (known === undefined || (protocol & known.over) === 0) {
    return findOther(frame, protocol, network, transport, payload, number);
  }
  if (payload < known.bytes && isIpv4Fragment(protocol)) return passed(protocol, network);
  const room = Math.min(payload, frame.visible - transport);
  const verdict = room < known.bytes ? known.truncated : lengthVerdict(frame, protocol, transport, payload, number);
  return finding(verdict, protocol | known.bit, network, transport);
}

/**
 * A first fragment of IPv4 may end within the transport header, and the kernel reassembles it; of IPv6 it may not (RFC
 * 8200 §4.5).
 */
function isIpv4Fragment(protocol: number): boolean {
  return (protocol & PROTOCOL_IPV4) !== 0 && (protocol & PROTOCOL_FRAGMENT) !== 0;
}

/** The header's own lengths. What the whole datagram carries is not known of a fragment. */
function lengthVerdict(frame: Frame, protocol: number, at: number, payload: number, number: number): number {
  const isFragment = (protocol & PROTOCOL_FRAGMENT) !== 0;
  if (number === IP_PROTOCOL_UDP) {
    const length = pairOf(frame, at + UDP_LENGTH);
    return length < UDP_BYTES || (length > payload && !isFragment) ? VERDICT_UDP_LENGTH : VERDICT_PASS;
  }
  if (number !== IP_PROTOCOL_TCP) return VERDICT_PASS;
  const length = (byteOf(frame, at + TCP_DATA_OFFSET) >> 4) * 4;
  if (length < TCP_BYTES) return VERDICT_TCP_DATA_OFFSET;
  if (payload < length) return isFragment ? VERDICT_PASS : VERDICT_TCP_TRUNCATED;
  return frame.visible - at < length ? VERDICT_TCP_TRUNCATED : VERDICT_PASS;
}

/** AH over IPv4, once; no next header; and what the stack does not know. */
function findOther(
  frame: Frame,
  protocol: number,
  network: number,
  at: number,
  payload: number,
  number: number,
): Finding {
  const isIpv4 = (protocol & PROTOCOL_IPV4) !== 0;
  if (number === IP_PROTOCOL_AH && isIpv4 && !(protocol & PROTOCOL_AH)) {
    return findAh(frame, protocol, network, at, payload);
  }
  const isNone = number === IP_PROTOCOL_NO_NEXT_HEADER && !isIpv4;
  return passed(protocol | (isNone ? PROTOCOL_NO_NEXT_HEADER : PROTOCOL_OTHER_IP), network);
}

function findAh(frame: Frame, before: number, network: number, at: number, payload: number): Finding {
  if (payload < AH_BYTES && isIpv4Fragment(before)) return passed(before, network);
  const protocol = before | PROTOCOL_AH;
  const room = Math.min(payload, frame.visible - at);
  if (room < AH_BYTES) return finding(VERDICT_AH_TRUNCATED, protocol, network);
  const bytes = extensionBytes(IP_PROTOCOL_AH, byteOf(frame, at + EXTENSION_LENGTH));
  if (bytes < AH_BYTES || bytes > room) return finding(VERDICT_AH_TRUNCATED, protocol, network);
  return findTransport(frame, protocol, network, at + bytes, payload - bytes, byteOf(frame, at));
}
