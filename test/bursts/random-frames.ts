// Cold. Runs on: main.
// Frames by seed: valid ones of every kind, valid ones with a few bytes changed or cut off, and noise.

import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  ETHERTYPE_PPPOE_DISCOVERY,
  ETHERTYPE_PPPOE_SESSION,
  ETHERTYPE_QINQ,
  ETHERTYPE_VLAN,
  IP_PROTOCOL_AH,
  IP_PROTOCOL_DESTINATION_OPTIONS,
  IP_PROTOCOL_ESP,
  IP_PROTOCOL_FRAGMENT,
  IP_PROTOCOL_GRE,
  IP_PROTOCOL_HOP_BY_HOP,
  IP_PROTOCOL_ICMP,
  IP_PROTOCOL_ICMPV6,
  IP_PROTOCOL_IGMP,
  IP_PROTOCOL_NO_NEXT_HEADER,
  IP_PROTOCOL_ROUTING,
  IP_PROTOCOL_SCTP,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
} from '../../src/bursts/wire.js';
import type { Random } from '../../src/runtime/random.js';
import {
  ah,
  arp,
  bytesOf,
  checksummed,
  ethernet,
  extension,
  fragment,
  internetChecksum,
  ipv4,
  ipv6,
  mpls,
  pair,
  pppoe,
  tcp,
  udp,
} from './frames.js';

const HEADER_BYTES = 100; // changes fall here
const LIE = 0.15; // the share of headers that say something else than is true
const TRANSPORTS = [IP_PROTOCOL_UDP, IP_PROTOCOL_UDP, IP_PROTOCOL_UDP, IP_PROTOCOL_TCP, IP_PROTOCOL_TCP];
const IP_PROTOCOLS = [
  ...TRANSPORTS,
  ...[IP_PROTOCOL_ICMP, IP_PROTOCOL_ICMPV6, IP_PROTOCOL_IGMP, IP_PROTOCOL_SCTP, IP_PROTOCOL_GRE, IP_PROTOCOL_ESP],
  ...[IP_PROTOCOL_NO_NEXT_HEADER, 89],
];
const EXTENSIONS = [
  IP_PROTOCOL_HOP_BY_HOP,
  IP_PROTOCOL_ROUTING,
  IP_PROTOCOL_FRAGMENT,
  IP_PROTOCOL_DESTINATION_OPTIONS,
  IP_PROTOCOL_AH,
];
const ETHERTYPES = [
  ...[ETHERTYPE_IPV4, ETHERTYPE_IPV4, ETHERTYPE_IPV4, ETHERTYPE_IPV4],
  ...[ETHERTYPE_IPV6, ETHERTYPE_IPV6, ETHERTYPE_IPV6],
  ETHERTYPE_ARP,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  ETHERTYPE_PPPOE_DISCOVERY,
  ETHERTYPE_PPPOE_SESSION,
  0x88cc,
  46,
];

function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

export function noise(random: Random, length: number): number[] {
  return Array.from({ length }, () => random.below(256));
}

/** @param bytesMax up to 9,216; most frames are short all the same */
export function randomFrame(random: Random, bytesMax: number): Uint8Array {
  if (chance(random, 0.1)) return Uint8Array.from(noise(random, random.below(Math.min(bytesMax, 128) + 1)));
  const room = bytesMax - HEADER_BYTES;
  const payload = chance(random, 0.05) ? random.below(room + 1) : random.below(Math.min(room, 64));
  const frame = validFrame(random, payload);
  if (chance(random, 0.5)) spoil(random, frame);
  return Uint8Array.from(frame);
}

function validFrame(random: Random, payloadBytes: number): number[] {
  const tags = Array.from({ length: oneOf(random, [0, 0, 0, 0, 1, 2, 3]) }, () =>
    oneOf(random, [ETHERTYPE_VLAN, ETHERTYPE_QINQ]),
  );
  const etherType = oneOf(random, ETHERTYPES);
  const padding = chance(random, 0.2) ? random.below(20) : 0;
  return [...ethernet(etherType, packet(random, etherType, payloadBytes), tags), ...bytesOf(padding, 0xee)];
}

function packet(random: Random, etherType: number, payloadBytes: number): number[] {
  if (etherType === ETHERTYPE_IPV4) return ipv4Packet(random, payloadBytes);
  if (etherType === ETHERTYPE_IPV6) return ipv6Packet(random, payloadBytes);
  if (etherType === ETHERTYPE_ARP) return chance(random, LIE) ? arp(random.below(20), random.below(20)) : arp();
  if (etherType === ETHERTYPE_MPLS || etherType === ETHERTYPE_MPLS_MULTICAST) {
    return mpls(1 + random.below(4), noise(random, payloadBytes), !chance(random, LIE));
  }
  if (etherType === ETHERTYPE_PPPOE_DISCOVERY || etherType === ETHERTYPE_PPPOE_SESSION) {
    return pppoe(noise(random, payloadBytes), chance(random, LIE) ? random.below(100) : payloadBytes);
  }
  return noise(random, payloadBytes);
}

