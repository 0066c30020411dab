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

const EXTENSIONS: u64 =
  (1 << <u64>IP_PROTOCOL_HOP_BY_HOP) |
  (1 << <u64>IP_PROTOCOL_ROUTING) |
  (1 << <u64>IP_PROTOCOL_FRAGMENT) |
  (1 << <u64>IP_PROTOCOL_DESTINATION_OPTIONS) |
  (1 << <u64>IP_PROTOCOL_AH);

@inline
export function isExtension(number: i32): bool {
  return number < 64 && ((EXTENSIONS >> <u64>number) & 1) != 0;
}

/** The PROTOCOL bit of an extension header. */
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
    default:
      return PROTOCOL_AH;
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
