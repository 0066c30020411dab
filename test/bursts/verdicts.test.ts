// Cold. Runs on: main.
// One frame by hand for each verdict and each protocol.

import t from 'tap';
import {
  BATCH_ODD,
  BATCH_PASSED_BYTES,
  BUFFER_BYTES,
  ENTRY_BUFFER,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  ENTRY_VERDICT,
  PROTOCOL_AH,
  PROTOCOL_ARP,
  PROTOCOL_ATOMIC_FRAGMENT,
  PROTOCOL_DESTINATION_OPTIONS,
  PROTOCOL_ESP,
  PROTOCOL_FRAGMENT,
  PROTOCOL_GRE,
  PROTOCOL_HOP_BY_HOP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IGMP,
  PROTOCOL_IPV4,
  PROTOCOL_IPV4_OPTIONS,
  PROTOCOL_IPV6,
  PROTOCOL_MPLS,
  PROTOCOL_NO_NEXT_HEADER,
  PROTOCOL_OTHER_ETHERTYPE,
  PROTOCOL_OTHER_IP,
  PROTOCOL_PPPOE_DISCOVERY,
  PROTOCOL_PPPOE_SESSION,
  PROTOCOL_QINQ,
  PROTOCOL_ROUTING,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_VLAN,
  TALLY_BYTES,
  VERDICTS,
} from '../../src/bursts/layout.js';
import { MALFORMED_REASONS } from '../../src/memory/counters.js';
import { readTallies } from '../../src/net/tally.js';
import {
  ah,
  arp,
  bytesOf,
  checksummed,
  ethernet,
  extension,
  fragment,
  IPV4_DESTINATION,
  IPV4_SOURCE,
  IPV6_DESTINATION,
  IPV6_SOURCE,
  ipv4,
  ipv6,
  mpls,
  pppoe,
  routing,
  tcp,
  udp,
} from './frames.js';
import { BATCH, BUFFER_AREA, BUFFERS, bufferAddress, entryWord, LINKS, TALLY, type World, worlds } from './world.js';

const IPV4 = 0x0800;
const ARP = 0x0806;
const VLAN = 0x8100;
const IPV6 = 0x86dd;
const MPLS = 0x8847;
const MPLS_MULTICAST = 0x8848;
const PPPOE_DISCOVERY = 0x8863;
const PPPOE_SESSION = 0x8864;
const QINQ = 0x88a8;
const HOP = 0;
const ICMP_NUMBER = 1;
const IGMP_NUMBER = 2;
const TCP_NUMBER = 6;
const UDP_NUMBER = 17;
const ROUTING = 43;
const FRAGMENT = 44;
const GRE_NUMBER = 47;
const ESP_NUMBER = 50;
const AH = 51;
const ICMPV6_NUMBER = 58;
const NONE = 59;
const DESTINATION = 60;
const SCTP_NUMBER = 132;
const OSPF_NUMBER = 89;
const MORE = 0x2000;

type Reason = (typeof MALFORMED_REASONS)[number];

function overIpv4(protocol: number, payload: readonly number[], fields: Parameters<typeof ipv4>[2] = {}): number[] {
  return ethernet(IPV4, ipv4(protocol, payload, fields));
}

function overIpv6(nextHeader: number, payload: readonly number[], fields: Parameters<typeof ipv6>[2] = {}): number[] {
  return ethernet(IPV6, ipv6(nextHeader, payload, fields));
}

/** So many headers of destination options, then none. */
function chain(headers: number): number[] {
  return headers === 1 ? extension(NONE, []) : extension(DESTINATION, chain(headers - 1));
}

/** @param wrong what is added to the right checksum */
function udpOverIpv4(datagram: readonly number[], wrong = 0): number[] {
  const right = checksummed(UDP_NUMBER, datagram, IPV4_SOURCE, IPV4_DESTINATION);
  return overIpv4(UDP_NUMBER, right.with(7, (right[7]! + wrong) & 0xff));
}

function udpOverIpv6(datagram: readonly number[], wrong = 0): number[] {
  const right = checksummed(UDP_NUMBER, datagram, IPV6_SOURCE, IPV6_DESTINATION);
  return overIpv6(UDP_NUMBER, right.with(7, (right[7]! + wrong) & 0xff));
}

