// Hot. Runs on: CPU n.
// Which flow a packet belongs to. classify() has passed it, so its network header is whole and in its first buffer.

import { word } from './bytes.as';
import { KEY_DESTINATION, KEY_PORTS, KEY_SOURCE } from './layout.as';
import {
  IP_PROTOCOL_SCTP,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
  IPV4_ADDRESS_BYTES,
  IPV4_ADDRESSES,
  IPV4_PROTOCOL,
  IPV6_ADDRESS_BYTES,
  IPV6_ADDRESSES,
  IPV6_BYTES,
  IPV6_DESTINATION_OPTIONS,
  IPV6_EXTENSION_BYTES,
  IPV6_FRAGMENT,
  IPV6_FRAGMENT_OFFSET,
  IPV6_FRAGMENT_OFFSET_MASK,
  IPV6_HOP_BY_HOP,
  IPV6_NEXT_HEADER,
  IPV6_ROUTING,
  PORTS_BYTES,
} from './wire.as';

// As the word at KEY_PROTOCOL has it, behind the protocol.
const VERSION_4: i32 = 4 << 8;
const VERSION_6: i32 = 6 << 8;

/**
 * Writes the packet's key. @param transport offset of the transport header, 0 = none
 * @param visible bytes of the frame in its first buffer
 * @returns the key's hash, which is odd
 */
@inline
export function writeKey(key: usize, frame: usize, network: i32, transport: i32, visible: i32): u32 {
  return load<u8>(frame + network) >> 4 == 4
    ? writeKey4(key, frame, network, transport, visible)
    : writeKey6(key, frame, network, transport, visible);
}

@inline
function writeKey4(key: usize, frame: usize, network: i32, transport: i32, visible: i32): u32 {
  const packet = frame + network;
  const number: i32 = load<u8>(packet, IPV4_PROTOCOL);
  const ports = portsOf(number, frame, transport, visible);
  const source = load<u32>(packet, IPV4_ADDRESSES);
  const destination = load<u32>(packet, IPV4_ADDRESSES + IPV4_ADDRESS_BYTES);
  store<u64>(key, source, KEY_SOURCE);
  store<u64>(key, 0, KEY_SOURCE + 8);
  store<u64>(key, destination, KEY_DESTINATION);
  store<u64>(key, 0, KEY_DESTINATION + 8);
  return finish(mix(mix(writeNumbers(key, number | VERSION_4, ports), source), destination));
}

@inline
function writeKey6(key: usize, frame: usize, network: i32, transport: i32, visible: i32): u32 {
  const packet = frame + network;
  let number: i32 = load<u8>(packet, IPV6_NEXT_HEADER);
  if (isExtension(number)) number = lastHeader(number, frame, network + IPV6_BYTES, visible);
  const ports = portsOf(number, frame, transport, visible);
  v128.store(key, v128.load(packet, IPV6_ADDRESSES), KEY_SOURCE);
  v128.store(key, v128.load(packet, IPV6_ADDRESSES + IPV6_ADDRESS_BYTES), KEY_DESTINATION);
  let hash = writeNumbers(key, number | VERSION_6, ports);
  for (let at = 0; at < 2 * IPV6_ADDRESS_BYTES; at += 4) hash = mix(hash, load<u32>(packet + at, IPV6_ADDRESSES));
  return finish(hash);
}

/** Protocol, version and ports. @returns a hash of them */
@inline
function writeNumbers(key: usize, protocol: i32, ports: u32): u32 {
  store<u64>(key, (<u64>protocol << 32) | ports, KEY_PORTS);
  return mix(mix(0, protocol), ports);
}

/** As they stand in the packet; 0 where the protocol has none or its header is not there, as behind the first fragment. */
@inline
function portsOf(number: i32, frame: usize, transport: i32, visible: i32): u32 {
  if (transport == 0 || visible - transport < PORTS_BYTES) return 0;
  const hasPorts = number == IP_PROTOCOL_UDP || number == IP_PROTOCOL_TCP || number == IP_PROTOCOL_SCTP;
  return hasPorts ? load<u32>(frame + transport) : 0;
}

@inline
function isExtension(number: i32): bool {
  return (
    number == IPV6_HOP_BY_HOP ||
    number == IPV6_ROUTING ||
    number == IPV6_FRAGMENT ||
    number == IPV6_DESTINATION_OPTIONS
  );
}

/**
 * The protocol behind the extension headers, of which the first has this number and stands at `at`. The way ends where
 * the first buffer does, and at a fragment that is not the first: what follows it is not a header.
 */
function lastHeader(first: i32, frame: usize, at: i32, visible: i32): i32 {
  let number = first;
  while (isExtension(number) && visible - at >= IPV6_EXTENSION_BYTES) {
    const header = frame + at;
    const isFragment = number == IPV6_FRAGMENT;
    number = load<u8>(header);
    if (isFragment && word(header + IPV6_FRAGMENT_OFFSET) & IPV6_FRAGMENT_OFFSET_MASK) return number;
    at += isFragment ? IPV6_EXTENSION_BYTES : (<i32>load<u8>(header, 1) + 1) << 3;
  }
  return number;
}

/** Multiplying carries a word's bits up, shifting brings them down again. */
@inline
function mix(hash: u32, value: u32): u32 {
  const product = (hash ^ value) * 0x9e3779b1;
  return product ^ (product >> 15);
}

/** MurmurHash3's fmix32, which leaves no bit without influence on another; then odd, so that it is not 0. */
@inline
function finish(hash: u32): u32 {
  let mixed = (hash ^ (hash >> 16)) * 0x85ebca6b;
  mixed = (mixed ^ (mixed >> 13)) * 0xc2b2ae35;
  return mixed ^ (mixed >> 16) | 1;
}
