// Cold. Runs on: every thread, once, and at build time: each exported number becomes a constant of wire.as.ts.
// What burst functions know about frames on the wire. Offsets are in bytes from the start of their own header.

export const ETHERNET_BYTES = 14;
export const ETHERNET_TYPE = 12;
export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
export const ETHERTYPE_MPLS = 0x8847;
export const ETHERTYPE_MPLS_MULTICAST = 0x8848; // RFC 5332: labels that are assigned upstream
export const ETHERTYPE_PPPOE_DISCOVERY = 0x8863;
export const ETHERTYPE_PPPOE_SESSION = 0x8864;
export const ETHERTYPE_QINQ = 0x88a8;

/** A tag is an EtherType and two bytes of priority and VLAN id; the next EtherType follows. */
export const VLAN_BYTES = 4;
export const VLAN_TAGS_MAX = 2;

/** One entry of a label stack: label, traffic class, bottom of stack, time to live (RFC 3032 §2.1). */
export const MPLS_ENTRY_BYTES = 4;
export const MPLS_BOTTOM_BYTE = 2;
export const MPLS_BOTTOM_BIT = 1;

export const PPPOE_BYTES = 6;
export const PPPOE_LENGTH = 4;

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
export const IPV4_ADDRESSES = 12; // source, then destination
export const IPV4_DESTINATION = 16;
export const IPV4_ADDRESS_BYTES = 4;

export const IPV6_BYTES = 40;
export const IPV6_PAYLOAD_LENGTH = 4;
export const IPV6_NEXT_HEADER = 6;
export const IPV6_ADDRESSES = 8;
export const IPV6_DESTINATION = 24;
export const IPV6_ADDRESS_BYTES = 16;

/** An option is its type, its whole length, and what it carries; END and NOP are a type alone (RFC 791 §3.1). */
export const IPV4_OPTION_END = 0;
export const IPV4_OPTION_NOP = 1;
export const IPV4_OPTION_LSRR = 131;
export const IPV4_OPTION_SSRR = 137;
/** Of a source route: which byte of the option, from 1 on, begins the next address; beyond its length when there is none. */
export const IPV4_ROUTE_POINTER = 2;
export const IPV4_ROUTE_ADDRESSES = 3;

/**
 * How many extension headers are walked. RFC 8504 §5.3 lets a node protect itself by limits; Linux has one for the options
 * in each header (net.ipv6.max_dst_opts_number, 8), and none for the headers.
 */
export const IPV6_EXTENSIONS_MAX = 8;
export const EXTENSION_BYTES = 8; // the least; a length field counts units of 8 beyond them
export const EXTENSION_LENGTH = 1; // where it stands; the next header's number stands before it
export const ROUTING_TYPE = 2;
export const ROUTING_SEGMENTS_LEFT = 3;
export const ROUTING_ADDRESSES = 8;
export const ROUTING_TYPE_SOURCE = 0; //  RFC 5095 takes it back; its last address is the last to be visited
export const ROUTING_TYPE_HOME = 2; //    RFC 6275 §6.4: one address
export const ROUTING_TYPE_SEGMENT = 4; // RFC 8754 §2: its first address is the last to be visited
export const FRAGMENT_OFFSET = 2;
export const FRAGMENT_OFFSET_MASK = 0xfff8;
export const FRAGMENT_MORE = 1;

export const IP_PROTOCOL_HOP_BY_HOP = 0;
export const IP_PROTOCOL_ICMP = 1;
export const IP_PROTOCOL_IGMP = 2;
export const IP_PROTOCOL_TCP = 6;
export const IP_PROTOCOL_UDP = 17;
export const IP_PROTOCOL_ROUTING = 43;
export const IP_PROTOCOL_FRAGMENT = 44;
export const IP_PROTOCOL_GRE = 47;
export const IP_PROTOCOL_ESP = 50;
export const IP_PROTOCOL_AH = 51;
export const IP_PROTOCOL_ICMPV6 = 58;
export const IP_PROTOCOL_NO_NEXT_HEADER = 59;
export const IP_PROTOCOL_DESTINATION_OPTIONS = 60;
export const IP_PROTOCOL_SCTP = 132;

/** Both ports: the first four bytes of UDP, TCP and SCTP. */
export const PORTS_BYTES = 4;
export const UDP_BYTES = 8;
export const UDP_LENGTH = 4;
export const UDP_CHECKSUM = 6;
export const TCP_BYTES = 20;
export const TCP_DATA_OFFSET = 12;
export const TCP_FLAGS = 13;
export const ICMP_BYTES = 8;
export const ICMPV6_BYTES = 8; // icmpv6_rcv() wants the first word of the body behind type, code and checksum
export const ICMP_TYPE = 0; // of ICMPv6 too
export const IGMP_BYTES = 8;
export const SCTP_BYTES = 16; // sctp_rcv() wants one chunk's header behind its own
export const GRE_BYTES = 4;
export const ESP_BYTES = 8;
export const AH_BYTES = 12;

// Capture files (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). Words are in the byte order of whoever wrote them.
/** No packet has more bytes, as in Wireshark (WTAP_MAX_PACKET_SIZE_STANDARD). */
export const PACKET_BYTES_MAX = 262_144;

export const PCAP_SECONDS = 0;
export const PCAP_FRACTION = 4;
export const PCAP_CAPTURED = 8;
export const PCAP_ORIGINAL = 12;
export const PCAP_PACKET = 16; // header before the bytes

export const BLOCK_TYPE = 0;
export const BLOCK_LENGTH = 4;
/** Type, length, and the length once more at the end. */
export const BLOCK_BYTES_MIN = 12;
export const BLOCK_TRAILER_BYTES = 4;

// One Enhanced Packet Block (draft-ietf-opsawg-pcapng, section 4.3).
//   0   TYPE           6                                                           BLOCK_TYPE
//   4   TOTAL_LENGTH   of the block, a multiple of 4; once more at its end         BLOCK_LENGTH
//   8   INTERFACE      index of its Interface Description Block; where we write: the Rx queue
//   12  TIME_HIGH      16 TIME_LOW: in units of the interface's if_tsresol; where we write: ns
//   20  CAPTURED       bytes of the packet that follow
//   24  ORIGINAL       bytes that it had on the wire
//   28  PACKET         padded with zeroes to a multiple of 4; then the options
export const ENHANCED_PACKET_BLOCK = 6;
export const EPB_INTERFACE = 8;
export const EPB_TIME_HIGH = 12;
export const EPB_TIME_LOW = 16;
export const EPB_CAPTURED = 20;
export const EPB_ORIGINAL = 24;
export const EPB_PACKET = 28;
export const EPB_BYTES = EPB_PACKET + BLOCK_TRAILER_BYTES; // of a block without packet and options
