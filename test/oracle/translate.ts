// Cold. Runs on: main.
// From tshark's words to ours: which of our protocols and reasons its fields mean. A row per word of ours; whoever
// teaches the classifier another protocol or reason adds a row here.

import { type MALFORMED_REASONS, PROTOCOL_NAMES } from '../../src/memory/counters.js';
import type { Row } from './dissection.js';

type Protocol = (typeof PROTOCOL_NAMES)[number];
type Reason = (typeof MALFORMED_REASONS)[number];

/** Names in frame.protocols. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  vlan: 'vlan',
  ieee8021ad: 'vlan',
  mpls: 'mpls',
  pppoed: 'pppoeDiscovery',
  pppoes: 'pppoeSession',
  arp: 'arp',
  ip: 'ipv4',
  ipv6: 'ipv6',
  'ipv6.hopopts': 'hopByHop',
  'ipv6.routing': 'routing',
  'ipv6.fraghdr': 'fragment',
  'ipv6.dstopts': 'destinationOptions',
  ah: 'ah',
  udp: 'udp',
  tcp: 'tcp',
  icmp: 'icmp',
  icmpv6: 'icmpv6',
  igmp: 'igmp',
  sctp: 'sctp',
  gre: 'gre',
  esp: 'esp',
};
/** What they carry has no word of ours. */
const CLOSED = ['mpls', 'pppoed', 'pppoes'];
const CLOSED_REASONS = /^(ethernet|vlan|mpls|pppoe)/;
/** Where the headers of IPv6 say what follows. */
const NEXT_HEADERS: Readonly<Record<string, Parameters<Row>[0]>> = {
  ipv6: 'ipv6.nxt',
  'ipv6.hopopts': 'ipv6.hopopts.nxt',
  'ipv6.routing': 'ipv6.routing.nxt',
  'ipv6.dstopts': 'ipv6.dstopts.nxt',
  'ipv6.fraghdr': 'ipv6.fraghdr.nxt',
  ah: 'ah.next_header',
};
const NO_NEXT_HEADER = 59;
/** Behind these we do not look. */
const LAST: readonly string[] = [
  'mpls',
  'pppoed',
  'pppoes',
  'arp',
  'udp',
  'tcp',
  'icmp',
  'icmpv6',
  'igmp',
  'sctp',
  'gre',
  'esp',
];
const NETWORKS: readonly string[] = ['ip', 'ipv6'];

/** The headers of a frame, from the outside to the last that we look at. */
export function outerNames(row: Row): string[] {
  const outer: string[] = [];
  for (const name of row('frame.protocols')[0]!.split(':')) {
    if (NETWORKS.includes(name) && outer.some((before) => NETWORKS.includes(before))) break;
    outer.push(name);
    if (LAST.includes(name)) break;
  }
  return outer;
}

export function pathOf(row: Row): Protocol[] {
  const outer = outerNames(row);
  const found = new Set(outer.flatMap((name) => PROTOCOLS[name] ?? []));
  if (outer.filter((name) => PROTOCOLS[name] === 'vlan').length > 1) found.add('qinq');
  if (Number(row('ip.hdr_len')[0]) > 20 && found.has('ipv4')) found.add('ipv4Options');
  nameFragments(row, found);
  if (!outer.some((name) => LAST.includes(name))) nameRest(row, found);
  return PROTOCOL_NAMES.filter((name) => found.has(name));
}

/** A fragment header may stand in a datagram that is whole; IPv4 has no header for fragments. */
function nameFragments(row: Row, found: Set<Protocol>): void {
  const isPart = (more: Parameters<Row>[0], offset: Parameters<Row>[0]) =>
    row(more).some(isSet) || row(offset).some((value) => Number(value) !== 0);
  if (found.has('ipv4') && isPart('ip.flags.mf', 'ip.frag_offset')) found.add('fragment');
  if (found.has('fragment') && found.has('ipv6') && !isPart('ipv6.fraghdr.more', 'ipv6.fraghdr.offset')) {
    found.delete('fragment');
    found.add('atomicFragment');
  }
}

function isSet(value: string): boolean {
  return value === '1' || value === 'True';
}

