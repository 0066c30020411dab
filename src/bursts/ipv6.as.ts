// Hot. Runs on: CPU n.
// The IPv6 header and its extension headers, RFC 8200.

import { word } from './bytes.as';
import { ahVerdict, extensionBit, extensionBytes, isExtension } from './extensions.as';
import { finding } from './finding.as';
import {
  PROTOCOL_AH,
  PROTOCOL_ATOMIC_FRAGMENT,
  PROTOCOL_FRAGMENT,
  PROTOCOL_HOP_BY_HOP,
  VERDICT_IPV6_EXTENSION_LIMIT,
  VERDICT_IPV6_EXTENSION_ORDER,
  VERDICT_IPV6_EXTENSION_TRUNCATED,
  VERDICT_IPV6_PAYLOAD_LENGTH,
  VERDICT_IPV6_TRUNCATED,
  VERDICT_IPV6_VERSION,
  VERDICT_PASS,
} from './layout.as';
import { findTransport } from './transport.as';
import {
  EXTENSION_BYTES,
  FRAGMENT_MORE,
  FRAGMENT_OFFSET,
  FRAGMENT_OFFSET_MASK,
  IPV6_BYTES,
  IPV6_EXTENSIONS_MAX,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
} from './wire.as';

const FRAGMENT_HEADER: i32 = PROTOCOL_FRAGMENT | PROTOCOL_ATOMIC_FRAGMENT;

export function findIpv6(frame: usize, visible: i32, length: i32, protocol: i32, network: i32): u64 {
  const packet = frame + network;
  if (visible - network < IPV6_BYTES) return finding(VERDICT_IPV6_TRUNCATED, protocol, network, 0);
  if (load<u8>(packet) >> 4 != 6) return finding(VERDICT_IPV6_VERSION, protocol, network, 0);
  const payload = word(packet + IPV6_PAYLOAD_LENGTH);
  if (payload > length - network - IPV6_BYTES) return finding(VERDICT_IPV6_PAYLOAD_LENGTH, protocol, network, 0);
  const number = load<u8>(packet, IPV6_NEXT_HEADER);
  const at = network + IPV6_BYTES;
  if (isExtension(number)) return walkExtensions(frame, visible, protocol, network, at, payload, number);
  return findTransport(frame, visible, protocol, network, at, payload, number);
}

/** @param payload bytes from `at` on, as IP says; `number`, what they are */
function walkExtensions(
  frame: usize,
  visible: i32,
  protocol: i32,
  network: i32,
  at: i32,
  payload: i32,
  number: i32,
): u64 {
  for (let headers = 0; isExtension(number); headers++) {
    const header = frame + at;
    const bit = extensionBit(number);
    const verdict = extensionVerdict(header, min(payload, visible - at), headers, protocol, bit);
    if (verdict != VERDICT_PASS) return finding(verdict, protocol, network, 0);
    const fragment = bit == PROTOCOL_FRAGMENT ? word(header + FRAGMENT_OFFSET) : 0;
    protocol |= bit == PROTOCOL_FRAGMENT ? fragmentBit(fragment) : bit;
    if (fragment & FRAGMENT_OFFSET_MASK) return finding(VERDICT_PASS, protocol, network, 0);
    const bytes = extensionBytes(header, bit);
    at += bytes;
    payload -= bytes;
    number = load<u8>(header);
  }
  return findTransport(frame, visible, protocol, network, at, payload, number);
}

/** @param headers how many came before, which are in `protocol`; @param room what payload and first buffer both have */
function extensionVerdict(header: usize, room: i32, headers: i32, protocol: i32, bit: i32): i32 {
  if (headers == IPV6_EXTENSIONS_MAX) return VERDICT_IPV6_EXTENSION_LIMIT;
  if (bit == PROTOCOL_HOP_BY_HOP && headers > 0) return VERDICT_IPV6_EXTENSION_ORDER;
  if (bit == PROTOCOL_FRAGMENT && protocol & FRAGMENT_HEADER) return VERDICT_IPV6_EXTENSION_ORDER; // ipv6_frag_rcv()
  if (bit == PROTOCOL_AH) return ahVerdict(header, room);
  if (room < EXTENSION_BYTES || room < extensionBytes(header, bit)) return VERDICT_IPV6_EXTENSION_TRUNCATED;
  return VERDICT_PASS;
}

/** Neither an offset nor more to come: the datagram is whole. */
@inline
function fragmentBit(fragment: i32): i32 {
  return fragment & (FRAGMENT_OFFSET_MASK | FRAGMENT_MORE) ? PROTOCOL_FRAGMENT : PROTOCOL_ATOMIC_FRAGMENT;
}
