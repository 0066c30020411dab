// Cold. Runs on: every thread, once, and at build time: each exported number becomes a constant of layout.as.ts.
// What burst functions and the protocol around them both know about memory. Everything is in bytes, so that the
// AssemblyScript twin can use the numbers as they are; TypeScript divides by 4 where it wants words.

export const BUFFER_BYTES = 2048;
export const BUFFER_SHIFT = 11;
/** No buffer follows: the end of a fragment chain or of a return list. */
export const NO_BUFFER = -1;
export const FRAME_BYTES_MAX = 9216;
export const FRAME_BUFFERS_MAX = 5; // 9,216 bytes in buffers of 2,048

// One Rx descriptor.                                  written by
//   0  BUFFER   id of the buffer posted here            SCHED holder, before POSTED
//   4  LENGTH   bytes of the frame in this buffer       NIC, before HEAD
//   8  HASH     RSS hash of the frame                   NIC, before HEAD
//  12  FLAGS    EOP on the last buffer of a frame       NIC, before HEAD
export const DESCRIPTOR_BYTES = 16;
export const DESCRIPTOR_SHIFT = 4;
export const DESCRIPTOR_BUFFER = 0;
export const DESCRIPTOR_LENGTH = 4;
export const DESCRIPTOR_HASH = 8;
export const DESCRIPTOR_FLAGS = 12;
export const FLAG_EOP = 1;

// One batch area per context; all of it is written by that context alone.
//   0      CONSUMED  descriptors that the last take() used
//   4      BYTES     frame bytes that the last classify() passed, and verify() after it
//   8      TOUCHED   keeps take()'s touch-ahead alive; means nothing
//   64     64 entries of 32 bytes
//   2112   64 words: the indices of the odd entries (verdict ≠ PASS) of the last classify(), and verify() after it
export const BATCH_ENTRIES = 64;
export const BATCH_CONSUMED = 0;
export const BATCH_PASSED_BYTES = 4;
export const BATCH_TOUCHED = 8;
export const BATCH_FIRST_ENTRY = 64;
export const ENTRY_BYTES = 32;
export const ENTRY_SHIFT = 5;
export const BATCH_ODD = BATCH_FIRST_ENTRY + BATCH_ENTRIES * ENTRY_BYTES;
export const BATCH_BYTES = BATCH_ODD + BATCH_ENTRIES * 4;

// One entry: a frame in a poll's hands (also a slot of the backlog).
export const ENTRY_BUFFER = 0; //    first buffer of the frame
export const ENTRY_OFFSET = 4; //    first byte of the frame in it
export const ENTRY_LENGTH = 8; //    whole frame, all fragments
export const ENTRY_NEXT = 12; //     second buffer, or NO_BUFFER; the rest by the link words
export const ENTRY_HASH = 16;
export const ENTRY_VERDICT = 20; //  0 = PASS, else 1 + index of the malformed reason
export const ENTRY_PROTOCOL = 24; // bits PROTOCOL_*
export const ENTRY_HEADERS = 28; //  offset of the network header | offset of the transport header << 16