function ipv4Packet(random: Random, payloadBytes: number): number[] {
  const number = oneOf(random, IP_PROTOCOLS);
  const addresses = { source: noise(random, 4), destination: noise(random, 4) };
  const datagram = transport(random, number, payloadBytes, addresses);
  const isWrapped = chance(random, 0.05);
  const protocol = isWrapped ? IP_PROTOCOL_AH : number;
  const payload = isWrapped ? ah(number, datagram, oneOf(random, [1, 4, 4, 0, random.below(20)])) : datagram;
  const options = chance(random, 0.2) ? ipv4Options(random) : [];
  const fragment = chance(random, 0.1) ? oneOf(random, [0x2000, random.below(0x10000)]) : oneOf(random, [0, 0x4000]);
  if (!chance(random, LIE)) return ipv4(protocol, payload, { ...addresses, options, fragment });
  if (chance(random, 0.2)) return ipv4(protocol, payload, { ...addresses, header: 4 * random.below(16) });
  return ipv4(protocol, payload, { ...addresses, total: 18 + random.below(30) });
}

/** Up to ten words: NOPs, noise, or a source route. */
function ipv4Options(random: Random): number[] {
  const words = random.below(11);
  if (chance(random, 0.4)) return bytesOf(words * 4, 1);
  if (chance(random, 0.5)) return noise(random, words * 4);
  return [1, oneOf(random, [131, 137]), 7, oneOf(random, [4, 8]), ...noise(random, 4)];
}

function ipv6Packet(random: Random, payloadBytes: number): number[] {
  const number = oneOf(random, IP_PROTOCOLS);
  const addresses = { source: noise(random, 16), destination: noise(random, 16) };
  const datagram = transport(random, number, payloadBytes, addresses);
  const headers = chance(random, 0.4) ? random.below(4) : chance(random, 0.03) ? 8 + random.below(3) : 0;
  const { protocol, payload } = extended(random, number, datagram, headers);
  const lie = chance(random, LIE) ? { payload: random.below(30), version: oneOf(random, [6, 6, 6, 4]) } : {};
  return ipv6(protocol, payload, { ...addresses, ...lie });
}

/** Puts extension headers before what a packet carries, from the last to the first. */
function extended(random: Random, number: number, datagram: readonly number[], headers: number) {
  let [protocol, payload] = [number, [...datagram]];
  for (let i = 0; i < headers; i++) {
    const kind = oneOf(random, i === headers - 1 ? EXTENSIONS : EXTENSIONS.slice(1));
    if (kind === IP_PROTOCOL_FRAGMENT)
      payload = fragment(protocol, payload, oneOf(random, [0, 1, random.below(0x10000)]));
    else if (kind === IP_PROTOCOL_AH) payload = ah(protocol, payload, oneOf(random, [1, 4, 4, 0]));
    else payload = extension(protocol, payload, oneOf(random, [0, 0, 1, 2]));
    if (chance(random, 0.1)) payload[1] = random.below(8); // its length, less often true
    if (chance(random, 0.3)) payload[2] = random.below(5); // type of a routing header
    if (chance(random, 0.3)) payload[3] = random.below(3); // segments left, or a fragment
    protocol = kind;
  }
  return { protocol, payload };
}

interface Addresses {
  readonly source: readonly number[];
  readonly destination: readonly number[];
}

/** Checksums hold, but for some. */
function transport(random: Random, protocol: number, payloadBytes: number, addresses: Addresses): number[] {
  const datagram = datagramOf(random, protocol, payloadBytes);
  const has = protocol === IP_PROTOCOL_UDP || protocol === IP_PROTOCOL_TCP;
  if (!has || chance(random, LIE)) return datagram;
  return checksummed(protocol, datagram, addresses.source, addresses.destination);
}

function datagramOf(random: Random, protocol: number, payloadBytes: number): number[] {
  const payload = bytesOf(payloadBytes, random.below(256));
  const ports = { source: random.below(0x10000), destination: random.below(0x10000) };
  const isLie = chance(random, LIE);
  if (protocol === IP_PROTOCOL_UDP) return udp(payload, isLie ? random.below(80) : 8 + payloadBytes, ports);
  if (protocol === IP_PROTOCOL_TCP)
    return tcp(payload, isLie ? 4 * random.below(16) : oneOf(random, [20, 32, 60]), ports);
  return payload;
}

/** Changes a few header bytes, cuts the end off, or both; mostly mends the checksum, so that more is reached. */
function spoil(random: Random, frame: number[]): void {
  for (let changes = random.below(4); changes > 0; changes--) {
    const at = random.below(Math.min(frame.length, HEADER_BYTES));
    frame[at] = chance(random, 0.5) ? random.below(256) : frame[at]! ^ (1 << random.below(8));
  }
  if (chance(random, 0.7)) mendChecksum(frame);
  if (chance(random, 0.3)) frame.length = random.below(frame.length + 1);
}

function mendChecksum(frame: number[]): void {
  const header = (frame[14]! & 15) * 4;
  if (frame[12] !== 8 || frame[13] !== 0 || header < 20 || frame.length < 14 + header) return;
  frame.splice(24, 2, 0, 0);
  frame.splice(24, 2, ...pair(internetChecksum(frame.slice(14, 14 + header))));
}
