// Hot. Runs on: CPU n (in tests).
// Extension headers one by one: those that the kernel knows (ipv6_ext_hdr()), less ESP, behind which nothing can be read.

import {
  PROTOCOL_AH,
  PROTOCOL_DESTINATION_OPTIONS,
  PROTOCOL_FRAGMENT,
  PROTOCOL_HOP_BY_HOP,
  PROTOCOL_ROUTING,
} from '../layout.js';
import {
  EXTENSION_BYTES,
  IP_PROTOCOL_AH,
  IP_PROTOCOL_DESTINATION_OPTIONS,
  IP_PROTOCOL_FRAGMENT,
  IP_PROTOCOL_HOP_BY_HOP,
  IP_PROTOCOL_ROUTING,
} from '../wire.js';

/** The PROTOCOL bit of each extension header, by its number. */
export const EXTENSION_BITS: ReadonlyMap<number, number> = new Map([
  [IP_PROTOCOL_HOP_BY_HOP, PROTOCOL_HOP_BY_HOP],
  [IP_PROTOCOL_ROUTING, PROTOCOL_ROUTING],
  [IP_PROTOCOL_FRAGMENT, PROTOCOL_FRAGMENT],
  [IP_PROTOCOL_DESTINATION_OPTIONS, PROTOCOL_DESTINATION_OPTIONS],
  [IP_PROTOCOL_AH, PROTOCOL_AH],
]);

/** The length of extension header `number`, whose length field is `units`. AH counts by 4, less 2 (RFC 4302 §2.2). */
export function extensionBytes(number: number, units: number): number {
  if (number === IP_PROTOCOL_FRAGMENT) return EXTENSION_BYTES;
  return number === IP_PROTOCOL_AH ? (units + 2) * 4 : EXTENSION_BYTES + units * 8;
}