// The bits of ENTRY_PROTOCOL, in the order in which headers follow each other on the wire, as far as they have one. All
// bits of a frame together are its path in the protocol tree: which headers it has, not how many of a kind.
export const PROTOCOL_VLAN = 1 << 0; //             one tag or more
export const PROTOCOL_QINQ = 1 << 1; //             two tags; a third is an EtherType that the stack does not know
export const PROTOCOL_MPLS = 1 << 2; //             what its labels carry is not looked at
export const PROTOCOL_PPPOE_DISCOVERY = 1 << 3; //  RFC 2516
export const PROTOCOL_PPPOE_SESSION = 1 << 4; //    what it carries is not looked at
export const PROTOCOL_ARP = 1 << 5;
export const PROTOCOL_IPV4 = 1 << 6;
export const PROTOCOL_IPV4_OPTIONS = 1 << 7; //     a header over 20 bytes
export const PROTOCOL_IPV6 = 1 << 8;
export const PROTOCOL_HOP_BY_HOP = 1 << 9; //       this and the next five: extension headers, RFC 8200 §4
export const PROTOCOL_ROUTING = 1 << 10;
export const PROTOCOL_FRAGMENT = 1 << 11; //        a part of a datagram, of IPv4 too; only the first has a transport header
export const PROTOCOL_ATOMIC_FRAGMENT = 1 << 12; // a fragment header in a datagram that is whole, RFC 6946
export const PROTOCOL_DESTINATION_OPTIONS = 1 << 13;
export const PROTOCOL_AH = 1 << 14; //              RFC 4302, over IPv4 too
export const PROTOCOL_UDP = 1 << 15;
export const PROTOCOL_TCP = 1 << 16;
export const PROTOCOL_ICMP = 1 << 17;
export const PROTOCOL_ICMPV6 = 1 << 18;
export const PROTOCOL_IGMP = 1 << 19;
export const PROTOCOL_SCTP = 1 << 20;
export const PROTOCOL_GRE = 1 << 21;
export const PROTOCOL_ESP = 1 << 22;
export const PROTOCOL_NO_NEXT_HEADER = 1 << 23; //  RFC 8200 §4.7
export const PROTOCOL_OTHER_IP = 1 << 24; //        an IP protocol that the stack does not know
export const PROTOCOL_OTHER_ETHERTYPE = 1 << 25; // an EtherType that the stack does not know, or an 802.3 length field
export const PROTOCOL_BITS = 26;

// Verdicts. Each is 1 + the index of its reason in memory/counters.ts. A header that reaches beyond the first buffer
// counts as truncated; a malformed entry's PROTOCOL and HEADERS say how far the parser came.
export const VERDICT_PASS = 0;
export const VERDICT_ETHERNET_TRUNCATED = 1; //        under 14 bytes
export const VERDICT_VLAN_TRUNCATED = 2; //            no room for the tag and the EtherType behind it
export const VERDICT_MPLS_TRUNCATED = 3; //            ends before the bottom of its label stack
export const VERDICT_PPPOE_TRUNCATED = 4; //           under 6 bytes
export const VERDICT_PPPOE_LENGTH = 5; //              over the frame
export const VERDICT_ARP_TRUNCATED = 6; //             under 28 bytes, or under what its address lengths say
export const VERDICT_IPV4_TRUNCATED = 7; //            under 20 bytes, or under its own header length
export const VERDICT_IPV4_VERSION = 8; //              version is not 4
export const VERDICT_IPV4_HEADER_LENGTH = 9; //        IHL under 5
export const VERDICT_IPV4_TOTAL_LENGTH = 10; //        under its header, or over the frame
export const VERDICT_IPV4_CHECKSUM = 11;
export const VERDICT_IPV6_TRUNCATED = 12; //           under 40 bytes
export const VERDICT_IPV6_VERSION = 13;
export const VERDICT_IPV6_PAYLOAD_LENGTH = 14; //      over the frame
export const VERDICT_IPV6_EXTENSION_TRUNCATED = 15; // under 8 bytes, or under its own length
export const VERDICT_IPV6_EXTENSION_LIMIT = 16; //     more than IPV6_EXTENSIONS_MAX
export const VERDICT_IPV6_EXTENSION_ORDER = 17; //     hop-by-hop not first, or a second fragment header
export const VERDICT_AH_TRUNCATED = 18; //             under 12 bytes, by its own length too, or under its own length
export const VERDICT_UDP_TRUNCATED = 19; //            under 8 bytes
export const VERDICT_UDP_LENGTH = 20; //               under 8, or over the IP payload
export const VERDICT_UDP_CHECKSUM = 21; //             only by verify()
export const VERDICT_TCP_TRUNCATED = 22; //            under 20 bytes, or under its data offset
export const VERDICT_TCP_DATA_OFFSET = 23; //          under 5
export const VERDICT_TCP_CHECKSUM = 24; //             only by verify()
export const VERDICT_ICMP_TRUNCATED = 25; //           under 8 bytes
export const VERDICT_ICMPV6_TRUNCATED = 26; //         under 4 bytes
export const VERDICT_IGMP_TRUNCATED = 27; //           under 8 bytes
export const VERDICT_SCTP_TRUNCATED = 28; //           under 16 bytes: its header and that of a chunk
export const VERDICT_GRE_TRUNCATED = 29; //            under 4 bytes
export const VERDICT_ESP_TRUNCATED = 30; //            under 8 bytes
export const VERDICTS = 31;

