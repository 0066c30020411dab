// Cold. Runs on: main.
// Frames for tests, built from the inside out. Each builder computes what a valid header says; `fields` overrides it.
// Only UDP and TCP checksums are 0, until checksummed() fills them in.

export interface Ipv4Fields {
  version: number;
  /** In bytes; beyond 20 there are options, which do nothing. */
  header: number;
  options: readonly number[];
  total: number;
  fragment: number;
  checksum: number;
  source: readonly number[];
  destination: readonly number[];
}

export interface Ipv6Fields {
  version: number;
  payload: number;
  source: readonly number[];
  destination: readonly number[];
}

export interface Ports {
  source: number;
  destination: number;
}

const IPV6_PREFIX = [0x3f, 0xfe, 0x25, 0x01, 2, 0, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0];
export const IPV4_SOURCE: readonly number[] = [10, 0, 0, 1];
export const IPV4_DESTINATION: readonly number[] = [10, 0, 0, 2];
export const IPV6_SOURCE: readonly number[] = [...IPV6_PREFIX, 7];
export const IPV6_DESTINATION: readonly number[] = [...IPV6_PREFIX, 1];

export function bytesOf(length: number, value = 0): number[] {
  return new Array<number>(length).fill(value);
}

export function pair(value: number): [number, number] {
  return [(value >> 8) & 0xff, value & 0xff];
}

export function ethernet(etherType: number, payload: readonly number[], tags: readonly number[] = []): number[] {
  const addresses = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
  return [...addresses, ...tags.flatMap((tag) => [...pair(tag), 0, 7]), ...pair(etherType), ...payload];
}

export function ipv4(protocol: number, payload: readonly number[], fields: Partial<Ipv4Fields> = {}): number[] {
  const { version = 4, fragment = 0, source = IPV4_SOURCE, destination = IPV4_DESTINATION } = fields;
  const options = fields.options ?? bytesOf(Math.max(0, (fields.header ?? 20) - 20), 1);
  const header = fields.header ?? 20 + options.length;
  const total = fields.total ?? header + payload.length;
  const first = (version << 4) | (header >> 2);
  const fixed = [first, 0, ...pair(total), 0, 1, ...pair(fragment), 64, protocol, 0, 0, ...source, ...destination];
  const whole = [...fixed, ...options];
  whole.splice(10, 2, ...pair(fields.checksum ?? internetChecksum(whole)));
  return [...whole, ...payload];
}

/** What to put into a checksum field that is 0, so that the words add up to all ones. */
export function internetChecksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

export function ipv6(nextHeader: number, payload: readonly number[], fields: Partial<Ipv6Fields> = {}): number[] {
  const { version = 6, source = IPV6_SOURCE, destination = IPV6_DESTINATION } = fields;
  const length = pair(fields.payload ?? payload.length);
  return [version << 4, 0, 0, 0, ...length, nextHeader, 64, ...source, ...destination, ...payload];
}

/** An extension header with `units` of 8 bytes behind its first 8: hop-by-hop, routing, destination options. */
export function extension(next: number, payload: readonly number[], units = 0): number[] {
  return [next, units, ...bytesOf(6 + units * 8), ...payload];
}

/** A routing header with these addresses. */
export function routing(
  next: number,
  payload: readonly number[],
  segmentsLeft: number,
  type = 0,
  addresses: readonly (readonly number[])[] = [IPV6_SOURCE],
): number[] {
  return [next, addresses.length * 2, type, segmentsLeft, ...bytesOf(4), ...addresses.flat(), ...payload];
}

/** @param field offset in bytes, a multiple of 8, and 1 when more fragments follow */
export function fragment(next: number, payload: readonly number[], field: number): number[] {
  return [next, 0, ...pair(field), 0, 0, 0, 1, ...payload];
}

/** @param units what the length field says: units of 4 bytes, less 2 */
export function ah(next: number, payload: readonly number[], units = 4): number[] {
  return [next, units, ...bytesOf((units + 2) * 4 - 2), ...payload];
}

/** @param bottom whether the last of the labels says that it is the bottom of the stack */
export function mpls(labels: number, payload: readonly number[], bottom = true): number[] {
  const entries = Array.from({ length: labels }, (_, i) => [0, 1, bottom && i === labels - 1 ? 1 : 0, 64]);
  return [...entries.flat(), ...payload];
}

export function pppoe(payload: readonly number[], length = payload.length): number[] {
  return [0x11, 0, 0, 1, ...pair(length), ...payload];
}

/**
 * The UDP or TCP datagram with its checksum, as sent over addresses of either version of IP. What UDP's length leaves out
 * is not covered.
 */
export function checksummed(
  number: number,
  datagram: readonly number[],
  source: readonly number[],
  destination: readonly number[],
): number[] {
  const at = number === 17 ? 6 : 16;
  const length = number === 17 ? datagram[4]! * 256 + datagram[5]! : datagram.length;
  const zeroed = datagram.toSpliced(at, 2, 0, 0);
  const pseudo = [...source, ...destination, ...pair(length), 0, number];
  const sum = internetChecksum([...pseudo, ...zeroed.slice(0, length)]);
  return zeroed.toSpliced(at, 2, ...pair(number === 17 && sum === 0 ? 0xffff : sum)).slice(0, datagram.length);
}

const PORTS: Ports = { source: 1000, destination: 9 };

export function udp(payload: readonly number[], length = 8 + payload.length, ports = PORTS): number[] {
  return [...pair(ports.source), ...pair(ports.destination), ...pair(length), 0, 0, ...payload];
}

/** @param header the data offset in bytes; beyond 20 there are options */
export function tcp(payload: readonly number[], header = 20, ports = PORTS): number[] {
  const fixed = [...pair(ports.source), ...pair(ports.destination), ...bytesOf(8), (header >> 2) << 4, 16];
  return [...fixed, ...bytesOf(6), ...bytesOf(Math.max(0, header - 20), 1), ...payload];
}

export function arp(hardwareLength = 6, protocolLength = 4, bytes = 28): number[] {
  const fixed = [0, 1, 8, 0, hardwareLength, protocolLength, 0, 1];
  return [...fixed, ...bytesOf(bytes - fixed.length)];
}
