// Hot. Runs on: NIC (in tests).
// The Toeplitz hash by tables: the XOR of one word per input byte, in the order source, destination address, ports.

import type { Views } from '../../memory/views.js';
import {
  ETHERNET_BYTES,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
  IPV4_ADDRESSES,
  IPV4_BYTES,
  IPV4_FRAGMENT,
  IPV4_FRAGMENT_MASK,
  IPV4_PROTOCOL,
  IPV6_ADDRESSES,
  IPV6_BYTES,
  IPV6_NEXT_HEADER,
  PORTS_BYTES,
} from '../wire.js';
import { etherTypeOffset } from './ethernet.js';
import { byteAt, pairAt, wordAt } from './memory.js';

const IPV4_ADDRESS_BYTES = 2 * 4;
const IPV6_ADDRESS_BYTES = 2 * 16;

/** The hash of the frame, or 0 if it is neither IPv4 nor IPv6 (or too short to be). */
export function rssHash(views: Views, frame: number, length: number, rss: number): number {
  if (length < ETHERNET_BYTES) return 0;
  const at = etherTypeOffset(views, frame, length);
  if (at < 0) return 0;
  const etherType = pairAt(views, frame + at);
  const packet = frame + at + 2;
  const room = length - at - 2;
  if (etherType === ETHERTYPE_IPV4) return ipv4Hash(views, packet, room, rss);
  if (etherType === ETHERTYPE_IPV6) return ipv6Hash(views, packet, room, rss);
  return 0;
}

function ipv4Hash(views: Views, packet: number, room: number, rss: number): number {
  if (room < IPV4_BYTES) return 0;
  const version = byteAt(views, packet) >> 4;
  const header = (byteAt(views, packet) & 15) * 4;
  if (version !== 4 || header < IPV4_BYTES) return 0;
  const addresses = hashOf(views, packet + IPV4_ADDRESSES, IPV4_ADDRESS_BYTES, rss, 0);
  const isFragment = (pairAt(views, packet + IPV4_FRAGMENT) & IPV4_FRAGMENT_MASK) !== 0;
  if (isFragment || !hasPorts(byteAt(views, packet + IPV4_PROTOCOL)) || room < header + PORTS_BYTES) return addresses;
  return addresses ^ hashOf(views, packet + header, PORTS_BYTES, rss, IPV4_ADDRESS_BYTES);
}

function ipv6Hash(views: Views, packet: number, room: number, rss: number): number {
  if (room < IPV6_BYTES || byteAt(views, packet) >> 4 !== 6) return 0;
  const addresses = hashOf(views, packet + IPV6_ADDRESSES, IPV6_ADDRESS_BYTES, rss, 0);
  if (!hasPorts(byteAt(views, packet + IPV6_NEXT_HEADER)) || room < IPV6_BYTES + PORTS_BYTES) return addresses;
  return addresses ^ hashOf(views, packet + IPV6_BYTES, PORTS_BYTES, rss, IPV6_ADDRESS_BYTES);
}

function hasPorts(protocol: number): boolean {
  return protocol === IP_PROTOCOL_UDP || protocol === IP_PROTOCOL_TCP;
}

/** The hash of `bytes` input bytes, of which the first is number `k`. */
function hashOf(views: Views, input: number, bytes: number, rss: number, k: number): number {
  let hash = 0;
  for (let i = 0; i < bytes; i++) hash ^= wordAt(views, rss + ((k + i) * 256 + byteAt(views, input + i)) * 4);
  return hash;
}