function tcpOverIpv4(datagram: readonly number[], wrong = 0): number[] {
  const right = checksummed(TCP_NUMBER, datagram, IPV4_SOURCE, IPV4_DESTINATION);
  return overIpv4(TCP_NUMBER, right.with(17, (right[17]! + wrong) & 0xff));
}

/** Per reason: frames that show it, most of them at the edge. */
const MALFORMED: Record<Reason, readonly number[][]> = {
  ethernetTruncated: [[], bytesOf(13)],
  vlanTruncated: [ethernet(VLAN, bytesOf(3)), ethernet(QINQ, []), ethernet(IPV4, [], [VLAN, QINQ]).slice(0, -1)],
  mplsTruncated: [
    ethernet(MPLS, bytesOf(3)),
    ethernet(MPLS, mpls(3, [], false)),
    ethernet(MPLS, mpls(1, []).slice(0, -1), [VLAN]),
  ],
  pppoeTruncated: [ethernet(PPPOE_DISCOVERY, bytesOf(5)), ethernet(PPPOE_SESSION, [])],
  pppoeLength: [ethernet(PPPOE_SESSION, pppoe([0, 33], 3)), ethernet(PPPOE_DISCOVERY, pppoe([], 0xffff))],
  arpTruncated: [ethernet(ARP, arp().slice(0, 27)), ethernet(ARP, arp(6, 16, 28)), ethernet(ARP, arp(255, 255, 1027))],
  ipv4Truncated: [
    ethernet(IPV4, ipv4(UDP_NUMBER, []).slice(0, 19)),
    ethernet(IPV4, ipv4(UDP_NUMBER, [], { header: 24 }).slice(0, 23)),
  ],
  ipv4Version: [overIpv4(UDP_NUMBER, udp([]), { version: 5 }), ethernet(IPV4, ipv6(UDP_NUMBER, udp([])))],
  ipv4HeaderLength: [overIpv4(UDP_NUMBER, udp([]), { header: 16 })],
  ipv4TotalLength: [
    overIpv4(UDP_NUMBER, udp([]), { total: 19 }),
    overIpv4(UDP_NUMBER, udp([]), { total: 29 }),
    overIpv4(UDP_NUMBER, udp([]), { header: 24, total: 23 }),
  ],
  ipv4Checksum: [
    overIpv4(UDP_NUMBER, udp([]), { checksum: 1 }),
    overIpv4(TCP_NUMBER, tcp([]), { header: 60, checksum: 1 }),
  ],
  ipv6Truncated: [ethernet(IPV6, ipv6(UDP_NUMBER, []).slice(0, 39))],
  ipv6Version: [overIpv6(UDP_NUMBER, udp([]), { version: 4 })],
  ipv6PayloadLength: [overIpv6(UDP_NUMBER, udp([]), { payload: 9 })],
  ipv6ExtensionTruncated: [
    overIpv6(HOP, []),
    overIpv6(FRAGMENT, bytesOf(7)),
    overIpv6(DESTINATION, extension(NONE, [], 1).slice(0, -1)),
    [...overIpv6(DESTINATION, extension(NONE, [], 1).slice(0, -1)), 0], // the frame has it, the packet has not
    overIpv6(DESTINATION, extension(ROUTING, bytesOf(5))),
  ],
  ipv6ExtensionLimit: [overIpv6(DESTINATION, chain(9)), overIpv6(DESTINATION, chain(20))],
  ipv6ExtensionOrder: [
    overIpv6(DESTINATION, extension(HOP, extension(NONE, []))),
    overIpv6(HOP, extension(HOP, extension(NONE, []))),
    overIpv6(FRAGMENT, fragment(FRAGMENT, fragment(UDP_NUMBER, udp([]), 0), 0)),
    overIpv6(FRAGMENT, fragment(FRAGMENT, fragment(UDP_NUMBER, udp([]), 8), 1)),
  ],
  ahTruncated: [
    overIpv6(AH, []),
    overIpv4(AH, [1]),
    overIpv6(AH, bytesOf(11, 1)),
    overIpv6(AH, ah(NONE, bytesOf(20), 0)),
    overIpv6(AH, ah(NONE, []).slice(0, -1)),
    overIpv4(AH, bytesOf(11)),
    overIpv4(AH, ah(UDP_NUMBER, udp([]), 0)),
    overIpv4(AH, ah(UDP_NUMBER, []).slice(0, -1)),
  ],
  udpTruncated: [
    overIpv4(UDP_NUMBER, bytesOf(7)),
    overIpv6(UDP_NUMBER, bytesOf(7)),
    overIpv4(UDP_NUMBER, udp([]), { total: 27 }),
  ],
  udpLength: [
    overIpv4(UDP_NUMBER, udp([], 7)),
    overIpv4(UDP_NUMBER, udp(bytesOf(10), 19)),
    overIpv6(UDP_NUMBER, udp([], 9)),
    [...overIpv4(UDP_NUMBER, udp([], 9)), 0], // the frame has a ninth byte, the packet has not
  ],
  udpChecksum: [
    udpOverIpv4(udp([]), 1),
    udpOverIpv4(udp(bytesOf(200, 7)), 1),
    udpOverIpv6(udp(bytesOf(3)), 1),
    overIpv6(UDP_NUMBER, udp([])), // none, which IPv6 forbids
  ],
  tcpTruncated: [
    overIpv4(TCP_NUMBER, bytesOf(19)),
    overIpv4(TCP_NUMBER, tcp([], 24).slice(0, 23)),
    overIpv6(TCP_NUMBER, tcp([], 60).slice(0, 59)),
    overIpv4(TCP_NUMBER, tcp(bytesOf(10)), { total: 39 }),
  ],
  tcpDataOffset: [overIpv4(TCP_NUMBER, tcp([], 16)), overIpv6(TCP_NUMBER, tcp([], 0))],
  tcpChecksum: [tcpOverIpv4(tcp([]), 1), tcpOverIpv4(tcp(bytesOf(33, 7), 32), 1), overIpv6(TCP_NUMBER, tcp([]))],
  icmpTruncated: [overIpv4(ICMP_NUMBER, bytesOf(7))],
  icmpv6Truncated: [overIpv6(ICMPV6_NUMBER, bytesOf(7))],
  igmpTruncated: [overIpv4(IGMP_NUMBER, bytesOf(7))],
  sctpTruncated: [overIpv4(SCTP_NUMBER, bytesOf(15)), overIpv6(SCTP_NUMBER, bytesOf(12))],
  greTruncated: [overIpv4(GRE_NUMBER, bytesOf(3)), overIpv6(GRE_NUMBER, [])],
  espTruncated: [overIpv4(ESP_NUMBER, bytesOf(7)), overIpv6(ESP_NUMBER, bytesOf(7))],
};

