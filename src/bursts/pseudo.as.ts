// Hot. Runs on: CPU n.
// The pseudo-header that UDP and TCP checksums cover: RFC 768, RFC 9293 §3.1, RFC 8200 §8.1.

import { word } from './bytes.as';
import { extensionBit, extensionBytes } from './extensions.as';
import { PROTOCOL_IPV4, PROTOCOL_IPV4_OPTIONS, PROTOCOL_ROUTING } from './layout.as';
import {
  IP_PROTOCOL_ROUTING,
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
} from './wire.as';

/**
 * @param destination where finalDestination() found it; @param length of the datagram in bytes
 * @returns a sum in the machine's byte order, to be folded
 */
export function pseudoSum(packet: usize, protocol: i32, destination: usize, number: i32, length: i32): u64 {
  const isIpv4 = (protocol & PROTOCOL_IPV4) != 0;
  const source = packet + (isIpv4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
  const bytes = isIpv4 ? IPV4_ADDRESS_BYTES : IPV6_ADDRESS_BYTES;
  let sum = <u64>bswap<u16>(<u16>length) + <u64>(number << 8);
  for (let at = 0; at < bytes; at += 4) sum += <u64>load<u32>(source + at) + <u64>load<u32>(destination + at);
  return sum;
}

/** What IP carries behind `ipBytes` of headers. */
export function payloadBytes(packet: usize, protocol: i32, ipBytes: i32): i32 {
  if (protocol & PROTOCOL_IPV4) return word(packet + IPV4_TOTAL_LENGTH) - ipBytes;
  return word(packet + IPV6_PAYLOAD_LENGTH) + IPV6_BYTES - ipBytes;
}

/**
 * Where the address stands that the packet has in the end: its destination, or the last of a source route that has
 * addresses left (RFC 1122 §3.2.1.8, RFC 8200 §8.1).
 * @returns 0 when a routing header of an unknown type hides it
 */
export function finalDestination(packet: usize, protocol: i32, ipBytes: i32): usize {
  if (protocol & PROTOCOL_IPV4_OPTIONS) return ipv4Destination(packet, <i32>(load<u8>(packet) & 15) << 2);
  if (protocol & PROTOCOL_ROUTING) return ipv6Destination(packet, ipBytes);
  return packet + (protocol & PROTOCOL_IPV4 ? IPV4_DESTINATION : IPV6_DESTINATION);
}

/** Options that make no sense end the search. */
function ipv4Destination(packet: usize, header: i32): usize {
  for (let at = IPV4_BYTES; at + IPV4_ROUTE_POINTER < header; ) {
    const type: i32 = load<u8>(packet + at);
    if (type == IPV4_OPTION_END) break;
    const length: i32 = type == IPV4_OPTION_NOP ? 1 : load<u8>(packet + at, 1);
    if (length == 0 || at + length > header) break;
    if ((type == IPV4_OPTION_LSRR || type == IPV4_OPTION_SSRR) && hasNext(packet + at, length)) {
      return packet + at + length - IPV4_ADDRESS_BYTES;
    }
    at += length;
  }
  return packet + IPV4_DESTINATION;
}

/** Whether the pointer of a source route is at one of its addresses. */
function hasNext(option: usize, length: i32): bool {
  const pointer: i32 = load<u8>(option, IPV4_ROUTE_POINTER);
  return pointer > IPV4_ROUTE_ADDRESSES && pointer % IPV4_ADDRESS_BYTES == 0 && pointer + IPV4_ROUTE_ADDRESSES <= length;
}

/** The last routing header with segments left decides. The chain is known to lie within `ipBytes`. */
function ipv6Destination(packet: usize, ipBytes: i32): usize {
  let destination = packet + IPV6_DESTINATION;
  let number: i32 = load<u8>(packet, IPV6_NEXT_HEADER);
  for (let at = IPV6_BYTES; at < ipBytes && destination != 0; ) {
    const header = packet + at;
    const bytes = extensionBytes(header, extensionBit(number));
    if (number == IP_PROTOCOL_ROUTING && load<u8>(header, ROUTING_SEGMENTS_LEFT) != 0) {
      destination = lastSegment(header, bytes);
    }
    number = load<u8>(header);
    at += bytes;
  }
  return destination;
}

function lastSegment(header: usize, bytes: i32): usize {
  if (bytes < ROUTING_ADDRESSES + IPV6_ADDRESS_BYTES) return 0;
  const type: i32 = load<u8>(header, ROUTING_TYPE);
  if (type == ROUTING_TYPE_SOURCE) return header + bytes - IPV6_ADDRESS_BYTES;
  return type == ROUTING_TYPE_HOME || type == ROUTING_TYPE_SEGMENT ? header + ROUTING_ADDRESSES : 0;
}
