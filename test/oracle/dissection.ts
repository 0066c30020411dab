// Cold. Runs on: main.
// What tshark says of a capture's frames, in our words. It runs once per capture, with all dissectors off but those of
// the headers that we parse: no port or payload can lead it further.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wireshark } from '../tshark.js';
import type { Dissection } from './judgement.js';
import { outerNames, pathOf, reasonOf } from './translate.js';

const KEPT =
  /^(_ws\..*|frame|expert|data|eth|ethertype|llc|sll|raw|null|vlan|ieee8021ad|mpls|pppoe[ds]?|arp|ip|ip\.options.*|ipv6|ipv6\..*|ah|udp|tcp|tcp\.options.*|icmp|icmpv6|igmp|sctp|gre|esp)$/;
const PREFERENCES = [
  'ip.check_checksum:TRUE',
  'udp.check_checksum:TRUE',
  'tcp.check_checksum:TRUE',
  'ip.defragment:FALSE',
  'ipv6.defragment:FALSE',
  'tcp.desegment_tcp_streams:FALSE',
  'tcp.analyze_sequence_numbers:FALSE',
  'esp.do_esp_sequence_analysis:FALSE',
];
const FIELDS = [
  'frame.cap_len',
  'frame.time_epoch',
  'frame.protocols',
  'ip.src',
  'ip.dst',
  'ip.hdr_len',
  'ip.flags.mf',
  'ip.frag_offset',
  'ip.checksum.status',
  'ipv6.src',
  'ipv6.dst',
  'ipv6.nxt',
  'ipv6.hopopts.nxt',
  'ipv6.routing.nxt',
  'ipv6.dstopts.nxt',
  'ipv6.fraghdr.nxt',
  'ah.next_header',
  'ipv6.fraghdr.more',
  'ipv6.fraghdr.offset',
  'udp.srcport',
  'udp.dstport',
  'udp.checksum',
  'udp.checksum.status',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.checksum.status',
  '_ws.malformed',
  '_ws.expert.message',
] as const;
const AGGREGATOR = '~';

/** One frame's fields. A header that is in it twice gives two values. */
export type Row = (field: (typeof FIELDS)[number]) => readonly string[];

let profile = '';

/** @throws Error with what tshark says when it fails */
export function dissectCapture(path: string): Dissection[] {
  if (profile === '') profile = writeProfile();
  const options = PREFERENCES.flatMap((preference) => ['-o', preference]);
  const format = ['-T', 'fields', '-E', 'separator=/t', '-E', `aggregator=${AGGREGATOR}`];
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const lines = run(['-n', '-r', path, ...options, ...format, ...fields], profile).split('\n');
  return lines.filter((line) => line !== '').map((line) => dissectionOf(rowOf(line)));
}

function rowOf(line: string): Row {
  const columns = line.split('\t');
  return (field) => {
    const column = columns[FIELDS.indexOf(field)];
    return column === undefined || column === '' ? [] : column.split(AGGREGATOR);
  };
}

function dissectionOf(row: Row): Dissection {
  const protocols: readonly string[] = pathOf(row);
  const value = (names: readonly (typeof FIELDS)[number][], protocol: string) =>
    protocols.includes(protocol) ? names.map((name) => row(name)[0] ?? '') : [];
  const [source = '', destination = ''] = [
    ...value(['ip.src', 'ip.dst'], 'ipv4'),
    ...value(['ipv6.src', 'ipv6.dst'], 'ipv6'),
  ];
  const [sourcePort = '', destinationPort = ''] = [
    ...value(['udp.srcport', 'udp.dstport'], 'udp'),
    ...value(['tcp.srcport', 'tcp.dstport'], 'tcp'),
  ];
  const length = Number(row('frame.cap_len')[0]);
  const [headers, reason] = [outerNames(row), reasonOf(row)];
  const timeNs = BigInt(row('frame.time_epoch')[0]!.replace('.', ''));
  return { headers, timeNs, length, protocols, source, destination, sourcePort, destinationPort, reason };
}

/** A folder of settings in which all other protocols are off. It is gone when the process ends. */
function writeProfile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'softirq-tshark-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  const names = run(['-G', 'protocols'], folder)
    .split('\n')
    .map((line) => line.split('\t')[2] ?? '');
  writeFileSync(join(folder, 'disabled_protos'), names.filter((name) => !KEPT.test(name)).join('\n'));
  return folder;
}

function run(parameters: readonly string[], configuration: string): string {
  return wireshark('tshark', parameters, { configuration });
}
