// Cold. Runs on: main.
// One frame by hand for each verdict and each protocol.

import t from 'tap';
import {
  ENTRY_BUFFER,
  ENTRY_HEADERS,
  ENTRY_LENGTH,
  ENTRY_OFFSET,
  ENTRY_PROTOCOL,
  ENTRY_VERDICT,
  PROTOCOL_ARP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IPV4,
  PROTOCOL_IPV6,
  PROTOCOL_OTHER_ETHERTYPE,
  PROTOCOL_OTHER_IP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_VLAN,
  VERDICTS,
} from '../../src/bursts/layout.js';
import { MALFORMED_REASONS, PROTOCOL_NAMES } from '../../src/memory/counters.js';
import { arp, bytesOf, ethernet, ipv4, ipv6, tcp, udp } from './frames.js';
import { BATCH, BUFFER_AREA, bufferAddress, COUNTERS, entryWord, type World, worlds } from './world.js';

const IPV4 = 0x0800;
const ARP = 0x0806;
const VLAN = 0x8100;
const IPV6 = 0x86dd;
const QINQ = 0x88a8;
const ICMP_NUMBER = 1;
const TCP_NUMBER = 6;
const UDP_NUMBER = 17;
const ICMPV6_NUMBER = 58;
const GRE_NUMBER = 47;

type Reason = (typeof MALFORMED_REASONS)[number];

function overIpv4(protocol: number, payload: readonly number[], fields: Parameters<typeof ipv4>[2] = {}): number[] {
  return ethernet(IPV4, ipv4(protocol, payload, fields));
}

function overIpv6(nextHeader: number, payload: readonly number[], fields: Parameters<typeof ipv6>[2] = {}): number[] {
  return ethernet(IPV6, ipv6(nextHeader, payload, fields));
}

/** Per reason: frames that show it, most of them at the edge. */
const MALFORMED: Record<Reason, readonly number[][]> = {
  ethernetTruncated: [[], bytesOf(13)],
  vlanTruncated: [ethernet(VLAN, bytesOf(3)), ethernet(QINQ, []), ethernet(IPV4, [], [VLAN, QINQ]).slice(0, -1)],
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
  tcpTruncated: [
    overIpv4(TCP_NUMBER, bytesOf(19)),
    overIpv4(TCP_NUMBER, tcp([], 24).slice(0, 23)),
    overIpv6(TCP_NUMBER, tcp([], 60).slice(0, 59)),
    overIpv4(TCP_NUMBER, tcp(bytesOf(10)), { total: 39 }),
  ],
  tcpDataOffset: [overIpv4(TCP_NUMBER, tcp([], 16)), overIpv6(TCP_NUMBER, tcp([], 0))],
  icmpTruncated: [overIpv4(ICMP_NUMBER, bytesOf(7))],
  icmpv6Truncated: [overIpv6(ICMPV6_NUMBER, bytesOf(3))],
};