/** Nothing that we know follows the last header: what do we say then? */
function nameRest(row: Row, found: Set<Protocol>): void {
  if (isLaterFragment(row)) return;
  if (!found.has('ipv4') && !found.has('ipv6')) found.add('otherEthertype');
  else found.add(found.has('ipv6') && lastNumber(row) === NO_NEXT_HEADER ? 'noNextHeader' : 'otherIp');
}

/** What the last header of an IPv6 packet says that follows. */
function lastNumber(row: Row): number {
  const last = outerNames(row).findLast((name) => name in NEXT_HEADERS) ?? 'ipv6';
  return Number(row(NEXT_HEADERS[last]!).at(-1));
}

function isLaterFragment(row: Row): boolean {
  return [...row('ip.frag_offset'), ...row('ipv6.fraghdr.offset')].some((value) => Number(value) !== 0);
}

type Sign = (said: string, row: Row) => boolean;

const says =
  (...phrases: readonly string[]): Sign =>
  (said) =>
    phrases.some((phrase) => said.includes(phrase));
const cutIn = (...names: readonly string[]): Sign =>
  says(...names.flatMap((name) => [`[Malformed Packet: ${name}]`, `[Malformed Packet: ${name}:`]));
const isBad =
  (field: Parameters<Row>[0]): Sign =>
  (_, row) =>
    row(field)[0] === '0';

/** In the order in which the parser meets them: a frame that has two faults has the first for us. */
const SIGNS: readonly (readonly [Reason, Sign])[] = [
  ['ethernetTruncated', cutIn('Ethernet')],
  ['vlanTruncated', cutIn('VLAN', 'IEEE 802.1AD')],
  ['mplsTruncated', cutIn('MPLS')],
  ['pppoeTruncated', cutIn('PPPoES', 'PPPoED')],
  ['pppoeLength', says('Possible bad payload length')],
  ['arpTruncated', cutIn('ARP/RARP')],
  ['ipv4Version', says('Bogus IPv4 version')],
  ['ipv4HeaderLength', says('Bogus IP header length')],
  ['ipv4Truncated', cutIn('IPv4')],
  ['ipv4Checksum', isBad('ip.checksum.status')],
  ['ipv4TotalLength', says('Bogus IP length', 'IPv4 total length exceeds')],
  ['ipv6Truncated', says('IPv6 header must be exactly 40 bytes')],
  ['ipv6Version', says('Bogus IPv6 version')],
  ['ipv6PayloadLength', says('IPv6 payload length exceeds')],
  ['ipv6ExtensionTruncated', cutIn('IPv6 Hop-by-Hop', 'IPv6 Routing', 'IPv6 Fragment', 'IPv6 Destination')],
  ['ahTruncated', cutIn('AH')],
  ['udpTruncated', (said, row) => cutIn('UDP')(said, row) && row('udp.checksum').length === 0],
  ['udpLength', says('Bad length value', 'Length is zero but payload')],
  ['udpChecksum', (said, row) => isBad('udp.checksum.status')(said, row) || said.includes('Illegal checksum value')],
  ['tcpTruncated', says('[Malformed Packet: TCP', 'Short segment')],
  ['tcpDataOffset', says('Bogus TCP header length')],
  ['tcpChecksum', isBad('tcp.checksum.status')],
  ['icmpTruncated', cutIn('ICMP')],
  ['icmpv6Truncated', cutIn('ICMPv6')],
  ['igmpTruncated', cutIn('IGMP')],
  ['sctpTruncated', cutIn('SCTP')],
  ['greTruncated', cutIn('GRE')],
  ['espTruncated', cutIn('ESP')],
];

export function reasonOf(row: Row): Reason | '' {
  const said = [...row('_ws.malformed'), ...row('_ws.expert.message')].join();
  const isClosed = outerNames(row).some((name) => CLOSED.includes(name));
  const signs = isClosed ? SIGNS.filter(([reason]) => CLOSED_REASONS.test(reason)) : SIGNS;
  return signs.find(([, isSaid]) => isSaid(said, row))?.[0] ?? '';
}