// One tally per CPU: what the frames were made of that classify() passed, and verify() did not take back. All of it is
// written by that CPU alone.
//   0      2,048 words: the PROTOCOL of each path that was seen, 0 = a free slot
//   8192   2,048 × the doubles FRAMES, BYTES of the path in the same slot
//   40960  8 doubles: TCP segments by bit of the flags byte
//   41024  256 doubles: ICMP messages by type
//   43072  256 doubles: ICMPv6 messages by type
// A path stands in the first free slot from its hash on, and stays. There are 1,419 paths in all, so one is always free.
export const PATH_SLOTS = 2048;
export const PATH_SLOTS_LOG2 = 11;
/** Slot = the upper bits of path × this (2^32 divided by the golden ratio, negated). */
export const PATH_HASH = 0x61c88647;
export const TALLY_PATHS = 0;
export const TALLY_COUNTS = TALLY_PATHS + PATH_SLOTS * 4;
export const COUNT_BYTES = 16;
export const COUNT_SHIFT = 4;
export const COUNT_OF_FRAMES = 0;
export const COUNT_OF_BYTES = 8;
export const TALLY_TCP_FLAGS = TALLY_COUNTS + PATH_SLOTS * COUNT_BYTES;
export const TALLY_ICMP_TYPES = TALLY_TCP_FLAGS + 8 * 8;
export const TALLY_ICMPV6_TYPES = TALLY_ICMP_TYPES + 256 * 8;
export const TALLY_BYTES = TALLY_ICMPV6_TYPES + 256 * 8;

// One frame of a device's frame table: where its bytes lie. Written by the NIC.
export const FRAME_RECORD_BYTES = 16;
export const FRAME_RECORD_SHIFT = 4;
export const FRAME_ADDRESS = 0; //          byte address, 16-byte aligned is fastest; 16 readable bytes follow the frame
export const FRAME_LENGTH = 4;
export const FRAME_COUNTER = 8; //          byte address of the flow's sequence word, or 0: the bytes go out as they are
export const FRAME_SEQUENCE_OFFSET = 12; // where in the frame the sequence number goes, and its complement behind it

// One frame in the NIC's hands: offered, not yet in a ring. Written by the NIC.
export const OFFER_BYTES = 32;
export const OFFER_SHIFT = 5;
export const OFFER_ADDRESS = 0;
export const OFFER_LENGTH = 4;
export const OFFER_HASH = 8;
export const OFFER_QUEUE = 12; //           Rx queue, PLACED, or BAD_LENGTH
export const OFFER_SEQUENCE = 16;
export const OFFER_SEQUENCE_OFFSET = 20; // 0 = no sequence number
export const PLACED = -1;
/** No bytes, or more than FRAME_BYTES_MAX: no Ethernet frame, which no queue gets. */
export const BAD_LENGTH = -2;

// The RSS table area: 36 × 256 words of Toeplitz results (one table per input byte), then 128 words: queue of each bucket.
export const RSS_INPUT_BYTES = 36; // two IPv6 addresses and two ports
export const RSS_INDIRECTION_ENTRIES = 128;
export const RSS_INDIRECTION = RSS_INPUT_BYTES * 256 * 4;
export const RSS_BYTES = RSS_INDIRECTION + RSS_INDIRECTION_ENTRIES * 4;

