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
export const IPV4_PROTOCOL = 9;
export const IPV4_ADDRESSES = 12;

export const IPV6_BYTES = 40;
export const IPV6_PAYLOAD_LENGTH = 4;
export const IPV6_NEXT_HEADER = 6;
export const IPV6_ADDRESSES = 8;

export const IP_PROTOCOL_ICMP = 1;
export const IP_PROTOCOL_TCP = 6;
export const IP_PROTOCOL_UDP = 17;
export const IP_PROTOCOL_ICMPV6 = 58;

/** Both ports: the first four bytes of UDP and of TCP. */
export const PORTS_BYTES = 4;
export const UDP_BYTES = 8;
export const UDP_LENGTH = 4;
export const TCP_BYTES = 20;
export const TCP_DATA_OFFSET = 12;
export const ICMP_BYTES = 8;
export const ICMPV6_BYTES = 4;

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
export const BLOCK_ENHANCED_PACKET = 6;
export const PACKET_INTERFACE = 8; // these offsets are from the start of an Enhanced Packet Block
export const PACKET_TIME_HIGH = 12;
export const PACKET_TIME_LOW = 16;
export const PACKET_CAPTURED = 20;
export const PACKET_ORIGINAL = 24;
export const PACKET_DATA = 28;
export const PACKET_BLOCK_BYTES_MIN = 32;
