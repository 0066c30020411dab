// Hot. Runs on: CPU n (in tests).
// The IPv6 header and its extension headers, RFC 8200.

import {
  PROTOCOL_AH,
  PROTOCOL_ATOMIC_FRAGMENT,
  PROTOCOL_FRAGMENT,
  PROTOCOL_HOP_BY_HOP,
  VERDICT_AH_TRUNCATED,
  VERDICT_IPV6_EXTENSION_LIMIT,
  VERDICT_IPV6_EXTENSION_ORDER,
  VERDICT_IPV6_EXTENSION_TRUNCATED,
  VERDICT_IPV6_PAYLOAD_LENGTH,
  VERDICT_IPV6_TRUNCATED,
  VERDICT_IPV6_VERSION,
  VERDICT_PASS,
} from '../layout.js';
import {
  AH_BYTES,
  EXTENSION_BYTES,
  EXTENSION_LENGTH,
  FRAGMENT_MORE,
  FRAGMENT_OFFSET,
  FRAGMENT_OFFSET_MASK,
  IPV6_BYTES,
  IPV6_EXTENSIONS_MAX,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
} from '../wire.js';
import { EXTENSION_BITS, extensionBytes } from './extensions.js';
import { byteOf, type Finding, type Frame, finding, pairOf, passed } from './frame.js';
import { findTransport } from './transport.js';

export function findIpv6(frame: Frame, protocol: number, network: number): Finding {
  if (frame.visible < network + IPV6_BYTES) return finding(VERDICT_IPV6_TRUNCATED, protocol, network);
  if (byteOf(frame, network) >> 4 !== 6) return finding(VERDICT_IPV6_VERSION, protocol, network);
  const at = network + IPV6_BYTES;
  const payload = pairOf(frame, network + IPV6_PAYLOAD_LENGTH);
  if (at + payload > frame.length) return finding(VERDICT_IPV6_PAYLOAD_LENGTH, protocol, network);
  return findNext(frame, protocol, network, at, payload, byteOf(frame, network + IPV6_NEXT_HEADER), 0);
}

/**
 * What stands at `at`: one more extension header, or what comes behind them.
 * @param payload bytes from `at` on, as IP says; @param number what they are; @param headers how many came before
 */
function findNext(
  frame: Frame,
  protocol: number,
  network: number,
  at: number,
  payload: number,
  number: number,
  headers: number,
): Finding {
  const bit = EXTENSION_BITS.get(number);
  if (bit === undefined) return findTransport(frame, protocol, network, at, payload, number);
  const verdict = extensionVerdict(frame, at, payload, number, bit, protocol, headers);
  if (verdict !== VERDICT_PASS) return finding(verdict, protocol, network);
  const isFragment = bit === PROTOCOL_FRAGMENT;
  const found = protocol | (isFragment ? fragmentBit(frame, at) : bit);
  if (isFragment && pairOf(frame, at + FRAGMENT_OFFSET) & FRAGMENT_OFFSET_MASK) return passed(found, network);
  const bytes = extensionBytes(number, byteOf(frame, at + EXTENSION_LENGTH));
  return findNext(frame, found, network, at + bytes, payload - bytes, byteOf(frame, at), headers + 1);
}

function extensionVerdict(
  frame: Frame,
  at: number,
  payload: number,
  number: number,
  bit: number,
  protocol: number,
  headers: number,
): number {
  if (headers === IPV6_EXTENSIONS_MAX) return VERDICT_IPV6_EXTENSION_LIMIT;
  if (bit === PROTOCOL_HOP_BY_HOP && headers > 0) return VERDICT_IPV6_EXTENSION_ORDER;
  const hasFragmentHeader = (protocol & (PROTOCOL_FRAGMENT | PROTOCOL_ATOMIC_FRAGMENT)) !== 0;
  if (bit === PROTOCOL_FRAGMENT && hasFragmentHeader) return VERDICT_IPV6_EXTENSION_ORDER;
  const room = Math.min(payload, frame.visible - at);
  const least = bit === PROTOCOL_AH ? AH_BYTES : EXTENSION_BYTES;
  const truncated = bit === PROTOCOL_AH ? VERDICT_AH_TRUNCATED : VERDICT_IPV6_EXTENSION_TRUNCATED;
  if (room < least) return truncated;
  const bytes = extensionBytes(number, byteOf(frame, at + EXTENSION_LENGTH));
  return bytes < least || bytes > room ? truncated : VERDICT_PASS;
}

/** Neither an offset nor more to come: the datagram is whole. */
function fragmentBit(frame: Frame, at: number): number {
  const field = pairOf(frame, at + FRAGMENT_OFFSET);
  return field & (FRAGMENT_OFFSET_MASK | FRAGMENT_MORE) ? PROTOCOL_FRAGMENT : PROTOCOL_ATOMIC_FRAGMENT;
}
