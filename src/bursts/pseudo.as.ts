// Hot. Runs on: CPU n.
// The pseudo-header that UDP and TCP checksums cover: RFC 768, RFC 9293 §3.1, RFC 8200 §8.1.

import { word } from './bytes.as';
import { extensionBit, extensionBytes } from './extensions.as';
import { PROTOCOL_IPV4, PROTOCOL_IPV4_OPTIONS, PROTOCOL_ROUTING } from './layout.as';
import {
  IP_PROTOCOL_ROUTING,
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
} from './wire.as';

/** @param length of the datagram in bytes; @returns a sum in the machine's byte order, to be folded */
export function pseudoSum(packet: usize, protocol: i32, number: i32, length: i32): u64 {
  const isIpv4 = (protocol & PROTOCOL_IPV4) != 0;
  const addresses = packet + (isIpv4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
  let sum = <u64>bswap<u16>(<u16>length) + <u64>(number << 8);
  const end = addresses + (isIpv4 ? 8 : 32);
  for (let at = addresses; at < end; at += 4) sum += load<u32>(at);
  return sum;
}

/** What IP carries behind `ipBytes` of headers. */
export function payloadBytes(packet: usize, protocol: i32, ipBytes: i32): i32 {
  if (protocol & PROTOCOL_IPV4) return word(packet + IPV4_TOTAL_LENGTH) - ipBytes;
  return word(packet + IPV6_PAYLOAD_LENGTH) + IPV6_BYTES - ipBytes;
}

/** A source route has addresses left: the pseudo-header has the last of them, which only its own host must know. */
export function isUnderway(packet: usize, protocol: i32, ipBytes: i32): bool {
  if (protocol & PROTOCOL_IPV4_OPTIONS) return hasIpv4Route(packet, <i32>(load<u8>(packet) & 15) << 2);
  return protocol & PROTOCOL_ROUTING ? hasIpv6Route(packet, ipBytes) : false;
}

/** Options that make no sense end the search. */
function hasIpv4Route(packet: usize, header: i32): bool {
  for (let at = IPV4_BYTES; at + IPV4_ROUTE_POINTER < header; ) {
    const type: i32 = load<u8>(packet + at);
    if (type == IPV4_OPTION_END) return false;
    const length: i32 = type == IPV4_OPTION_NOP ? 1 : load<u8>(packet + at, 1);
    if (length == 0 || at + length > header) return false;
    if (type == IPV4_OPTION_LSRR || type == IPV4_OPTION_SSRR) {
      return load<u8>(packet + at, IPV4_ROUTE_POINTER) < <u8>length;
    }
    at += length;
  }
  return false;
}

/** The chain is known to lie within `ipBytes`. */
function hasIpv6Route(packet: usize, ipBytes: i32): bool {
  let number: i32 = load<u8>(packet, IPV6_NEXT_HEADER);
  for (let at = IPV6_BYTES; at < ipBytes; ) {
    const header = packet + at;
    if (number == IP_PROTOCOL_ROUTING && load<u8>(header, ROUTING_SEGMENTS_LEFT) != 0) return true;
    at += extensionBytes(header, extensionBit(number));
    number = load<u8>(header);
  }
  return false;
}
