// Hot. Runs on: CPU n (in tests).
// The pseudo-header that UDP and TCP checksums cover: RFC 768, RFC 9293 §3.1, RFC 8200 §8.1.

import type { Views } from '../../memory/views.js';
import { PROTOCOL_IPV4, PROTOCOL_UDP } from '../layout.js';
import {
  EXTENSION_LENGTH,
  IP_PROTOCOL_ROUTING,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
  IPV4_ADDRESS_BYTES,
  IPV4_ADDRESSES,
  IPV4_BYTES,
  IPV4_DESTINATION,
  IPV4_OPTION_END,
  IPV4_OPTION_LSRR,
  IPV4_OPTION_NOP,
  IPV4_OPTION_SSRR,
  IPV4_ROUTE_ADDRESSES,
  IPV4_ROUTE_POINTER,
  IPV4_TOTAL_LENGTH,
  IPV6_ADDRESS_BYTES,
  IPV6_ADDRESSES,
  IPV6_BYTES,
  IPV6_DESTINATION,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  ROUTING_ADDRESSES,
  ROUTING_SEGMENTS_LEFT,
  ROUTING_TYPE,
  ROUTING_TYPE_HOME,
  ROUTING_TYPE_SEGMENT,
  ROUTING_TYPE_SOURCE,
} from '../wire.js';
import { extensionBytes } from './extensions.js';
import { byteAt, pairAt } from './memory.js';

/** @param destination where finalDestination() found it; @param length of the datagram in bytes */
export function pseudoHeader(
  { bytes }: Views,
  packet: number,
  protocol: number,
  destination: number,
  length: number,
): number[] {
  const isIpv4 = (protocol & PROTOCOL_IPV4) !== 0;
  const source = packet + (isIpv4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
  const size = isIpv4 ? IPV4_ADDRESS_BYTES : IPV6_ADDRESS_BYTES;
  const addresses = [source, destination].flatMap((at) => [...bytes.subarray(at, at + size)]);
  const number = protocol & PROTOCOL_UDP ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP;
  return [...addresses, length >> 8, length & 0xff, 0, number];
}

/** What IP carries behind `ipBytes` of headers. */
export function payloadBytes(views: Views, packet: number, protocol: number, ipBytes: number): number {
  if (protocol & PROTOCOL_IPV4) return pairAt(views, packet + IPV4_TOTAL_LENGTH) - ipBytes;
  return pairAt(views, packet + IPV6_PAYLOAD_LENGTH) + IPV6_BYTES - ipBytes;
}

/**
 * Where the address stands that the packet has in the end: its destination, or the last of a source route that has
 * addresses left; null when a routing header of an unknown type hides it.
 */
export function finalDestination(views: Views, packet: number, protocol: number, ipBytes: number): number | null {
  if (protocol & PROTOCOL_IPV4) return ipv4Destination(views, packet, (byteAt(views, packet) & 15) * 4);
  return ipv6Destination(views, packet, ipBytes);
}

/** Options that make no sense end the search. */
function ipv4Destination(views: Views, packet: number, header: number): number {
  for (let at = IPV4_BYTES; at + IPV4_ROUTE_POINTER < header; ) {
    const type = byteAt(views, packet + at);
    if (type === IPV4_OPTION_END) break;
    const length = type === IPV4_OPTION_NOP ? 1 : byteAt(views, packet + at + 1);
    if (length === 0 || at + length > header) break;
    const isRoute = type === IPV4_OPTION_LSRR || type === IPV4_OPTION_SSRR;
    const pointer = byteAt(views, packet + at + IPV4_ROUTE_POINTER);
    const isAtAddress = pointer >= 4 && pointer % 4 === 0 && pointer + IPV4_ROUTE_ADDRESSES <= length;
    if (isRoute && isAtAddress) return packet + at + length - IPV4_ADDRESS_BYTES;
    at += length;
  }
  return packet + IPV4_DESTINATION;
}

/** The last routing header with segments left decides. The chain is known to lie within `ipBytes`. */
function ipv6Destination(views: Views, packet: number, ipBytes: number): number | null {
  let destination: number | null = packet + IPV6_DESTINATION;
  let number = byteAt(views, packet + IPV6_NEXT_HEADER);
  for (let at = packet + IPV6_BYTES; at < packet + ipBytes && destination !== null; ) {
    const bytes = extensionBytes(number, byteAt(views, at + EXTENSION_LENGTH));
    const hasSegments = number === IP_PROTOCOL_ROUTING && byteAt(views, at + ROUTING_SEGMENTS_LEFT) !== 0;
    if (hasSegments) destination = lastSegment(at, bytes, byteAt(views, at + ROUTING_TYPE));
    number = byteAt(views, at);
    at += bytes;
  }
  return destination;
}

function lastSegment(header: number, bytes: number, type: number): number | null {
  if (bytes < ROUTING_ADDRESSES + IPV6_ADDRESS_BYTES) return null;
  if (type === ROUTING_TYPE_SOURCE) return header + bytes - IPV6_ADDRESS_BYTES;
  return type === ROUTING_TYPE_HOME || type === ROUTING_TYPE_SEGMENT ? header + ROUTING_ADDRESSES : null;
}
