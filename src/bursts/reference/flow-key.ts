// Hot. Runs on: CPU n (in tests).
// Which flow a packet belongs to.

import {
  KEY_DESTINATION,
  KEY_PORTS,
  KEY_PROTOCOL,
  KEY_SOURCE,
} from '../layout.js';
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
} from '../wire.js';
import { byteOf, type Frame, pairOf } from './frame.js';
import { setWord } from './memory.js';

const EXTENSIONS = [IPV6_HOP_BY_HOP, IPV6_ROUTING, IPV6_FRAGMENT, IPV6_DESTINATION_OPTIONS];
const WITH_PORTS = [IP_PROTOCOL_UDP, IP_PROTOCOL_TCP, IP_PROTOCOL_SCTP];

/** Writes the packet's key. @param transport offset of the transport header, 0 = none; @returns its hash, which is odd */
export function writeKey(key: number, frame: Frame, network: number, transport: number): number {
  const version = byteOf(frame, network) >> 4;
  const addresses = network + (version === 4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
  const size = version === 4 ? IPV4_ADDRESS_BYTES : IPV6_ADDRESS_BYTES;
  const number = version === 4 ? byteOf(frame, network + IPV4_PROTOCOL) : lastHeader(frame, network);
  const protocol = number | (version << 8);
  const ports = hasPorts(frame, number, transport) ? wordOf(frame, transport) : 0;
  setWord(frame.views, key + KEY_PORTS, ports);
  setWord(frame.views, key + KEY_PROTOCOL, protocol);
  let hash = mix(mix(0, protocol), ports);
  for (let at = 0; at < IPV6_ADDRESS_BYTES; at += 4) {
    setWord(frame.views, key + KEY_SOURCE + at, at < size ? wordOf(frame, addresses + at) : 0);
    setWord(frame.views, key + KEY_DESTINATION + at, at < size ? wordOf(frame, addresses + size + at) : 0);
  }
  for (let at = 0; at < 2 * size; at += 4) hash = mix(hash, wordOf(frame, addresses + at));
  return finish(hash);
}

function hasPorts(frame: Frame, number: number, transport: number): boolean {
  return transport !== 0 && frame.visible - transport >= PORTS_BYTES && WITH_PORTS.includes(number);
}

/** The protocol behind the extension headers, or where the first buffer or a later fragment ends the way. */
function lastHeader(frame: Frame, network: number): number {
  let number = byteOf(frame, network + IPV6_NEXT_HEADER);
  let at = network + IPV6_BYTES;
  while (EXTENSIONS.includes(number) && frame.visible - at >= IPV6_EXTENSION_BYTES) {
    const isFragment = number === IPV6_FRAGMENT;
    number = byteOf(frame, at);
    if (isFragment && pairOf(frame, at + IPV6_FRAGMENT_OFFSET) & IPV6_FRAGMENT_OFFSET_MASK) return number;
    at += isFragment ? IPV6_EXTENSION_BYTES : (byteOf(frame, at + 1) + 1) * 8;
  }
  return number;
}

/** Four bytes at any address, as a little-endian word. */
function wordOf(frame: Frame, at: number): number {
  return [0, 1, 2, 3].reduce((word, i) => word | (byteOf(frame, at + i) << (8 * i)), 0);
}

function mix(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, 0x9e3779b1);
  return product ^ (product >>> 15);
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16) | 1;
}
