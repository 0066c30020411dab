// Cold. Runs on: main.
// What the rules of the table of differences ask of a frame itself.

import {
  ETHERNET_BYTES,
  IPV4_TOTAL_LENGTH,
  IPV6_BYTES,
  IPV6_PAYLOAD_LENGTH,
  VLAN_BYTES,
} from '../../src/bursts/wire.js';
import type { Found } from './differences.js';

const EXTENSIONS = ['ipv6.hopopts', 'ipv6.routing', 'ipv6.fraghdr', 'ipv6.dstopts', 'ah'];
/** The least that a transport's header has, by its IP protocol number and by tshark's name. */
const TRANSPORTS: Readonly<Record<number, readonly [name: string, bytes: number]>> = {
  1: ['icmp', 8],
  2: ['igmp', 8],
  6: ['tcp', 20],
  17: ['udp', 8],
  47: ['gre', 4],
  50: ['esp', 8],
  58: ['icmpv6', 8],
  132: ['sctp', 16],
};

export function pair(frame: Uint8Array, at: number): number {
  return frame[at]! * 256 + frame[at + 1]!;
}

export function tagsOf({ theirs }: Found): number {
  return theirs.headers.filter((name) => name === 'vlan' || name === 'ieee8021ad').length;
}

/** Where the header behind Ethernet and its tags begins. */
export function networkOf(found: Found): number {
  return ETHERNET_BYTES + tagsOf(found) * VLAN_BYTES;
}

export function extensionsOf({ theirs }: Found): string[] {
  return theirs.headers.filter((name) => EXTENSIONS.includes(name));
}

/** The transport that the last header announces, where it begins, and how much of it there is; null when we know none. */
export function segmentOf(found: Found): { name: string; bytes: number; least: number } | null {
  const network = networkOf(found);
  const isFour = found.theirs.protocols.includes('ipv4');
  if (!isFour && !found.theirs.protocols.includes('ipv6')) return null;
  const end =
    network +
    (isFour
      ? pair(found.frame, network + IPV4_TOTAL_LENGTH)
      : IPV6_BYTES + pair(found.frame, network + IPV6_PAYLOAD_LENGTH));
  const [number, start] = isFour ? headOfFour(found.frame, network) : headOfSix(found, network);
  const transport = TRANSPORTS[number];
  return transport === undefined ? null : { name: transport[0], bytes: end - start, least: transport[1] };
}

function headOfFour(frame: Uint8Array, network: number): [number: number, at: number] {
  const at = network + (frame[network]! & 15) * 4;
  return frame[network + 9] === 51 ? [frame[at]!, at + (frame[at + 1]! + 2) * 4] : [frame[network + 9]!, at];
}

/** Past as many extension headers as tshark saw. */
function headOfSix(found: Found, network: number): [number: number, at: number] {
  let number = found.frame[network + 6]!;
  let at = network + IPV6_BYTES;
  for (const name of extensionsOf(found)) {
    const units = found.frame[at + 1]!;
    number = found.frame[at]!;
    at += name === 'ah' ? (units + 2) * 4 : name === 'ipv6.fraghdr' ? 8 : 8 + units * 8;
  }
  return [number, at];
}
