// Cold. Runs on: NIC, before the first packet.
// The bytes of an Ethernet frame with a UDP datagram over IPv4 or IPv6, checksums included.
//
// The UDP payload starts with the sequence field, which the burst function that sends the frame writes each time:
//   0  u32, little-endian   sequence number x
//   4  u32, little-endian   ~x
// The UDP checksum is the one's complement sum of 16-bit words (RFC 768, RFC 1071). The field starts at an even offset
// of the datagram, so each word of x meets its complement in a word of its own, and w + ~w = 0xFFFF, which is the other
// zero of one's complement arithmetic. The sum is therefore the same for every x: sending needs no checksum work.

export interface UdpFlow {
  readonly ipVersion: 4 | 6;
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
  /** 4 or 16 bytes, by the version. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const UDP_BYTES = 8;
export const SEQUENCE_BYTES = 8;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const DONT_FRAGMENT = 0x4000; // so that the identification may stay 0 (RFC 6864)
const HOP_LIMIT = 64;
const PROTOCOL_UDP = 17;

/** Where in the frame the sequence field starts. */
export function sequenceOffset(ipVersion: 4 | 6): number {
  return ETHERNET_BYTES + (ipVersion === 4 ? IPV4_BYTES : IPV6_BYTES) + UDP_BYTES;
}

/** Writes a frame of `length` bytes (FCS not counted) at byte address `at`; its sequence number is 0. */
export function writeUdpFrame(bytes: Uint8Array, at: number, length: number, flow: UdpFlow): void {
  const network = at + ETHERNET_BYTES;
  const udp = network + (flow.ipVersion === 4 ? IPV4_BYTES : IPV6_BYTES);
  const end = at + length;
  writeEthernet(bytes, at, flow);
  if (flow.ipVersion === 4) writeIpv4(bytes, network, end - network, flow);
  else writeIpv6(bytes, network, end - udp, flow);
  writePayload(bytes, udp + UDP_BYTES, end);
  writeUdp(bytes, udp, end - udp, flow);
}

function writeEthernet(bytes: Uint8Array, at: number, flow: UdpFlow): void {
  bytes.set(flow.destinationMac, at);
  bytes.set(flow.sourceMac, at + 6);
  put16(bytes, at + 12, flow.ipVersion === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
}

function writeIpv4(bytes: Uint8Array, at: number, length: number, flow: UdpFlow): void {
  put16(bytes, at, 0x4500); // version, header of five words; no traffic class
  put16(bytes, at + 2, length);
  put16(bytes, at + 4, 0);
  put16(bytes, at + 6, DONT_FRAGMENT);
  bytes[at + 8] = HOP_LIMIT;
  bytes[at + 9] = PROTOCOL_UDP;
  put16(bytes, at + 10, 0); // counts as 0 in its own sum
  bytes.set(flow.source, at + 12);
  bytes.set(flow.destination, at + 16);
  put16(bytes, at + 10, ~fold(sum16(bytes, at, IPV4_BYTES)));
}

function writeIpv6(bytes: Uint8Array, at: number, payloadLength: number, flow: UdpFlow): void {
  put16(bytes, at, 0x6000); // version; no traffic class, no flow label
  put16(bytes, at + 2, 0);
  put16(bytes, at + 4, payloadLength);
  bytes[at + 6] = PROTOCOL_UDP;
  bytes[at + 7] = HOP_LIMIT;
  bytes.set(flow.source, at + 8);
  bytes.set(flow.destination, at + 24);
}

function writePayload(bytes: Uint8Array, at: number, end: number): void {
  bytes.fill(0, at, at + 4);
  bytes.fill(0xff, at + 4, at + SEQUENCE_BYTES);
  for (let i = at + SEQUENCE_BYTES; i < end; i++) bytes[i] = i - at;
}

function writeUdp(bytes: Uint8Array, at: number, length: number, flow: UdpFlow): void {
  put16(bytes, at, flow.sourcePort);
  put16(bytes, at + 2, flow.destinationPort);
  put16(bytes, at + 4, length);
  put16(bytes, at + 6, 0);
  let sum = PROTOCOL_UDP + length; // of the pseudo header, with the addresses
  sum += sum16(flow.source, 0, flow.source.length);
  sum += sum16(flow.destination, 0, flow.destination.length);
  sum += sum16(bytes, at, length);
  const checksum = ~fold(sum) & 0xffff;
  put16(bytes, at + 6, checksum === 0 ? 0xffff : checksum); // 0 would say that there is no checksum
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

/** The sum of the 16-bit words; under 2^31 for any frame. An odd last byte counts as if a zero followed. */
function sum16(bytes: Uint8Array, at: number, length: number): number {
  let sum = 0;
  for (let i = 0; i + 1 < length; i += 2) sum += (bytes[at + i]! << 8) | bytes[at + i + 1]!;
  return length % 2 === 0 ? sum : sum + (bytes[at + length - 1]! << 8);
}

/** One's complement: what overflows 16 bits is added at the bottom. */
function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}
