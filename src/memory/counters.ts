// Cold. Runs on: every thread, once; snapshots on main.
// Every counter of the machine is declared here, once, with its label. A counter is a double (exact to 2^53) in a block
// that one context alone writes; readers see each one whole. Hot files bind the index of a counter to a local constant.

import { alignUp, CACHE_LINE_BYTES, DOUBLE_BYTES } from './layout.js';
import type { Views } from './views.js';

/** What a passed frame is made of. Index = bit number of PROTOCOL_* in bursts/layout.ts. */
export const PROTOCOL_NAMES = [
  'vlan',
  'qinq',
  'mpls',
  'pppoeDiscovery',
  'pppoeSession',
  'arp',
  'ipv4',
  'ipv4Options',
  'ipv6',
  'hopByHop',
  'routing',
  'fragment',
  'atomicFragment',
  'destinationOptions',
  'ah',
  'udp',
  'tcp',
  'icmp',
  'icmpv6',
  'igmp',
  'sctp',
  'gre',
  'esp',
  'noNextHeader',
  'otherIp',
  'otherEthertype',
] as const;

/** Bits of the flags byte of a TCP header, from the lowest: RFC 9293 §3.1. */
export const TCP_FLAG_NAMES = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'] as const;

/** ICMP messages that have a name, by type: RFC 792, RFC 950, RFC 1256. */
export const ICMP_TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'echoReply',
  3: 'destinationUnreachable',
  4: 'sourceQuench',
  5: 'redirect',
  8: 'echoRequest',
  9: 'routerAdvertisement',
  10: 'routerSolicitation',
  11: 'timeExceeded',
  12: 'parameterProblem',
  13: 'timestampRequest',
  14: 'timestampReply',
  17: 'addressMaskRequest',
  18: 'addressMaskReply',
};

/** ICMPv6 messages that have a name, by type: RFC 4443, RFC 2710, RFC 4861, RFC 3810. */
export const ICMPV6_TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'destinationUnreachable',
  2: 'packetTooBig',
  3: 'timeExceeded',
  4: 'parameterProblem',
  128: 'echoRequest',
  129: 'echoReply',
  130: 'multicastListenerQuery',
  131: 'multicastListenerReport',
  132: 'multicastListenerDone',
  133: 'routerSolicitation',
  134: 'routerAdvertisement',
  135: 'neighborSolicitation',
  136: 'neighborAdvertisement',
  137: 'redirect',
  143: 'multicastListenerReportV2',
};

/** Why a frame was dropped as malformed. Index = VERDICT_* in bursts/layout.ts, less 1. */
export const MALFORMED_REASONS = [
  'ethernetTruncated',
  'vlanTruncated',
  'mplsTruncated',
  'pppoeTruncated',
  'pppoeLength',
  'arpTruncated',
  'ipv4Truncated',
  'ipv4Version',
  'ipv4HeaderLength',
  'ipv4TotalLength',
  'ipv4Checksum',
  'ipv6Truncated',
  'ipv6Version',
  'ipv6PayloadLength',
  'ipv6ExtensionTruncated',
  'ipv6ExtensionLimit',
  'ipv6ExtensionOrder',
  'ahTruncated',
  'udpTruncated',
  'udpLength',
  'udpChecksum',
  'tcpTruncated',
  'tcpDataOffset',
  'tcpChecksum',
  'icmpTruncated',
  'icmpv6Truncated',
  'igmpTruncated',
  'sctpTruncated',
  'greTruncated',
  'espTruncated',
] as const;

/** The softirq vectors (enum in linux/interrupt.h), lowest number first; so they run, and so /proc/softirqs lists them. */
export const SOFTIRQ_VECTORS = [
  'HI',
  'TIMER',
  'NET_TX',
  'NET_RX',
  'BLOCK',
  'IRQ_POLL',
  'TASKLET',
  'SCHED',
  'HRTIMER',
  'RCU',
] as const;

/** Per CPU. The vectors must stay together and in their order, and so must the reasons. The tally says what was passed. */
export const CPU_COUNTERS = [
  'hardirqs',
  'timerIrqs',
  ...SOFTIRQ_VECTORS,
  'busyPollRxPackets',
  'processed',
  'dropped',
  'timeSqueeze',
  'receivedRps',
  'flowLimitCount',
  'ksoftirqdRuns',
  'sleeps',
  'delivered',
  'deliveredBytes',
  'lastPollNs',
  'cpuNs',
  'involuntarySwitches',
  ...MALFORMED_REASONS,
] as const;

/** Per CPU and Rx queue: a queue may be polled by any CPU, and each counts for itself. */
export const POLL_COUNTERS = [
  'irqs',
  'polls',
  'completions',
  'fullBudgetPolls',
  'missedReschedules',
  'deferredPolls',
  'unaskedPolls',
  'taken',
] as const;

/** Per CPU and task of the application. */
export const TASK_COUNTERS = ['steps', 'runNs'] as const;

/** Per NIC. */
export const NIC_COUNTERS = [
  'offeredPackets',
  'offeredBytes',
  'pauses',
  'rxLengthErrors',
  'sleeps',
  'startNs',
  'endNs',
  'cpuNs',
  'involuntarySwitches',
] as const;

/** Per NIC and Rx queue. */
export const NIC_QUEUE_COUNTERS = ['rxPackets', 'rxBytes', 'rxMissedErrors'] as const;

/** Per NIC that replays a capture: what its first pass has found so far. */
export const CAPTURE_COUNTERS = ['packets', 'sliced', 'backwardTimestamps', 'skippedBlocks', 'format', 'gzip'] as const;

/** The counter `format` is 1 + an index of these; 0 as long as nobody knows. */
export const CAPTURE_FORMATS = ['pcap', 'pcapng'] as const;

export type CounterNames = readonly string[];

/** Bytes of a block of these counters: whole cache lines, so that no two writers share one. */
export function counterBlockBytes(names: CounterNames): number {
  return alignUp(names.length * DOUBLE_BYTES, CACHE_LINE_BYTES);
}

/** The counters of the block at `address`, by name. */
export function readCounters<const N extends CounterNames>(
  views: Views,
  names: N,
  address: number,
): Record<N[number], number> {
  const first = address / DOUBLE_BYTES;
  const entries = names.map((name, index) => [name, views.doubles[first + index]!] as const);
  return Object.fromEntries(entries) as Record<N[number], number>;
}

/** The sum, name by name, of several blocks of the same counters. */
export function sumCounters<K extends string>(
  blocks: readonly Record<K, number>[],
  names: readonly K[],
): Record<K, number> {
  const sum = (name: K) => blocks.reduce((total, block) => total + block[name], 0);
  return Object.fromEntries(names.map((name) => [name, sum(name)])) as Record<K, number>;
}

/** The byte address of one counter of the block at `address`. */
export function counterAddress<const N extends CounterNames>(names: N, address: number, name: N[number]): number {
  return address + names.indexOf(name) * DOUBLE_BYTES;
}

/** The byte addresses of several counters of the block at `address`, by name. */
export function counterAddresses<const N extends CounterNames, K extends N[number]>(
  names: N,
  address: number,
  wanted: readonly K[],
): Record<K, number> {
  const entries = wanted.map((name) => [name, counterAddress(names, address, name)] as const);
  return Object.fromEntries(entries) as Record<K, number>;
}
