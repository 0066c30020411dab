// Hot. Runs on: CPU n.
// What can stand behind IP besides UDP and TCP: its bit, the least bytes of its header, and the verdict on fewer.

import {
  PROTOCOL_ESP,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IGMP,
  PROTOCOL_IPV4,
  PROTOCOL_IPV6,
  PROTOCOL_SCTP,
  VERDICT_ESP_TRUNCATED,
  VERDICT_GRE_TRUNCATED,
  VERDICT_ICMP_TRUNCATED,
  VERDICT_ICMPV6_TRUNCATED,
  VERDICT_IGMP_TRUNCATED,
  VERDICT_SCTP_TRUNCATED,
} from './layout.as';
import {
  ESP_BYTES,
  GRE_BYTES,
  ICMP_BYTES,
  ICMPV6_BYTES,
  IGMP_BYTES,
  IP_PROTOCOL_ESP,
  IP_PROTOCOL_GRE,
  IP_PROTOCOL_ICMP,
  IP_PROTOCOL_ICMPV6,
  IP_PROTOCOL_IGMP,
  IP_PROTOCOL_SCTP,
  SCTP_BYTES,
} from './wire.as';

/** 0 when the stack does not know it over this version of IP. */
export function transportBit(number: i32, protocol: i32): i32 {
  switch (number) {
    case IP_PROTOCOL_ICMP:
      return protocol & PROTOCOL_IPV4 ? PROTOCOL_ICMP : 0;
    case IP_PROTOCOL_IGMP:
      return protocol & PROTOCOL_IPV4 ? PROTOCOL_IGMP : 0;
    case IP_PROTOCOL_ICMPV6:
      return protocol & PROTOCOL_IPV6 ? PROTOCOL_ICMPV6 : 0;
    case IP_PROTOCOL_SCTP:
      return PROTOCOL_SCTP;
    case IP_PROTOCOL_GRE:
      return PROTOCOL_GRE;
    case IP_PROTOCOL_ESP:
      return PROTOCOL_ESP;
    default:
      return 0;
  }
}

/** Of those that transportBit() knows. */
export function transportBytes(number: i32): i32 {
  switch (number) {
    case IP_PROTOCOL_ICMP:
      return ICMP_BYTES;
    case IP_PROTOCOL_ICMPV6:
      return ICMPV6_BYTES;
    case IP_PROTOCOL_IGMP:
      return IGMP_BYTES;
    case IP_PROTOCOL_SCTP:
      return SCTP_BYTES;
    case IP_PROTOCOL_GRE:
      return GRE_BYTES;
    default:
      return ESP_BYTES;
  }
}

/** Of those that transportBit() knows. */
export function truncatedVerdict(number: i32): i32 {
  switch (number) {
    case IP_PROTOCOL_ICMP:
      return VERDICT_ICMP_TRUNCATED;
    case IP_PROTOCOL_ICMPV6:
      return VERDICT_ICMPV6_TRUNCATED;
    case IP_PROTOCOL_IGMP:
      return VERDICT_IGMP_TRUNCATED;
    case IP_PROTOCOL_SCTP:
      return VERDICT_SCTP_TRUNCATED;
    case IP_PROTOCOL_GRE:
      return VERDICT_GRE_TRUNCATED;
    default:
      return VERDICT_ESP_TRUNCATED;
  }
}
