// Hot. Runs on: CPU n (in tests).
// Which flow a packet belongs to.

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
} from '../wire.js';
import { byteOf, type Frame, pairOf } from './frame.js';
import { setWord } from './memory.js';

const EXTENSIONS = [
  IP_PROTOCOL_HOP_BY_HOP,
  IP_PROTOCOL_ROUTING,
  IP_PROTOCOL_FRAGMENT,
  IP_PROTOCOL_AH,
  IP_PROTOCOL_DESTINATION_OPTIONS,
];
const LANES = [0, 1, 2, 3];
const FACTORS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];
const WITH_PORTS = [IP_PROTOCOL_UDP, IP_PROTOCOL_TCP, IP_PROTOCOL_SCTP];

/** Writes the packet's key (KEY_*), as words. @param transport offset of the transport header, 0 = none; @returns its hash */
export function writeKey(key: number, frame: Frame, network: number, transport: number): number {
  const version = byteOf(frame, network) >> 4;
  const addresses = network + (version === 4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
  const size = version === 4 ? IPV4_ADDRESS_BYTES : IPV6_ADDRESS_BYTES;
  const number = protocolOf(frame, network, version);
  const ports = hasPorts(frame, number, transport) ? wordOf(frame, transport) : 0;
  const address = (from: number) => LANES.map((lane) => (lane * 4 < size ? wordOf(frame, from + lane * 4) : 0));
  const words = [...address(addresses), ...address(addresses + size), ports, number | (version << 8)];
  words.forEach((word, i) => {
    setWord(frame.views, key + i * 4, word);
  });
  return hashOf(words);
}

function hasPorts(frame: Frame, number: number, transport: number): boolean {
  return transport !== 0 && frame.visible - transport >= PORTS_BYTES && WITH_PORTS.includes(number);
}

/** IPv4 has one kind of extension header, AH; and none that could be found in a fragment behind the first. */
function protocolOf(frame: Frame, network: number, version: number): number {
  if (version !== 4) return lastHeader(frame, byteOf(frame, network + IPV6_NEXT_HEADER), network + IPV6_BYTES);
  const number = byteOf(frame, network + IPV4_PROTOCOL);
  const isLater = (pairOf(frame, network + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) !== 0;
  if (number !== IP_PROTOCOL_AH || isLater) return number;
  return lastHeader(frame, number, network + (byteOf(frame, network) & 15) * 4);
}

/** The protocol behind the extension headers, or where the first buffer or a later fragment ends the way. */
function lastHeader(frame: Frame, number: number, at: number): number {
  if (!EXTENSIONS.includes(number) || frame.visible - at < EXTENSION_BYTES) return number;
  const next = byteOf(frame, at);
  const units = byteOf(frame, at + EXTENSION_LENGTH);
  if (number === IP_PROTOCOL_AH) return lastHeader(frame, next, at + (units + 2) * 4);
  if (number !== IP_PROTOCOL_FRAGMENT) return lastHeader(frame, next, at + (units + 1) * 8);
  const isLater = (pairOf(frame, at + FRAGMENT_OFFSET) & FRAGMENT_OFFSET_MASK) !== 0;
  return isLater ? next : lastHeader(frame, next, at + EXTENSION_BYTES);
}

/** Four bytes at any address, as a little-endian word. */
function wordOf(frame: Frame, at: number): number {
  return [0, 1, 2, 3].reduce((word, i) => word | (byteOf(frame, at + i) << (8 * i)), 0);
}

/** Lane by lane over source, destination, numbers; then the lanes together. */
function hashOf(words: readonly number[]): number {
  const lanes = LANES.map((lane) =>
    [words[lane]!, words[4 + lane]!, words[8 + lane] ?? 0].reduce((hash, word) => mix(hash ^ word, lane), 0),
  );
  return finish(lanes.reduce((all, lane) => all ^ lane, 0));
}

function mix(word: number, lane: number): number {
  const product = Math.imul(word, FACTORS[lane]!);
  return product ^ (product >>> 15);
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 1;
}