/** Two faults: the verdict is on what the kernel meets first (ip_rcv_core()). */
const TWO_FAULTS: readonly (readonly [Reason, number[]])[] = [
  ['ipv4Version', overIpv4(UDP_NUMBER, udp([]), { version: 5, checksum: 1 })],
  ['ipv4HeaderLength', overIpv4(UDP_NUMBER, udp([]), { header: 16, checksum: 1 })],
  ['ipv4Truncated', ethernet(IPV4, ipv4(UDP_NUMBER, [], { header: 24, checksum: 1 }).slice(0, 23))],
  ['ipv4Checksum', overIpv4(UDP_NUMBER, udp([]), { total: 29, checksum: 1 })],
  ['ipv4Checksum', overIpv4(UDP_NUMBER, udp([]), { total: 19, checksum: 1 })],
  ['ipv4TotalLength', overIpv4(UDP_NUMBER, udp([], 7), { total: 29 })],
];

/** Name, frame, protocol bits, network header, transport header. */
const PASSED: readonly [string, number[], number, number, number][] = [
  ['UDP', overIpv4(UDP_NUMBER, udp([])), PROTOCOL_IPV4 | PROTOCOL_UDP, 14, 34],
  ['UDP, padded', [...overIpv4(UDP_NUMBER, udp([])), ...bytesOf(18)], PROTOCOL_IPV4 | PROTOCOL_UDP, 14, 34],
  [
    'UDP behind options',
    overIpv4(UDP_NUMBER, udp([]), { header: 60 }),
    PROTOCOL_IPV4 | PROTOCOL_IPV4_OPTIONS | PROTOCOL_UDP,
    14,
    74,
  ],
  ['TCP', overIpv4(TCP_NUMBER, tcp([])), PROTOCOL_IPV4 | PROTOCOL_TCP, 14, 34],
  ['TCP with options', overIpv4(TCP_NUMBER, tcp([], 60)), PROTOCOL_IPV4 | PROTOCOL_TCP, 14, 34],
  ['ICMP', overIpv4(ICMP_NUMBER, bytesOf(8)), PROTOCOL_IPV4 | PROTOCOL_ICMP, 14, 34],
  ['IGMP', overIpv4(IGMP_NUMBER, bytesOf(8)), PROTOCOL_IPV4 | PROTOCOL_IGMP, 14, 34],
  ['SCTP', overIpv4(SCTP_NUMBER, bytesOf(16)), PROTOCOL_IPV4 | PROTOCOL_SCTP, 14, 34],
  ['GRE', overIpv4(GRE_NUMBER, bytesOf(4)), PROTOCOL_IPV4 | PROTOCOL_GRE, 14, 34],
  ['ESP', overIpv4(ESP_NUMBER, bytesOf(8)), PROTOCOL_IPV4 | PROTOCOL_ESP, 14, 34],
  ['OSPF', overIpv4(OSPF_NUMBER, []), PROTOCOL_IPV4 | PROTOCOL_OTHER_IP, 14, 0],
  ['ICMPv6 over IPv4', overIpv4(ICMPV6_NUMBER, []), PROTOCOL_IPV4 | PROTOCOL_OTHER_IP, 14, 0],
  ['UDP behind AH', overIpv4(AH, ah(UDP_NUMBER, udp([]))), PROTOCOL_IPV4 | PROTOCOL_AH | PROTOCOL_UDP, 14, 58],
  [
    'AH twice over IPv4',
    overIpv4(AH, ah(AH, ah(UDP_NUMBER, []))),
    PROTOCOL_IPV4 | PROTOCOL_AH | PROTOCOL_OTHER_IP,
    14,
    0,
  ],
  ['no next header over IPv4', overIpv4(NONE, []), PROTOCOL_IPV4 | PROTOCOL_OTHER_IP, 14, 0],
  [
    'a first fragment, whose length is that of the datagram',
    overIpv4(UDP_NUMBER, udp(bytesOf(8), 2000), { fragment: MORE }),
    PROTOCOL_IPV4 | PROTOCOL_FRAGMENT | PROTOCOL_UDP,
    14,
    34,
  ],
  [
    'a first fragment that ends within TCP options',
    overIpv4(TCP_NUMBER, tcp([], 60).slice(0, 24), { fragment: MORE }),
    PROTOCOL_IPV4 | PROTOCOL_FRAGMENT | PROTOCOL_TCP,
    14,
    34,
  ],
  [
    'a first fragment that ends within the header',
    overIpv4(TCP_NUMBER, bytesOf(16), { fragment: MORE }),
    PROTOCOL_IPV4 | PROTOCOL_FRAGMENT,
    14,
    0,
  ],
  [
    'a first fragment that ends within AH',
    overIpv4(AH, bytesOf(8), { fragment: MORE }),
    PROTOCOL_IPV4 | PROTOCOL_FRAGMENT,
    14,
    0,
  ],
  [
    'a first fragment of what is not known',
    overIpv4(OSPF_NUMBER, [], { fragment: MORE }),
    PROTOCOL_IPV4 | PROTOCOL_FRAGMENT | PROTOCOL_OTHER_IP,
    14,
    0,
  ],
  ['a last fragment', overIpv4(TCP_NUMBER, [1], { fragment: 1 }), PROTOCOL_IPV4 | PROTOCOL_FRAGMENT, 14, 0],
  [
    'a fragment with options',
    overIpv4(UDP_NUMBER, [1], { header: 24, fragment: MORE | 9 }),
    PROTOCOL_IPV4 | PROTOCOL_IPV4_OPTIONS | PROTOCOL_FRAGMENT,
    14,
    0,
  ],
  ["don't fragment", overIpv4(UDP_NUMBER, udp([]), { fragment: 0x4000 }), PROTOCOL_IPV4 | PROTOCOL_UDP, 14, 34],
  ['UDP over IPv6', overIpv6(UDP_NUMBER, udp([])), PROTOCOL_IPV6 | PROTOCOL_UDP, 14, 54],
  ['TCP over IPv6', overIpv6(TCP_NUMBER, tcp([])), PROTOCOL_IPV6 | PROTOCOL_TCP, 14, 54],
  ['ICMPv6', overIpv6(ICMPV6_NUMBER, bytesOf(8)), PROTOCOL_IPV6 | PROTOCOL_ICMPV6, 14, 54],
  ['ICMP over IPv6', overIpv6(ICMP_NUMBER, []), PROTOCOL_IPV6 | PROTOCOL_OTHER_IP, 14, 0],
  ['IGMP over IPv6', overIpv6(IGMP_NUMBER, []), PROTOCOL_IPV6 | PROTOCOL_OTHER_IP, 14, 0],
  ['SCTP over IPv6', overIpv6(SCTP_NUMBER, bytesOf(16)), PROTOCOL_IPV6 | PROTOCOL_SCTP, 14, 54],
  ['GRE over IPv6', overIpv6(GRE_NUMBER, bytesOf(4)), PROTOCOL_IPV6 | PROTOCOL_GRE, 14, 54],
  ['ESP over IPv6', overIpv6(ESP_NUMBER, bytesOf(8)), PROTOCOL_IPV6 | PROTOCOL_ESP, 14, 54],
  ['no next header', overIpv6(NONE, bytesOf(3)), PROTOCOL_IPV6 | PROTOCOL_NO_NEXT_HEADER, 14, 0],
  [
    'all extension headers',
    overIpv6(
      HOP,
      extension(
        ROUTING,
        routing(FRAGMENT, fragment(AH, ah(DESTINATION, extension(TCP_NUMBER, tcp([]), 1), 1), 0), 0),
        1,
      ),
    ),
    PROTOCOL_IPV6 |
      PROTOCOL_HOP_BY_HOP |
      PROTOCOL_ROUTING |
      PROTOCOL_ATOMIC_FRAGMENT |
      PROTOCOL_AH |
      PROTOCOL_DESTINATION_OPTIONS |
      PROTOCOL_TCP,
    14,
    54 + 16 + 24 + 8 + 12 + 16,
  ],
  [
    'as many extension headers as may be',
    overIpv6(DESTINATION, chain(8)),
    PROTOCOL_IPV6 | PROTOCOL_DESTINATION_OPTIONS | PROTOCOL_NO_NEXT_HEADER,
    14,
    0,
  ],
  [
    'a first IPv6 fragment',
    overIpv6(FRAGMENT, fragment(UDP_NUMBER, udp(bytesOf(8), 2000), 1)),
    PROTOCOL_IPV6 | PROTOCOL_FRAGMENT | PROTOCOL_UDP,
    14,
    62,
  ],
  ['a later IPv6 fragment', overIpv6(FRAGMENT, fragment(HOP, [], 9)), PROTOCOL_IPV6 | PROTOCOL_FRAGMENT, 14, 0],
  ['MPLS', ethernet(MPLS, mpls(1, [])), PROTOCOL_MPLS, 14, 0],
  ['MPLS, many labels', ethernet(MPLS_MULTICAST, mpls(300, [])), PROTOCOL_MPLS, 14, 0],
  ['PPPoE discovery', ethernet(PPPOE_DISCOVERY, pppoe([])), PROTOCOL_PPPOE_DISCOVERY, 14, 0],
  [
    'PPPoE session, padded',
    ethernet(PPPOE_SESSION, pppoe(bytesOf(40), 2), [VLAN]),
    PROTOCOL_VLAN | PROTOCOL_PPPOE_SESSION,
    18,
    0,
  ],
  ['ARP', ethernet(ARP, arp()), PROTOCOL_ARP, 14, 0],
  ['LLDP', ethernet(0x88cc, []), PROTOCOL_OTHER_ETHERTYPE, 0, 0],
  ['802.3', ethernet(1500, bytesOf(46)), PROTOCOL_OTHER_ETHERTYPE, 0, 0],
  ['ARP with a tag', ethernet(ARP, arp(), [VLAN]), PROTOCOL_VLAN | PROTOCOL_ARP, 18, 0],
  [
    'UDP with two tags',
    ethernet(IPV4, ipv4(UDP_NUMBER, udp([])), [QINQ, VLAN]),
    PROTOCOL_VLAN | PROTOCOL_QINQ | PROTOCOL_IPV4 | PROTOCOL_UDP,
    22,
    42,
  ],
  [
    'three tags',
    ethernet(IPV4, [], [VLAN, VLAN, VLAN]),
    PROTOCOL_VLAN | PROTOCOL_QINQ | PROTOCOL_OTHER_ETHERTYPE,
    0,
    0,
  ],
];

