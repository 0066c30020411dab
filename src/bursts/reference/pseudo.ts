// Hot. Runs on: CPU n (in tests).
// The pseudo-header that UDP and TCP checksums cover: RFC 768, RFC 9293 §3.1, RFC 8200 §8.1.

import type { Views } from '../../memory/views.js';
import { PROTOCOL_IPV4, PROTOCOL_IPV4_OPTIONS, PROTOCOL_ROUTING, PROTOCOL_UDP } from '../layout.js';
import {
  IP_PROTOCOL_ROUTING,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
  IPV4_ADDRESSES,
  IPV4_BYTES,
  IPV4_OPTION_END,
  IPV4_OPTION_LSRR,
  IPV4_OPTION_NOP,
  IPV4_OPTION_SSRR,
  IPV4_ROUTE_POINTER,
  IPV4_TOTAL_LENGTH,
  IPV6_ADDRESSES,
  IPV6_BYTES,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  ROUTING_SEGMENTS_LEFT,
} from '../wire.js';
import { extensionBytes } from './extensions.js';
import { byteAt, pairAt } from './memory.js';

/** @param length of the datagram in bytes */
export function pseudoHeader(views: Views, packet: number, protocol: number, length: number): number[] {
  const isIpv4 = (protocol & PROTOCOL_IPV4) !== 0;
  const addresses = packet + (isIpv4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
  const number = protocol & PROTOCOL_UDP ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP;
  return [...views.bytes.subarray(addresses, addresses + (isIpv4 ? 8 : 32)), length >> 8, length & 0xff, 0, number];
}

/** What IP carries behind `ipBytes` of headers. */
export function payloadBytes(views: Views, packet: number, protocol: number, ipBytes: number): number {
  if (protocol & PROTOCOL_IPV4) return pairAt(views, packet + IPV4_TOTAL_LENGTH) - ipBytes;
  return pairAt(views, packet + IPV6_PAYLOAD_LENGTH) + IPV6_BYTES - ipBytes;
}

/** A source route has addresses left: the pseudo-header has the last of them, which only its own host must know. */
export function isUnderway(views: Views, packet: number, protocol: number, ipBytes: number): boolean {
  if (protocol & PROTOCOL_IPV4_OPTIONS) return hasIpv4Route(views, packet, (byteAt(views, packet) & 15) * 4);
  return (protocol & PROTOCOL_ROUTING) !== 0 && hasIpv6Route(views, packet, ipBytes);
}

/** Options that make no sense end the search. */
function hasIpv4Route(views: Views, packet: number, header: number): boolean {
  for (let at = IPV4_BYTES; at + IPV4_ROUTE_POINTER < header; ) {
    const type = byteAt(views, packet + at);
    if (type === IPV4_OPTION_END) return false;
    const length = type === IPV4_OPTION_NOP ? 1 : byteAt(views, packet + at + 1);
    if (length === 0 || at + length > header) return false;
    if (type === IPV4_OPTION_LSRR || type === IPV4_OPTION_SSRR) {
      return byteAt(views, packet + at + IPV4_ROUTE_POINTER) < length;
    }
    at += length;
  }
  return false;
}

/** The chain is known to lie within `ipBytes`. */
function hasIpv6Route(views: Views, packet: number, ipBytes: number): boolean {
  let number = byteAt(views, packet + IPV6_NEXT_HEADER);
  for (let at = IPV6_BYTES; at < ipBytes; ) {
    if (number === IP_PROTOCOL_ROUTING && byteAt(views, packet + at + ROUTING_SEGMENTS_LEFT) !== 0) return true;
    const bytes = extensionBytes(number, byteAt(views, packet + at + 1));
    number = byteAt(views, packet + at);
    at += bytes;
  }
  return false;
}
