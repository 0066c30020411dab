// Cold. Runs on: main.
// Frames layer by layer, each valid: lengths and checksums of all levels are what they should be. The builders of
// test/bursts/frames.ts with what they leave out.

import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_QINQ,
  ETHERTYPE_VLAN,
} from '../../src/bursts/wire.js';
import { arp, bytesOf, ethernet, internetChecksum, ipv4, ipv6, pair, tcp, udp } from '../bursts/frames.js';

/** Ports that no dissector claims. */
const PORTS = { source: 40001, destination: 40002 };

export const HOP_BY_HOP = 0;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const AH = 51;
export const DESTINATION = 60;
const UDP = 17;
const TCP = 6;

export interface Transport {
  readonly name: string;
  readonly number: number;
  /** Where the internet checksum stands, which is over a pseudo header too; -1 = nowhere. */
  readonly checksum: number;
  readonly build: (payload: readonly number[]) => number[];
}

/** ICMP and IGMP: the checksum is over their own bytes alone. */
function message(first: readonly number[]): (payload: readonly number[]) => number[] {
  return (payload) => {
    const bytes = [...first, ...payload];
    bytes.splice(2, 2, ...pair(internetChecksum(bytes)));
    return bytes;
  };
}

const ECHO = [...pair(77), ...pair(1)];
const GROUP = [239, 1, 2, 3];

export const TRANSPORTS: readonly Transport[] = [
  { name: 'udp', number: UDP, checksum: 6, build: (payload) => udp(payload, 8 + payload.length, PORTS) },
  { name: 'tcp', number: TCP, checksum: 16, build: (payload) => tcp(payload, 20, PORTS) },
  { name: 'tcp+options', number: TCP, checksum: 16, build: (payload) => tcp(payload, 32, PORTS) },
  { name: 'icmp', number: 1, checksum: -1, build: message([8, 0, 0, 0, ...ECHO]) },
  { name: 'icmpv6', number: 58, checksum: 2, build: (payload) => [128, 0, 0, 0, ...ECHO, ...payload] },
  { name: 'igmp', number: 2, checksum: -1, build: message([0x16, 0, 0, 0, ...GROUP]) },
  {
    name: 'sctp', // and the header of a COOKIE ACK
    number: 132,
    checksum: -1,
    build: () => [...pair(PORTS.source), ...pair(PORTS.destination), ...bytesOf(8, 7), 11, 0, 0, 4],
  },
  { name: 'gre', number: 47, checksum: -1, build: (payload) => [0, 0, ...pair(0x88cc), ...payload] },
  { name: 'esp', number: 50, checksum: -1, build: (payload) => [0, 0, 16, 1, 0, 0, 0, 1, ...payload] },
  { name: 'no next header', number: 59, checksum: -1, build: (payload) => [...payload] },
  { name: 'other', number: 253, checksum: -1, build: (payload) => [...payload] },
];

/** Options or extension headers, as the numbers of a frame's path say them. */
export interface Network {
  readonly name: string;
  readonly version: 4 | 6;
  /** Of IPv4, in bytes. */
  readonly options: number;
  /** Of IPv4: flags and offset. */
  readonly fragment: number;
  readonly extensions: readonly Extension[];
}

export interface Extension {
  readonly number: number;
  /** The header, given what follows. */
  readonly build: (next: number) => number[];
}

const padded = (length: number) => (next: number) => [next, length / 8 - 1, 1, length - 4, ...bytesOf(length - 4)];
const route = (next: number) => [next, 2, 4, 0, 0, 0, 0, 0, ...bytesOf(16, 0x20)];
const fragment = (field: number) => (next: number) => [next, 0, ...pair(field), 0, 0, 0xab, 0xcd];
const authentication = (next: number) => [next, 4, 0, 0, 0, 0, 16, 2, 0, 0, 0, 1, ...bytesOf(12, 9)];

const hop: Extension = { number: HOP_BY_HOP, build: padded(8) };
const destination: Extension = { number: DESTINATION, build: padded(8) };
const long: Extension = { number: DESTINATION, build: padded(256) };
const routing: Extension = { number: ROUTING, build: route };
const atomic: Extension = { number: FRAGMENT, build: fragment(0) };
const first: Extension = { number: FRAGMENT, build: fragment(1) };
const later: Extension = { number: FRAGMENT, build: fragment(8 * 185) };
const ah: Extension = { number: AH, build: authentication };

function four(name: string, options = 0, fragment = 0, extensions: readonly Extension[] = []): Network {
  return { name: `ipv4${name}`, version: 4, options, fragment, extensions };
}

function six(name: string, ...extensions: readonly Extension[]): Network {
  return { name: `ipv6${name}`, version: 6, options: 0, fragment: 0, extensions };
}