/** Name, frame, protocol bits, network header, transport header. */
const PASSED: readonly [string, number[], number, number, number][] = [
  ['UDP', overIpv4(UDP_NUMBER, udp([])), PROTOCOL_IPV4 | PROTOCOL_UDP, 14, 34],
  ['UDP, padded', [...overIpv4(UDP_NUMBER, udp([])), ...bytesOf(18)], PROTOCOL_IPV4 | PROTOCOL_UDP, 14, 34],
  ['UDP behind options', overIpv4(UDP_NUMBER, udp([]), { header: 60 }), PROTOCOL_IPV4 | PROTOCOL_UDP, 14, 74],
  ['TCP', overIpv4(TCP_NUMBER, tcp([])), PROTOCOL_IPV4 | PROTOCOL_TCP, 14, 34],
  ['TCP with options', overIpv4(TCP_NUMBER, tcp([], 60)), PROTOCOL_IPV4 | PROTOCOL_TCP, 14, 34],
  ['ICMP', overIpv4(ICMP_NUMBER, bytesOf(8)), PROTOCOL_IPV4 | PROTOCOL_ICMP, 14, 34],
  ['GRE', overIpv4(GRE_NUMBER, []), PROTOCOL_IPV4 | PROTOCOL_OTHER_IP, 14, 0],
  ['ICMPv6 over IPv4', overIpv4(ICMPV6_NUMBER, []), PROTOCOL_IPV4 | PROTOCOL_OTHER_IP, 14, 0],
  ['a first fragment', overIpv4(UDP_NUMBER, [1], { fragment: 0x2000 }), PROTOCOL_IPV4 | PROTOCOL_OTHER_IP, 14, 0],
  ['a last fragment', overIpv4(TCP_NUMBER, [1], { fragment: 1 }), PROTOCOL_IPV4 | PROTOCOL_OTHER_IP, 14, 0],
  ["don't fragment", overIpv4(UDP_NUMBER, udp([]), { fragment: 0x4000 }), PROTOCOL_IPV4 | PROTOCOL_UDP, 14, 34],
  ['UDP over IPv6', overIpv6(UDP_NUMBER, udp([])), PROTOCOL_IPV6 | PROTOCOL_UDP, 14, 54],
  ['TCP over IPv6', overIpv6(TCP_NUMBER, tcp([])), PROTOCOL_IPV6 | PROTOCOL_TCP, 14, 54],
  ['ICMPv6', overIpv6(ICMPV6_NUMBER, bytesOf(4)), PROTOCOL_IPV6 | PROTOCOL_ICMPV6, 14, 54],
  ['ICMP over IPv6', overIpv6(ICMP_NUMBER, []), PROTOCOL_IPV6 | PROTOCOL_OTHER_IP, 14, 0],
  ['an IPv6 fragment', overIpv6(44, bytesOf(8)), PROTOCOL_IPV6 | PROTOCOL_OTHER_IP, 14, 0],
  ['ARP', ethernet(ARP, arp()), PROTOCOL_ARP, 14, 0],
  ['LLDP', ethernet(0x88cc, []), PROTOCOL_OTHER_ETHERTYPE, 0, 0],
  ['802.3', ethernet(1500, bytesOf(46)), PROTOCOL_OTHER_ETHERTYPE, 0, 0],
  ['ARP with a tag', ethernet(ARP, arp(), [VLAN]), PROTOCOL_VLAN | PROTOCOL_ARP, 18, 0],
  [
    'UDP with two tags',
    ethernet(IPV4, ipv4(UDP_NUMBER, udp([])), [QINQ, VLAN]),
    PROTOCOL_VLAN | PROTOCOL_IPV4 | PROTOCOL_UDP,
    22,
    42,
  ],
  ['three tags', ethernet(IPV4, [], [VLAN, VLAN, VLAN]), PROTOCOL_VLAN | PROTOCOL_OTHER_ETHERTYPE, 0, 0],
];

const both = worlds();

function classifyOne({ views, bursts }: World, frame: readonly number[], offset = 3, length = frame.length): number {
  views.bytes.set(frame, bufferAddress(0) + offset);
  views.words[entryWord(0, ENTRY_BUFFER)] = 0;
  views.words[entryWord(0, ENTRY_OFFSET)] = offset;
  views.words[entryWord(0, ENTRY_LENGTH)] = length;
  views.doubles.fill(0, COUNTERS / 8, COUNTERS / 8 + PROTOCOL_NAMES.length);
  return bursts.classify(BATCH, 1, BUFFER_AREA, COUNTERS);
}

function counted({ views }: World): number {
  return PROTOCOL_NAMES.reduce((bits, _, i) => bits + views.doubles[COUNTERS / 8 + i]! * 2 ** i, 0);
}

t.equal(MALFORMED_REASONS.length, VERDICTS - 1, 'a name for each verdict');

MALFORMED_REASONS.forEach((reason, i) => {
  t.test(reason, async (t) => {
    for (const world of both) {
      for (const frame of MALFORMED[reason]) {
        t.equal(classifyOne(world, frame), 1, `${world.name}: odd`);
        t.equal(world.views.words[entryWord(0, ENTRY_VERDICT)], i + 1);
        t.equal(counted(world), 0, 'not counted by protocol');
      }
    }
  });
});

for (const [name, frame, protocol, network, transport] of PASSED) {
  t.test(`passes ${name}`, async (t) => {
    for (const world of both) {
      t.equal(classifyOne(world, frame), 0, `${world.name}: not odd`);
      t.equal(world.views.words[entryWord(0, ENTRY_VERDICT)], 0);
      t.equal(world.views.words[entryWord(0, ENTRY_PROTOCOL)], protocol);
      t.equal(world.views.words[entryWord(0, ENTRY_HEADERS)], network | (transport << 16));
      t.equal(counted(world), protocol, 'counted in each of its protocols');
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
