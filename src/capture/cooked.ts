// Cold. Runs on: NIC, once per packet of such a capture.
// Packets of other link types become Ethernet frames where they lie: the header is written in front of the network header,
// over what the link layer had there. Addresses that nobody recorded are zero, as on Linux's loopback device.

import { ETHERNET_BYTES, ETHERNET_TYPE, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../bursts/wire.js';
import type { Stored } from './frame-list.js';
import type { LinkKind } from './link-types.js';

type Cooked = Exclude<LinkKind, 'ethernet'>;

const ADDRESS_BYTES = 6;
/** Reserved by IANA: the payload has no EtherType. */
const NO_ETHERTYPE = 0xffff;

/** Bytes of the link header that the Ethernet header replaces. */
const HEADER_BYTES: Readonly<Record<Cooked, number>> = {
  rawIp: 0,
  rawIpv4: 0,
  rawIpv6: 0,
  null: 4,
  loop: 4,
  sll: 16,
  sll2: 20,
};

/** What the Ethernet header will say. */
interface Link {
  readonly etherType: number;
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
}

const NOBODY = new Uint8Array(ADDRESS_BYTES);
const BROADCAST = new Uint8Array(ADDRESS_BYTES).fill(0xff);
const IPV4_MULTICAST = Uint8Array.of(0x01, 0x00, 0x5e, 0, 0, 1);
const IPV6_MULTICAST = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);

/**
 * @param littleEndian of the capture: a BSD header has the byte order of the machine that recorded
 * @returns the Ethernet frame; one without bytes when not even the link header was stored
 */
export function toEthernet(bytes: Uint8Array, stored: Stored, kind: Cooked, littleEndian: boolean): Stored {
  const header = HEADER_BYTES[kind];
  const { address, captured, original } = stored;
  if (captured <= header) return { address, captured: 0, original };
  const link = linkOf(bytes, stored, kind, littleEndian);
  const start = address + header - ETHERNET_BYTES;
  bytes.set(link.destination, start);
  bytes.set(link.source, start + ADDRESS_BYTES);
  bytes[start + ETHERNET_TYPE] = link.etherType >> 8;
  bytes[start + ETHERNET_TYPE + 1] = link.etherType;
  const more = ETHERNET_BYTES - header;
  return { address: start, captured: captured + more, original: original + more };
}

function linkOf(bytes: Uint8Array, stored: Stored, kind: Cooked, littleEndian: boolean): Link {
  if (kind === 'sll') return sllLink(bytes, stored);
  if (kind === 'sll2') return sll2Link(bytes, stored);
  return { etherType: etherTypeOf(bytes, stored.address, kind, littleEndian), destination: NOBODY, source: NOBODY };
}

function etherTypeOf(bytes: Uint8Array, at: number, kind: Cooked, littleEndian: boolean): number {
  if (kind === 'rawIpv4') return ETHERTYPE_IPV4;
  if (kind === 'rawIpv6') return ETHERTYPE_IPV6;
  if (kind === 'rawIp') return bytes[at]! >> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
  return familyType(wordAt(bytes, at, kind === 'null' && littleEndian));
}

// AF_INET is 2 everywhere. AF_INET6 is 24 (NetBSD, OpenBSD), 28 (FreeBSD), 30 (macOS), 10 (Linux).
const AF_INET = 2;
const AF_INET6 = [10, 24, 28, 30];

/** A family in the other byte order than the file's is understood too, as Wireshark does it: it is over 65,535. */
function familyType(family: number): number {
  const number = family > 0xffff ? swap(family) : family;
  if (number === AF_INET) return ETHERTYPE_IPV4;
  return AF_INET6.includes(number) ? ETHERTYPE_IPV6 : NO_ETHERTYPE;
}

// Linux cooked v1: 0 packet type · 2 ARPHRD · 4 address length · 6 address (8 bytes) · 14 protocol
function sllLink(bytes: Uint8Array, { address, captured }: Stored): Link {
  const [hardware, length] = [halfAt(bytes, address + 2), halfAt(bytes, address + 4)];
  const etherType = protocolType(halfAt(bytes, address + 14), hardware, captured - HEADER_BYTES.sll);
  return linkFrom(bytes, halfAt(bytes, address), length, address + 6, etherType);
}

// Linux cooked v2: 0 protocol · 4 interface · 8 ARPHRD · 10 packet type (1 byte) · 11 address length (1) · 12 address (8)
function sll2Link(bytes: Uint8Array, { address, captured }: Stored): Link {
  const hardware = halfAt(bytes, address + 8);
  const etherType = protocolType(halfAt(bytes, address), hardware, captured - HEADER_BYTES.sll2);
  return linkFrom(bytes, bytes[address + 10]!, bytes[address + 11]!, address + 12, etherType);
}

const TO_ALL = 1;
const TO_GROUP = 2;

/** @param at where the sender's link-layer address stands */
function linkFrom(bytes: Uint8Array, packetType: number, addressLength: number, at: number, etherType: number): Link {
  const group = etherType === ETHERTYPE_IPV6 ? IPV6_MULTICAST : IPV4_MULTICAST;
  const destination = packetType === TO_ALL ? BROADCAST : packetType === TO_GROUP ? group : NOBODY;
  // Copied: the new header is written over it.
  return {
    etherType,
    destination,
    source: addressLength === ADDRESS_BYTES ? bytes.slice(at, at + ADDRESS_BYTES) : NOBODY,
  };
}

// Hardware types for which the protocol field is no EtherType: Frame Relay, 802.11 (with Prism, with radiotap), netlink.
const NOT_ETHERTYPES = [770, 801, 802, 803, 824];
const NOVELL = 1; // 802.3 without an LLC header
const LLC = 4; //    802.2
const ETHERTYPE_MIN = 0x0600;
const LENGTH_MAX = 1500;

/** @param payload bytes of it: what an 802.3 frame has in the place of an EtherType */
function protocolType(protocol: number, hardware: number, payload: number): number {
  if (NOT_ETHERTYPES.includes(hardware)) return NO_ETHERTYPE;
  if (protocol === NOVELL || protocol === LLC) return Math.min(payload, LENGTH_MAX);
  return protocol < ETHERTYPE_MIN ? NO_ETHERTYPE : protocol;
}

function halfAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function wordAt(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  const word = ((halfAt(bytes, at) << 16) | halfAt(bytes, at + 2)) >>> 0;
  return littleEndian ? swap(word) : word;
}

function swap(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
