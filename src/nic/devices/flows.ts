// Cold. Runs on: NIC, before the first packet.
// The flows that pktgen sends, from a seed: UDP between addresses that are set aside for tests and documents.

import type { Random } from '../../runtime/random.js';
import type { UdpFlow } from './frame-bytes.js';
import type { IpVersion } from './frame-sizes.js';

export const FLOWS_MAX = 65_536;

const IPV4_SOURCES = 0xc6120001; //      198.18.0.1 …, the lower half of 198.18.0.0/15 (RFC 2544)
const IPV4_DESTINATIONS = 0xc6130001; // 198.19.0.1 …, the upper half
const IPV6_PREFIX = 0x20010db8; //       2001:db8::/32 (RFC 3849)
const IPV6_SOURCES = 1; //               2001:db8:0:1::/64
const IPV6_DESTINATIONS = 2; //          2001:db8:0:2::/64
const DYNAMIC_PORTS = 49_152; //         … 65,535: no service is assigned there, so no tool takes the payload for one
const DYNAMIC_PORT_COUNT = 16_384;

/** All flows differ in their source address; they share one pair of MACs, like packets from one router. */
export function pktgenFlows(count: number, ipVersion: IpVersion, random: Random): UdpFlow[] {
  const sourceMac = localMac(random);
  const destinationMac = localMac(random);
  // An odd factor makes flow → number one to one over 65,536 numbers, and scatters neighbours.
  const factor = random.word() | 1;
  const first = random.word();
  return Array.from({ length: count }, (_, flow) => {
    const version = versionOfFlow(ipVersion, flow);
    const number = (Math.imul(flow, factor) + first) & 0xffff;
    return { ipVersion: version, sourceMac, destinationMac, ...endpoints(version, number, random) };
  });
}

export function versionOfFlow(ipVersion: IpVersion, flow: number): 4 | 6 {
  if (ipVersion !== 'mixed') return ipVersion;
  return flow % 2 === 0 ? 4 : 6;
}

function endpoints(version: 4 | 6, number: number, random: Random) {
  const other = random.below(FLOWS_MAX - 2); // the last IPv4 address would be the range's broadcast
  return {
    source: version === 4 ? ipv4(IPV4_SOURCES + number) : ipv6(IPV6_SOURCES, number, random),
    destination: version === 4 ? ipv4(IPV4_DESTINATIONS + other) : ipv6(IPV6_DESTINATIONS, other, random),
    sourcePort: DYNAMIC_PORTS + random.below(DYNAMIC_PORT_COUNT),
    destinationPort: DYNAMIC_PORTS + random.below(DYNAMIC_PORT_COUNT),
  };
}

/** Unicast and locally administered: 02:… */
function localMac(random: Random): Uint8Array {
  return Uint8Array.of(2, ...Array.from({ length: 5 }, () => random.below(256)));
}

function ipv4(address: number): Uint8Array {
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
}

/** Six random bytes make the interface id look like others; the number in the last two makes it the only one. */
function ipv6(subnet: number, number: number, random: Random): Uint8Array {
  const address = new Uint8Array(16);
  const view = new DataView(address.buffer);
  view.setUint32(0, IPV6_PREFIX);
  view.setUint16(6, subnet);
  view.setInt32(8, random.word());
  view.setUint16(12, random.below(65_536));
  view.setUint16(14, number);
  return address;
}
