// Hot. Runs on: CPU n.
// Extension headers one by one: those that the kernel knows (ipv6_ext_hdr()), less ESP, behind which nothing can be read.

import {
  PROTOCOL_AH,
  PROTOCOL_DESTINATION_OPTIONS,
  PROTOCOL_FRAGMENT,
  PROTOCOL_HOP_BY_HOP,
  PROTOCOL_ROUTING,
  VERDICT_AH_TRUNCATED,
  VERDICT_PASS,
} from './layout.as';
import {
  AH_BYTES,
  EXTENSION_BYTES,
  EXTENSION_LENGTH,
  IP_PROTOCOL_AH,
  IP_PROTOCOL_DESTINATION_OPTIONS,
  IP_PROTOCOL_FRAGMENT,
  IP_PROTOCOL_HOP_BY_HOP,
  IP_PROTOCOL_ROUTING,
} from './wire.as';

/** The PROTOCOL bit of an extension header's number, or 0 if it is none. */
export function extensionBit(number: i32): i32 {
  switch (number) {
    case IP_PROTOCOL_HOP_BY_HOP:
      return PROTOCOL_HOP_BY_HOP;
    case IP_PROTOCOL_ROUTING:
      return PROTOCOL_ROUTING;
    case IP_PROTOCOL_FRAGMENT:
      return PROTOCOL_FRAGMENT;
    case IP_PROTOCOL_DESTINATION_OPTIONS:
      return PROTOCOL_DESTINATION_OPTIONS;
    case IP_PROTOCOL_AH:
      return PROTOCOL_AH;
    default:
      return 0;
  }
}

/** The header's length; its first two bytes can be read. */
export function extensionBytes(header: usize, bit: i32): i32 {
  if (bit == PROTOCOL_FRAGMENT) return EXTENSION_BYTES;
  if (bit == PROTOCOL_AH) return ahBytes(header);
  return EXTENSION_BYTES + (<i32>load<u8>(header, EXTENSION_LENGTH) << 3);
}

/** It counts units of 4, less 2 (RFC 4302 §2.2). */
@inline
export function ahBytes(header: usize): i32 {
  return (<i32>load<u8>(header, EXTENSION_LENGTH) + 2) << 2;
}

export function ahVerdict(header: usize, room: i32): i32 {
  if (room < AH_BYTES) return VERDICT_AH_TRUNCATED;
  const bytes = ahBytes(header);
  return bytes < AH_BYTES || bytes > room ? VERDICT_AH_TRUNCATED : VERDICT_PASS;
}