export const NETWORKS: readonly Network[] = [
  four(''),
  four("+don't fragment", 0, 0x4000),
  four('+4 options', 4),
  four('+40 options', 40),
  four('+first fragment', 0, 0x2000),
  four('+middle fragment', 0, 0x2000 | 185),
  four('+last fragment', 4, 185),
  four('+ah', 0, 0, [ah]),
  six(''),
  six('+hop', hop),
  six('+destination', destination),
  six('+long destination', long),
  six('+routing', routing),
  six('+atomic fragment', atomic),
  six('+first fragment', first),
  six('+last fragment', later),
  six('+ah', ah),
  six('+hop+destination+routing+atomic+ah+destination', hop, destination, routing, atomic, ah, destination),
  six('+hop+destination+first fragment', hop, destination, first),
  six('+last fragment+destination', later, destination),
  six('+eight destinations', ...Array<Extension>(8).fill(destination)),
  six('+nine destinations', ...Array<Extension>(9).fill(destination)),
  six('+hop second', destination, hop),
  six('+two fragment headers', atomic, atomic),
];

/** A whole IP packet and where its parts begin. */
export interface Packet {
  readonly bytes: number[];
  readonly extensions: number;
  readonly transport: number;
}

export function packetOf(network: Network, transport: Transport, payload: readonly number[]): Packet {
  const segment = transport.build(payload);
  const numbers = [...network.extensions.map(({ number }) => number), transport.number];
  const chain = network.extensions.flatMap(({ build }, i) => build(numbers[i + 1]!));
  const header = network.version === 4 ? 20 + network.options : 40;
  const build = (segment: readonly number[]) =>
    network.version === 4
      ? ipv4(numbers[0]!, [...chain, ...segment], { header, fragment: network.fragment })
      : ipv6(numbers[0]!, [...chain, ...segment]);
  if (transport.checksum >= 0) fillChecksum(build(segment), network, transport, segment);
  return { bytes: build(segment), extensions: header, transport: header + chain.length };
}

/** Over addresses, length, number and segment. UDP says 0xffff for 0, which would say that there is none. */
function fillChecksum(packet: readonly number[], network: Network, transport: Transport, segment: number[]): void {
  const addresses = network.version === 4 ? packet.slice(12, 20) : packet.slice(8, 40);
  const pseudo = [...addresses, ...pair(segment.length), 0, transport.number];
  const checksum = internetChecksum([...pseudo, ...segment]);
  segment.splice(transport.checksum, 2, ...pair(transport.number === UDP && checksum === 0 ? 0xffff : checksum));
}

export interface Link {
  readonly name: string;
  /** Ethernet's header and what else stands ahead of the packet. */
  readonly build: (etherType: number, packet: readonly number[]) => number[];
}

const tagged =
  (...tags: number[]) =>
  (etherType: number, packet: readonly number[]) =>
    ethernet(etherType, packet, tags);
const label = (bottom: number) => [0, 1, bottom, 64];

/** Those behind which we look further. */
export const LINKS: readonly Link[] = [
  { name: 'ethernet', build: tagged() },
  { name: 'vlan', build: tagged(ETHERTYPE_VLAN) },
  { name: 'qinq', build: tagged(ETHERTYPE_QINQ, ETHERTYPE_VLAN) },
];

/** Those that are only counted. */
export const OTHER_LINKS: readonly Link[] = [
  { name: 'three tags', build: tagged(ETHERTYPE_QINQ, ETHERTYPE_VLAN, ETHERTYPE_VLAN) },
  { name: 'mpls', build: (_, packet) => ethernet(0x8847, [...label(1), ...packet]) },
  { name: 'mpls, two labels', build: (_, packet) => ethernet(0x8847, [...label(0), ...label(1), ...packet]) },
  { name: 'pppoe', build: (etherType, packet) => ethernet(0x8864, session(etherType, packet)) },
  { name: 'pppoe discovery', build: () => ethernet(0x8863, [0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0]) },
  { name: 'lldp', build: () => ethernet(0x88cc, [0, 0]) },
  { name: '802.3', build: (_, packet) => ethernet(packet.length + 3, [0xaa, 0xaa, 3, ...packet]) },
];

function session(etherType: number, packet: readonly number[]): number[] {
  return [0x11, 0, 0, 7, ...pair(packet.length + 2), 0, etherType === ETHERTYPE_IPV4 ? 0x21 : 0x57, ...packet];
}

export function etherTypeOf({ version }: Network): number {
  return version === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
}

export function arpOver(link: Link): number[] {
  return link.build(ETHERTYPE_ARP, arp());
}