// One flow table per CPU, when it is asked for; all of it is written by that CPU alone, and begins as zeroes.
//   0      NO_FLOW    double: packets that are not IP, which belong to no flow
//   8      EVICTIONS  double: how often a flow took the place of another
//   16     EVICTED    double: packets of those others, as they were counted
//   24     TOUCHED    keeps flows()'s touch-ahead alive; means nothing
//   64     64 records of 64 bytes: what the burst in hand has found, KEY | HASH | LENGTH | BUCKET
//   4160   buckets
export const FLOWS_NO_FLOW = 0;
export const FLOWS_EVICTIONS = 8;
export const FLOWS_EVICTED = 16;
export const FLOWS_TOUCHED = 24;
export const FLOWS_SEEN = 64;
export const SEEN_BYTES = 64;
export const SEEN_HASH = 40;
export const SEEN_LENGTH = 44;
export const SEEN_BUCKET = 48; // byte address of the bucket that the hash picks
export const FLOWS_FIRST_BUCKET = FLOWS_SEEN + BATCH_ENTRIES * SEEN_BYTES;

// One bucket: up to 16 flows, in the order in which they came. What is looked for stands together, what is counted too.
//   0      16 TAG words: the flow's hash, which is odd; 0 = free, and so are all behind it
//   64     16 BYTES doubles: bytes of the flow's frames, and of its ERROR
//   192    16 slots of 64 bytes: KEY | PACKETS | ERROR | 8 unused
export const BUCKET_FLOWS = 16;
export const BUCKET_COUNTS = 64;
export const BUCKET_SLOTS = 192;
export const FLOW_BYTES = 64;
export const FLOW_SHIFT = 6;
export const FLOW_PACKETS = 40; // double: packets since it has this place
export const FLOW_ERROR = 48; //   double: how many of BYTES may be others'
export const BUCKET_BYTES = BUCKET_SLOTS + BUCKET_FLOWS * FLOW_BYTES;

// The key of a flow. Numbers in network order; an IPv4 address is followed by zeroes.
export const KEY_SOURCE = 0;
export const KEY_DESTINATION = 16;
export const KEY_PORTS = 32; //    source, destination; 0 where there are none
export const KEY_PROTOCOL = 36; // IP protocol number, 0 … 255
export const KEY_VERSION = 37; //  4 or 6; two unused bytes follow
export const KEY_BYTES = 40;

/** Twice 65,536 flows: so many leave hardly a bucket too small. */
export const FLOW_BUCKETS = 8192;

// What all packets of a burst have in common in a capture file. Written by the thread that records, before each burst.
export const STAMP_TIME_HIGH = 0; //    ns since 1970, the upper 32 bits
export const STAMP_TIME_LOW = 4; //     and the lower
export const STAMP_OPTIONS = 8; //      byte address of the options that each block ends with, opt_endofopt among them
export const STAMP_OPTION_BYTES = 12; // a multiple of 4; 0 = none
export const STAMP_BYTES = 16;

// How far a capture's packets have been scanned. All of it is written by the NIC.
//   0   NEXT        byte address where the scan stopped
//   4   SWAPPED     1 = the capture has big-endian words
//   8   INTERFACES  how many the table has; a classic pcap file has one
//  12   SLICED      packets so far of which the capture has only the first bytes
//  16   BACKWARDS   packets so far whose time lies before that of the packet ahead
//  24   PREVIOUS    double: time of the last packet, ns after the first
//  32   LATEST      double: the latest time so far
//  64   interfaces × 32 bytes
export const SCAN_NEXT = 0;
export const SCAN_SWAPPED = 4;
export const SCAN_INTERFACES = 8;
export const SCAN_SLICED = 12;
export const SCAN_BACKWARDS = 16;
export const SCAN_PREVIOUS = 24;
export const SCAN_LATEST = 32;
export const SCAN_FIRST_INTERFACE = 64;

// One interface of a capture. A packet's time is (its own count - BASE) × SCALE + OFFSET ns. In classic pcap BASE counts
// seconds, and SCALE is for the fraction behind them.
export const INTERFACE_BASE = 0; //    int64
export const INTERFACE_SCALE = 8; //   double
export const INTERFACE_OFFSET = 16; // double
export const INTERFACE_FCS = 24; //    bytes of FCS at the end of each frame
export const INTERFACE_PLAIN = 28; //  1 = its packets are Ethernet frames, and its times are known: a scan may take them
export const INTERFACE_BYTES = 32;
export const INTERFACE_SHIFT = 5;
