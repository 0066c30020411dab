// Cold. Runs on: main.
// What must be found in a capture, by a second reader that is as plain as can be: it has the whole capture in front of
// it, and knows no windows, bursts or times.

import { PACKET_BYTES_MAX } from '../../src/bursts/wire.js';
import { linkKind } from '../../src/capture/link-types.js';

export interface ModelFrame {
  readonly at: number;
  readonly length: number;
  /** Its bytes are replayed as they are. */
  readonly isPlain: boolean;
}

export interface Model {
  /** Those before the fault. */
  readonly frames: readonly ModelFrame[];
  readonly hasFault: boolean;
}

const SECTION = 0x0a0d0d0a;
const BLOCK_BYTES_MAX = 16 * 2 ** 20;
const INTERFACES_MAX = 1024;

/** Null for what is not pcap or pcapng by its first bytes, or has a header that is refused. */
export function modelOf(bytes: Uint8Array): Model | null {
  if (bytes.length < 24) return null;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.getUint32(0) === SECTION) return new PcapngModel(data).read();
  const order = [true, false].find((little) => [0xa1b2c3d4, 0xa1b23c4d].includes(data.getUint32(0, little)));
  return order === undefined ? null : pcapModel(data, order);
}

function pcapModel(data: DataView, little: boolean): Model | null {
  const word = (at: number) => data.getUint32(at, little);
  const link = linkKind(word(20) & 0xffff);
  if (data.getUint16(4, little) !== 2 || data.getUint16(6, little) !== 4 || link === null) return null;
  const fractions = word(0) === 0xa1b23c4d ? 1e9 : 1e6;
  const isPlain = link === 'ethernet' && word(20) >>> 16 === 0;
  const frames: ModelFrame[] = [];
  let at = 24;
  while (at + 16 <= data.byteLength) {
    const length = word(at + 8);
    if (length > PACKET_BYTES_MAX || word(at + 4) >= fractions || at + 16 + length > data.byteLength) break;
    frames.push({ at: at + 16, length, isPlain });
    at += 16 + length;
  }
  return { frames, hasFault: at !== data.byteLength };
}

interface ModelInterface {
  readonly snaplen: number;
  /** Null when nothing of it can be replayed. */
  readonly isPlain: boolean | null;
}

class PcapngModel {
  private readonly data: DataView;
  private readonly frames: ModelFrame[] = [];
  private interfaces: ModelInterface[] = [];
  private little = true;

  constructor(data: DataView) {
    this.data = data;
  }

  read(): Model {
    let at = 0;
    while (at < this.data.byteLength) {
      const length = this.blockAt(at);
      if (length === 0) return { frames: this.frames, hasFault: true };
      at += length;
    }
    return { frames: this.frames, hasFault: false };
  }

  private word(at: number): number {
    return this.data.getUint32(at, this.little);
  }

  private half(at: number): number {
    return this.data.getUint16(at, this.little);
  }

  /** @returns its length, or 0 when it is at fault */
  private blockAt(at: number): number {
    if (at + 12 > this.data.byteLength) return 0;
    const isSection = this.data.getUint32(at) === SECTION;
    if (isSection && !this.setOrder(at + 8)) return 0;
    const [type, length] = [this.word(at), this.word(at + 4)];
    if (length < 12 || length % 4 !== 0 || length > BLOCK_BYTES_MAX || at + length > this.data.byteLength) return 0;
    if (this.word(at + length - 4) !== length) return 0;
    return this.isTaken(isSection ? SECTION : type, at, length) ? length : 0;
  }

  private setOrder(at: number): boolean {
    const order = [true, false].find((little) => this.data.getUint32(at, little) === 0x1a2b3c4d);
    this.little = order ?? this.little;
    return order !== undefined;
  }

  private isTaken(type: number, at: number, length: number): boolean {
    if (type === SECTION) return this.beginSection(at, length);
    if (type === 1) return this.addInterface(at, length);
    if (type === 6) return length >= 32 && this.addPacket(this.word(at + 8), at + 28, this.word(at + 20), length - 32);
    if (type === 2) return length >= 32 && this.addPacket(this.half(at + 8), at + 28, this.word(at + 20), length - 32);
    if (type !== 3) return true;
    const { snaplen = 0 } = this.interfaces[0] ?? {};
    const stored = Math.min(this.word(at + 8), snaplen || this.word(at + 8), length - 16);
    return length >= 16 && this.addPacket(0, at + 12, stored, length - 16);
  }

  private beginSection(at: number, length: number): boolean {
    this.interfaces = [];
    return length >= 28 && this.half(at + 12) === 1 && [0, 2].includes(this.half(at + 14));
  }

  private addInterface(at: number, length: number): boolean {
    if (length < 20 || this.interfaces.length === INTERFACES_MAX) return false;
    const options = this.optionsOf(at + 16, at + length - 4);
    const resolutions = options.filter(({ code, length }) => code === 9 && length >= 1);
    const hasFcs = options.some(({ code, at }) => code === 13 && this.data.getUint8(at) >= 8);
    const kind = linkKind(this.half(at + 8));
    this.interfaces.push({ snaplen: this.word(at + 12), isPlain: kind && kind === 'ethernet' && !hasFcs });
    return resolutions.every(({ at }) => isResolution(this.data.getUint8(at)));
  }

  private optionsOf(first: number, end: number): { code: number; at: number; length: number }[] {
    const options = [];
    for (let at = first; at + 4 <= end; ) {
      const [code, length] = [this.half(at), this.half(at + 2)];
      if (code === 0 || at + 4 + length > end) break;
      options.push({ code, at: at + 4, length });
      at += 4 + Math.ceil(length / 4) * 4;
    }
    return options;
  }

  private addPacket(number: number, at: number, length: number, room: number): boolean {
    const { isPlain = null } = this.interfaces[number] ?? {};
    if (isPlain === null || length > room || length > PACKET_BYTES_MAX) return false;
    this.frames.push({ at, length, isPlain });
    return true;
  }
}

/** Of if_tsresol: up to 10^-19, or 2^-63. */
function isResolution(byte: number): boolean {
  return byte < 128 ? byte <= 19 : byte - 128 <= 63;
}