const both = worlds();
const NOTHING = readTallies(both[0]!.views, [TALLY]);

function classifyOne(
  { views, bursts }: World,
  frame: readonly number[],
  offset = 3,
  length = frame.length,
  buffer = 0,
): number {
  views.bytes.set(frame, bufferAddress(buffer) + offset);
  views.words[entryWord(0, ENTRY_BUFFER)] = buffer;
  views.words[entryWord(0, ENTRY_OFFSET)] = offset;
  views.words[entryWord(0, ENTRY_LENGTH)] = length;
  views.bytes.fill(0, TALLY, TALLY + TALLY_BYTES);
  return bursts.classify(BATCH, 1, BUFFER_AREA, TALLY);
}

function verifyOne({ views, bursts }: World): number {
  views.words[BATCH_ODD_WORD] = -1;
  return bursts.verify(BATCH, 1, BUFFER_AREA, LINKS, TALLY);
}

const BATCH_ODD_WORD = (BATCH + BATCH_ODD) / 4;
const CHECKSUMS: readonly Reason[] = ['udpChecksum', 'tcpChecksum'];

t.equal(MALFORMED_REASONS.length, VERDICTS - 1, 'a name for each verdict');

MALFORMED_REASONS.forEach((reason, i) => {
  t.test(reason, async (t) => {
    for (const world of both) {
      for (const frame of MALFORMED[reason]) {
        t.equal(classifyOne(world, frame), CHECKSUMS.includes(reason) ? 0 : 1, `${world.name}: odd`);
        t.equal(verifyOne(world), 1);
        t.equal(world.views.words[BATCH_ODD_WORD], 0, 'listed');
        t.equal(world.views.words[entryWord(0, ENTRY_VERDICT)], i + 1);
        t.equal(world.views.words[(BATCH + BATCH_PASSED_BYTES) / 4], 0);
        t.same(readTallies(world.views, [TALLY]), NOTHING, 'neither a path, nor flags, nor a type is counted');
        classifyOne(world, frame, BUFFER_BYTES - frame.length, frame.length, BUFFERS - 1);
        verifyOne(world);
        t.equal(world.views.words[entryWord(0, ENTRY_VERDICT)], i + 1, 'where the memory ends, too');
      }
    }
  });
});

