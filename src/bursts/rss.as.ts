// Hot. Runs on: NIC.
// The Toeplitz hash by tables: the XOR of one word per input byte, in the order source, destination address, ports.

import { word } from './bytes.as';
import { etherTypeOffset } from './ethernet.as';
import { isPlain, NETWORK, TRANSPORT, WHOLE_TCP, WHOLE_UDP, wholeProtocol } from './plain.as';
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
} from './wire.as';

const TABLE_SHIFT: i32 = 10; // 256 words a table

/** The hash of the frame, or 0 if it is neither IPv4 nor IPv6 (or too short to be). */
@inline
export function rssHash(frame: usize, length: i32, rss: usize): u32 {
  return length >= TRANSPORT + PORTS_BYTES && isPlain(frame)
    ? plainHash(frame + NETWORK, rss)
    : anyHash(frame, length, rss);
}

@inline
function plainHash(packet: usize, rss: usize): u32 {
  const addresses = four(packet + IPV4_ADDRESSES, rss, 0) ^ four(packet + IPV4_ADDRESSES + 4, rss, 4);
  const protocol = wholeProtocol(packet);
  if (protocol != WHOLE_UDP && protocol != WHOLE_TCP) return addresses;
  return addresses ^ four(packet + IPV4_BYTES, rss, 8);
}

function anyHash(frame: usize, length: i32, rss: usize): u32 {
  if (length < ETHERNET_BYTES) return 0;
  const at = etherTypeOffset(frame, length);
  if (at < 0) return 0;
  const etherType = word(frame + at);
  const packet = frame + at + 2;
  if (etherType == ETHERTYPE_IPV4) return ipv4Hash(packet, length - at - 2, rss);
  if (etherType == ETHERTYPE_IPV6) return ipv6Hash(packet, length - at - 2, rss);
  return 0;
}

function ipv4Hash(packet: usize, room: i32, rss: usize): u32 {
  if (room < IPV4_BYTES) return 0;
  const first = load<u8>(packet);
  const header = <i32>(first & 15) << 2;
  if (first >> 4 != 4 || header < IPV4_BYTES) return 0;
  const addresses = four(packet + IPV4_ADDRESSES, rss, 0) ^ four(packet + IPV4_ADDRESSES + 4, rss, 4);
  if (!hasPorts(load<u8>(packet, IPV4_PROTOCOL)) || room < header + PORTS_BYTES) return addresses;
  if (word(packet + IPV4_FRAGMENT) & IPV4_FRAGMENT_MASK) return addresses;
  return addresses ^ four(packet + header, rss, 8);
}

function ipv6Hash(packet: usize, room: i32, rss: usize): u32 {
  if (room < IPV6_BYTES || load<u8>(packet) >> 4 != 6) return 0;
  let hash = four(packet + IPV6_ADDRESSES, rss, 0) ^ four(packet + IPV6_ADDRESSES + 4, rss, 4);
  hash ^= four(packet + IPV6_ADDRESSES + 8, rss, 8) ^ four(packet + IPV6_ADDRESSES + 12, rss, 12);
  hash ^= four(packet + IPV6_ADDRESSES + 16, rss, 16) ^ four(packet + IPV6_ADDRESSES + 20, rss, 20);
  hash ^= four(packet + IPV6_ADDRESSES + 24, rss, 24) ^ four(packet + IPV6_ADDRESSES + 28, rss, 28);
  if (!hasPorts(load<u8>(packet, IPV6_NEXT_HEADER)) || room < IPV6_BYTES + PORTS_BYTES) return hash;
  return hash ^ four(packet + IPV6_BYTES, rss, 32);
}

@inline
function hasPorts(protocol: i32): bool {
  return protocol == IP_PROTOCOL_UDP || protocol == IP_PROTOCOL_TCP;
}

/** Four input bytes, of which the first is number `k`. */
@inline
function four(input: usize, rss: usize, k: i32): u32 {
  return one(input, rss, k) ^ one(input + 1, rss, k + 1) ^ one(input + 2, rss, k + 2) ^ one(input + 3, rss, k + 3);
}

@inline
function one(input: usize, rss: usize, k: i32): u32 {
  return load<u32>(rss + (k << TABLE_SHIFT) + (<usize>load<u8>(input) << 2));
}
