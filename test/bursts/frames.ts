// Cold. Runs on: main.
// Frames for tests, built from the inside out. Each builder computes what a valid header says; `fields` overrides it.

export interface Ipv4Fields {
  version: number;
  /** In bytes; beyond 20 there are options. */
  header: number;
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
  const { version = 4, header = 20, fragment = 0, source = [10, 0, 0, 1], destination = [10, 0, 0, 2] } = fields;
  const total = fields.total ?? header + payload.length;
  const first = (version << 4) | (header >> 2);
  const fixed = [first, 0, ...pair(total), 0, 1, ...pair(fragment), 64, protocol, 0, 0, ...source, ...destination];
  const whole = [...fixed, ...bytesOf(Math.max(0, header - 20), 1)];
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
  const { version = 6, source = [...IPV6_PREFIX, 7], destination = [...IPV6_PREFIX, 1] } = fields;
  const length = pair(fields.payload ?? payload.length);
  return [version << 4, 0, 0, 0, ...length, nextHeader, 64, ...source, ...destination, ...payload];
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
