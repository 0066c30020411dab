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
//   4      BYTES     frame bytes that the last classify() passed
//   8      TOUCHED   keeps take()'s touch-ahead alive; means nothing
//   64     64 entries of 32 bytes
//   2112   64 words: the indices of the odd entries (verdict ≠ PASS) of the last classify()
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

// The bits of ENTRY_PROTOCOL.
export const PROTOCOL_VLAN = 1;
export const PROTOCOL_ARP = 2;
export const PROTOCOL_IPV4 = 4;
export const PROTOCOL_IPV6 = 8;
export const PROTOCOL_UDP = 16;
export const PROTOCOL_TCP = 32;
export const PROTOCOL_ICMP = 64;
export const PROTOCOL_ICMPV6 = 128;
/** An EtherType that the stack does not know, or an 802.3 length field. */
export const PROTOCOL_OTHER_ETHERTYPE = 256;
/** An IP protocol that the stack does not know, or a fragment, whose transport header is not looked for. */
export const PROTOCOL_OTHER_IP = 512;
export const PROTOCOL_BITS = 10;

// classify() adds 1 to double number i of its counter block for each passed entry whose PROTOCOL has bit i.
export const PROTOCOL_COUNTER_BYTES = PROTOCOL_BITS * 8;

// Verdicts. Each is 1 + the index of its reason in memory/counters.ts. A header that reaches beyond the first buffer
// counts as truncated; a malformed entry's PROTOCOL and HEADERS say how far the parser came.
export const VERDICT_PASS = 0;
export const VERDICT_ETHERNET_TRUNCATED = 1; //    under 14 bytes
export const VERDICT_VLAN_TRUNCATED = 2; //        no room for the tag and the EtherType behind it
export const VERDICT_ARP_TRUNCATED = 3; //         under 28 bytes, or under what its address lengths say
export const VERDICT_IPV4_TRUNCATED = 4; //        under 20 bytes, or under its own header length
export const VERDICT_IPV4_VERSION = 5; //          version is not 4
export const VERDICT_IPV4_HEADER_LENGTH = 6; //    IHL under 5
export const VERDICT_IPV4_TOTAL_LENGTH = 7; //     under its header, or over the frame
export const VERDICT_IPV4_CHECKSUM = 8;
export const VERDICT_IPV6_TRUNCATED = 9; //        under 40 bytes
export const VERDICT_IPV6_VERSION = 10;
export const VERDICT_IPV6_PAYLOAD_LENGTH = 11; //  over the frame
export const VERDICT_UDP_TRUNCATED = 12; //        under 8 bytes
export const VERDICT_UDP_LENGTH = 13; //           under 8, or over the IP payload
export const VERDICT_TCP_TRUNCATED = 14; //        under 20 bytes, or under its data offset
export const VERDICT_TCP_DATA_OFFSET = 15; //      under 5
export const VERDICT_ICMP_TRUNCATED = 16; //       under 8 bytes
export const VERDICT_ICMPV6_TRUNCATED = 17; //     under 4 bytes
export const VERDICTS = 18;

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
