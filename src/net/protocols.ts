// Cold. Runs on: main.
// What reports call the protocols and faults that classify() finds. Their names and order stand in memory/counters.ts.

import type { MALFORMED_REASONS, PROTOCOL_NAMES } from '../memory/counters.js';

export const PROTOCOL_LABELS: Record<(typeof PROTOCOL_NAMES)[number], string> = {
  vlan: 'VLAN',
  arp: 'ARP',
  ipv4: 'IPv4',
  ipv6: 'IPv6',
  udp: 'UDP',
  tcp: 'TCP',
  icmp: 'ICMP',
  icmpv6: 'ICMPv6',
  otherEthertype: 'other EtherType',
  otherIp: 'other IP protocol, or fragment',
};

export const MALFORMED_LABELS: Record<(typeof MALFORMED_REASONS)[number], string> = {
  ethernetTruncated: 'Ethernet header cut off',
  vlanTruncated: 'VLAN tag cut off',
  arpTruncated: 'ARP packet cut off',
  ipv4Truncated: 'IPv4 header cut off',
  ipv4Version: 'IPv4 version is not 4',
  ipv4HeaderLength: 'IPv4 header length under 20',
  ipv4TotalLength: 'IPv4 total length impossible',
  ipv4Checksum: 'IPv4 header checksum wrong',
  ipv6Truncated: 'IPv6 header cut off',
  ipv6Version: 'IPv6 version is not 6',
  ipv6PayloadLength: 'IPv6 payload length over the frame',
  udpTruncated: 'UDP header cut off',
  udpLength: 'UDP length impossible',
  tcpTruncated: 'TCP header cut off',
  tcpDataOffset: 'TCP data offset under 20',
  icmpTruncated: 'ICMP header cut off',
  icmpv6Truncated: 'ICMPv6 header cut off',
};
