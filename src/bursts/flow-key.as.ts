// Hot. Runs on: CPU n.
// Which flow a packet belongs to. classify() has passed it, so its network header is whole and in its first buffer.

import { word } from './bytes.as';
import { KEY_DESTINATION, KEY_PORTS, KEY_SOURCE } from './layout.as';
import {
  EXTENSION_BYTES,
  EXTENSION_LENGTH,
  FRAGMENT_OFFSET,
  FRAGMENT_OFFSET_MASK,
  IP_PROTOCOL_AH,
  IP_PROTOCOL_DESTINATION_OPTIONS,
  IP_PROTOCOL_FRAGMENT,
  IP_PROTOCOL_HOP_BY_HOP,
  IP_PROTOCOL_ROUTING,
  IP_PROTOCOL_SCTP,
  IP_PROTOCOL_TCP,
  IP_PROTOCOL_UDP,
  IPV4_ADDRESS_BYTES,
  IPV4_ADDRESSES,
  IPV4_FRAGMENT,
  IPV4_OFFSET_MASK,
  IPV4_PROTOCOL,
  IPV6_ADDRESS_BYTES,
  IPV6_ADDRESSES,
  IPV6_BYTES,
  IPV6_NEXT_HEADER,
  PORTS_BYTES,
} from './wire.as';

// As the word at KEY_PROTOCOL has it, behind the protocol.
const VERSION_4: i32 = 4 << 8;
const VERSION_6: i32 = 6 << 8;

// Odd, without a pattern, and another for each lane: xxHash32's primes.
const FACTOR_0: i32 = 0x9e3779b1;
const FACTOR_1: i32 = 0x85ebca77;
const FACTOR_2: i32 = 0xc2b2ae3d;
const FACTOR_3: i32 = 0x27d4eb2f;

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
  let number: i32 = load<u8>(packet, IPV4_PROTOCOL);
  if (number == IP_PROTOCOL_AH && !(word(packet + IPV4_FRAGMENT) & IPV4_OFFSET_MASK)) {
    number = lastHeader(number, frame, network + (<i32>(load<u8>(packet) & 15) << 2), visible);
  }
  const source = v128.load32_zero(packet, IPV4_ADDRESSES);
  const destination = v128.load32_zero(packet, IPV4_ADDRESSES + IPV4_ADDRESS_BYTES);
  return write(key, source, destination, number | VERSION_4, portsOf(number, frame, transport, visible));
}

@inline
function writeKey6(key: usize, frame: usize, network: i32, transport: i32, visible: i32): u32 {
  const packet = frame + network;
  let number: i32 = load<u8>(packet, IPV6_NEXT_HEADER);
  if (isExtension(number)) number = lastHeader(number, frame, network + IPV6_BYTES, visible);
  const source = v128.load(packet, IPV6_ADDRESSES);
  const destination = v128.load(packet, IPV6_ADDRESSES + IPV6_ADDRESS_BYTES);
  return write(key, source, destination, number | VERSION_6, portsOf(number, frame, transport, visible));
}

@inline
function write(key: usize, source: v128, destination: v128, protocol: i32, ports: u32): u32 {
  const numbers = (<u64>protocol << 32) | ports;
  v128.store(key, source, KEY_SOURCE);
  v128.store(key, destination, KEY_DESTINATION);
  store<u64>(key, numbers, KEY_PORTS);
  const mixed = mix(v128.xor(mix(v128.xor(mix(source), destination)), i64x2(numbers, 0)));
  return finish(fold(mixed));
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
    number == IP_PROTOCOL_HOP_BY_HOP ||
    number == IP_PROTOCOL_ROUTING ||
    number == IP_PROTOCOL_FRAGMENT ||
    number == IP_PROTOCOL_AH ||
    number == IP_PROTOCOL_DESTINATION_OPTIONS
  );
}

/**
 * The protocol behind the extension headers, of which the first has this number and stands at `at`. The way ends where
 * the first buffer does, and at a fragment that is not the first: what follows it is no header.
 */
function lastHeader(first: i32, frame: usize, at: i32, visible: i32): i32 {
  let number = first;
  while (isExtension(number) && visible - at >= EXTENSION_BYTES) {
    const header = frame + at;
    const next = load<u8>(header);
    const units: i32 = load<u8>(header, EXTENSION_LENGTH);
    if (number == IP_PROTOCOL_FRAGMENT) {
      if (word(header + FRAGMENT_OFFSET) & FRAGMENT_OFFSET_MASK) return next;
      at += EXTENSION_BYTES;
    } else {
      at += number == IP_PROTOCOL_AH ? (units + 2) << 2 : (units + 1) << 3;
    }
    number = next;
  }
  return number;
}

/** Four words at once. Multiplying carries a word's bits up, shifting brings them down again. */
@inline
function mix(words: v128): v128 {
  const products = i32x4.mul(words, i32x4(FACTOR_0, FACTOR_1, FACTOR_2, FACTOR_3));
  return v128.xor(products, i32x4.shr_u(products, 15));
}

@inline
function fold(words: v128): u32 {
  const low = i64x2.extract_lane(words, 0);
  const both = low ^ i64x2.extract_lane(words, 1);
  return <u32>both ^ <u32>(both >> 32);
}

/** MurmurHash3's fmix32, by which each bit depends on all; then odd, so that it is not 0. */
@inline
function finish(hash: u32): u32 {
  let mixed = (hash ^ (hash >> 16)) * 0x85ebca6b;
  mixed = (mixed ^ (mixed >> 13)) * 0xc2b2ae35;
  return mixed ^ (mixed >> 16) | 1;
}
