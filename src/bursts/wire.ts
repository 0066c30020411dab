// Cold. Runs on: every thread, once, and at build time: each exported number becomes a constant of wire.as.ts.
// What burst functions know about frames on the wire. Offsets are in bytes from the start of their own header.

export const ETHERNET_BYTES = 14;
export const ETHERNET_TYPE = 12;
export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
export const ETHERTYPE_QINQ = 0x88a8;

/** A tag is an EtherType and two bytes of priority and VLAN id; the next EtherType follows. */
export const VLAN_BYTES = 4;
export const VLAN_TAGS_MAX = 2;

export const ARP_BYTES = 28; // as it is for Ethernet and IPv4
export const ARP_FIXED_BYTES = 8; // before the two pairs of addresses
export const ARP_HARDWARE_LENGTH = 4;
export const ARP_PROTOCOL_LENGTH = 5;

export const IPV4_BYTES = 20;
export const IPV4_TOTAL_LENGTH = 2;
export const IPV4_FRAGMENT = 6;
export const IPV4_FRAGMENT_MASK = 0x3fff; // "more fragments" and the offset; not "don't fragment"
export const IPV4_OFFSET_MASK = 0x1fff; //   the offset alone
export const IPV4_PROTOCOL = 9;
export const IPV4_ADDRESSES = 12;
export const IPV4_ADDRESS_BYTES = 4;

export const IPV6_BYTES = 40;
export const IPV6_PAYLOAD_LENGTH = 4;
export const IPV6_NEXT_HEADER = 6;
export const IPV6_ADDRESSES = 8;
export const IPV6_ADDRESS_BYTES = 16;

export const EXTENSION_BYTES = 8; // the least; a length field counts units of 8 beyond them
export const EXTENSION_LENGTH = 1; // where it stands; the next header's number stands before it
export const FRAGMENT_OFFSET = 2;
export const FRAGMENT_OFFSET_MASK = 0xfff8;

export const IP_PROTOCOL_HOP_BY_HOP = 0;
export const IP_PROTOCOL_ICMP = 1;
export const IP_PROTOCOL_TCP = 6;
export const IP_PROTOCOL_UDP = 17;
export const IP_PROTOCOL_ROUTING = 43;
export const IP_PROTOCOL_FRAGMENT = 44;
export const IP_PROTOCOL_AH = 51;
export const IP_PROTOCOL_ICMPV6 = 58;
export const IP_PROTOCOL_DESTINATION_OPTIONS = 60;
export const IP_PROTOCOL_SCTP = 132;

/** Both ports: the first four bytes of UDP, TCP and SCTP. */
export const PORTS_BYTES = 4;
export const UDP_BYTES = 8;
export const UDP_LENGTH = 4;
export const TCP_BYTES = 20;
export const TCP_DATA_OFFSET = 12;
export const ICMP_BYTES = 8;
export const ICMPV6_BYTES = 4;
