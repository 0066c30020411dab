// Cold. Runs on: main.
// What can be wrong with a packet: one fault each.

import { internetChecksum, pair } from '../bursts/frames.js';
import type { Network, Packet, Transport } from './layers.js';

/** A packet and what it was made from; a fault changes it. */
export interface Draft extends Packet {
  readonly network: Network;
  readonly protocol: Transport;
}

export interface Fault {
  readonly name: string;
  readonly fits: (draft: Draft) => boolean;
  readonly spoil: (draft: Draft) => void;
}

const isFour = ({ network }: Draft) => network.version === 4;
const isSix = ({ network }: Draft) => network.version === 6;
const isUdp = ({ protocol }: Draft) => protocol.name === 'udp';
const isTcp = ({ protocol }: Draft) => protocol.name.startsWith('tcp');
const hasExtensions = (draft: Draft) => isSix(draft) && draft.network.extensions.length > 0;

export function put({ bytes }: Draft, at: number, ...values: number[]): void {
  bytes.splice(at, values.length, ...values);
}

/** The IPv4 header is right again, whatever was done to it. */
export function mend(draft: Draft): void {
  if (!isFour(draft)) return;
  const header = Math.max(20, (draft.bytes[0]! & 15) * 4);
  put(draft, 10, 0, 0);
  put(draft, 10, ...pair(internetChecksum(draft.bytes.slice(0, header))));
}

/** Writes a 16-bit field of the IPv4 header. */
const ipv4Field = (at: number, value: (draft: Draft) => number) => (draft: Draft) => {
  put(draft, at, ...pair(value(draft)));
  mend(draft);
};

const firstByte = (value: number) => (draft: Draft) => {
  put(draft, 0, value);
  mend(draft);
};

const transportField = (at: number, value: (old: number) => number) => (draft: Draft) => {
  const place = draft.transport + at;
  put(draft, place, ...pair(value(draft.bytes[place]! * 256 + draft.bytes[place + 1]!)));
};

const dataOffset = (words: number) => (draft: Draft) => put(draft, draft.transport + 12, words << 4);

export const FAULTS: readonly Fault[] = [
  { name: 'none', fits: () => true, spoil: () => {} },
  { name: 'ip checksum', fits: isFour, spoil: (draft) => put(draft, 10, draft.bytes[10]! ^ 1) },
  { name: 'ip version 5', fits: isFour, spoil: (draft) => firstByte(0x50 | (draft.bytes[0]! & 15))(draft) },
  { name: 'header of 16 bytes', fits: isFour, spoil: firstByte(0x44) },
  { name: 'header of 60 bytes', fits: isFour, spoil: firstByte(0x4f) },
  { name: 'total length of the header less 1', fits: isFour, spoil: ipv4Field(2, ({ extensions }) => extensions - 1) },
  { name: 'total length 0', fits: isFour, spoil: ipv4Field(2, () => 0) },
  { name: 'total length of the header', fits: isFour, spoil: ipv4Field(2, ({ extensions }) => extensions) },
  { name: 'total length 1 short', fits: isFour, spoil: ipv4Field(2, ({ bytes }) => bytes.length - 1) },
  { name: 'total length 1 long', fits: isFour, spoil: ipv4Field(2, ({ bytes }) => bytes.length + 1) },
  { name: 'reserved bit', fits: isFour, spoil: ipv4Field(6, ({ network }) => network.fragment | 0x8000) },
  { name: 'ip version 4', fits: isSix, spoil: (draft) => put(draft, 0, 0x40) },
  { name: 'payload length 0', fits: isSix, spoil: (draft) => put(draft, 4, 0, 0) },
  { name: 'payload length 1 short', fits: isSix, spoil: (draft) => put(draft, 4, ...pair(draft.bytes.length - 41)) },
  { name: 'payload length 1 long', fits: isSix, spoil: (draft) => put(draft, 4, ...pair(draft.bytes.length - 39)) },
  { name: 'extension of 2048 bytes', fits: hasExtensions, spoil: (draft) => put(draft, draft.extensions + 1, 255) },
  { name: 'udp length 0', fits: isUdp, spoil: transportField(4, () => 0) },
  { name: 'udp length 7', fits: isUdp, spoil: transportField(4, () => 7) },
  { name: 'udp length 1 short', fits: isUdp, spoil: transportField(4, (length) => length - 1) },
  { name: 'udp length 1 long', fits: isUdp, spoil: transportField(4, (length) => length + 1) },
  { name: 'udp checksum', fits: isUdp, spoil: transportField(6, (checksum) => checksum ^ 0x0101) },
  { name: 'no udp checksum', fits: isUdp, spoil: transportField(6, () => 0) },
  { name: 'tcp data offset 0', fits: isTcp, spoil: dataOffset(0) },
  { name: 'tcp data offset 4', fits: isTcp, spoil: dataOffset(4) },
  { name: 'tcp data offset 15', fits: isTcp, spoil: dataOffset(15) },
  { name: 'tcp checksum', fits: isTcp, spoil: transportField(16, (checksum) => checksum ^ 0x0101) },
];