t.test('of two faults, the one that the kernel meets first', async (t) => {
  for (const world of both) {
    for (const [reason, frame] of TWO_FAULTS) {
      classifyOne(world, frame);
      t.equal(MALFORMED_REASONS[world.views.words[entryWord(0, ENTRY_VERDICT)]! - 1], reason, world.name);
    }
  }
});

for (const [name, frame, protocol, network, transport] of PASSED) {
  t.test(`passes ${name}`, async (t) => {
    for (const world of both) {
      t.equal(classifyOne(world, frame), 0, `${world.name}: not odd`);
      t.equal(world.views.words[entryWord(0, ENTRY_VERDICT)], 0);
      t.equal(world.views.words[entryWord(0, ENTRY_PROTOCOL)], protocol);
      t.equal(world.views.words[entryWord(0, ENTRY_HEADERS)], network | (transport << 16));
      const { paths } = readTallies(world.views, [TALLY]);
      t.same(paths, [{ protocol, frames: 1, bytes: frame.length }], 'counted on its path');
    }
  });
}

t.test('lengths are checked against the whole frame, headers against its first buffer', async (t) => {
  const jumbo = overIpv4(UDP_NUMBER, udp(bytesOf(3000)));
  for (const world of both) {
    t.equal(classifyOne(world, jumbo.slice(0, 2048), 0, jumbo.length), 0, 'the rest lies in other buffers');
    t.equal(classifyOne(world, jumbo.slice(0, 33), 2048 - 33, jumbo.length), 1);
    t.equal(world.views.words[entryWord(0, ENTRY_VERDICT)], 1 + MALFORMED_REASONS.indexOf('ipv4Truncated'));
    t.equal(classifyOne(world, jumbo.slice(0, 41), 2048 - 41, jumbo.length), 1);
    t.equal(world.views.words[entryWord(0, ENTRY_VERDICT)], 1 + MALFORMED_REASONS.indexOf('udpTruncated'));
  }
});
