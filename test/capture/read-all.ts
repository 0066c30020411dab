// Cold. Runs on: main.
// A whole capture from memory, through the code that a NIC runs, with windows of any size: what a capture holds, as a list.

import type { Bursts } from '../../src/bursts/bursts.js';
import { FRAME_ADDRESS, FRAME_LENGTH, FRAME_RECORD_BYTES } from '../../src/bursts/layout.js';
import { compileBursts, instantiateBursts } from '../../src/bursts/load.js';
import { referenceBursts } from '../../src/bursts/reference/reference.js';
import { type ByteSource, DRY, END } from '../../src/capture/byte-source.js';
import { CaptureError } from '../../src/capture/capture-error.js';
import { type CaptureSize, captureLayout, captureSize } from '../../src/capture/layout.js';
import { CaptureReader } from '../../src/capture/reader.js';
import { gunzipInflater } from '../../src/coordinator/inflater.js';
import { PAGE_BYTES } from '../../src/memory/layout.js';
import { type Views, viewsOf } from '../../src/memory/views.js';

export interface ReadFrame {
  readonly bytes: Buffer;
  /** After the first packet. */
  readonly timeNs: number;
}

export interface ReadCapture {
  readonly frames: readonly ReadFrame[];
  /** ns since 1970 of the first packet; null without one that has a time. */
  readonly firstNs: bigint | null;
  readonly format: 'pcap' | 'pcapng' | null;
  readonly sliced: number;
  readonly backwards: number;
  readonly skippedBlocks: number;
  /** All frames lay in the window at once, so that a next pass need not read. */
  readonly isHeld: boolean;
  /** Where it could not be read any further; the frames before are there. */
  readonly fault: CaptureError | null;
}

export interface ReadOptions {
  /** Default: as for a file of that size. No packet may be larger than a window. */
  readonly size?: CaptureSize;
  readonly bursts?: 'reference' | 'wasm';
  /** Bytes that the source gives at a time, in turn, as a pipe would; 0 = dry. Default: as many as are asked for. */
  readonly portions?: readonly number[];
  /** A pipe: bytes that cannot be read again. */
  readonly pipe?: boolean;
  /** Default `memory`. */
  readonly path?: string;
}

/** Bytes in memory. */
export class MemoryBytes implements ByteSource {
  readonly regular: boolean;
  private readonly capture: Uint8Array;
  private readonly portions: readonly number[];
  private position = 0;
  private reads = 0;

  constructor(capture: Uint8Array, portions: readonly number[] = [], regular = true) {
    this.capture = capture;
    this.regular = regular;
    this.portions = portions;
  }

  read(bytes: Uint8Array, at: number, length: number): number {
    const portion = this.portions[this.reads % this.portions.length] ?? length;
    this.reads += 1;
    if (portion === 0) return DRY;
    const part = this.capture.subarray(this.position, this.position + Math.min(length, portion));
    bytes.set(part, at);
    this.position += part.length;
    return part.length;
  }

  rewind(): boolean {
    if (this.regular) this.position = 0;
    return this.regular;
  }

  close(): void {}
}

const burstModule = compileBursts();

/** @throws what is no CaptureError */
export function readAll(capture: Uint8Array, options: ReadOptions = {}): ReadCapture {
  const { path = 'memory', portions = [], pipe = false, size = captureSize(capture.length) } = options;
  const layout = captureLayout(64, size);
  const pages = Math.ceil((64 + layout.bytes) / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const views = viewsOf(memory.buffer);
  const bursts = burstsOf(options, memory, views);
  const source = new MemoryBytes(capture, portions, !pipe);
  const reader = new CaptureReader(views, layout, path, source, { bursts, inflater: gunzipInflater });
  const frames: ReadFrame[] = [];
  const fault = drain(views, reader, frames);
  const { scan, format, isHeld, firstNs } = reader;
  return {
    frames,
    firstNs,
    format: format?.name ?? null,
    sliced: scan.sliced,
    backwards: scan.backwards,
    skippedBlocks: format?.skippedBlocks ?? 0,
    isHeld,
    fault,
  };
}

function burstsOf({ bursts }: ReadOptions, memory: WebAssembly.Memory, views: Views): Bursts {
  return bursts === 'reference' ? referenceBursts(memory, views) : instantiateBursts(burstModule, memory);
}

function drain(views: Views, reader: CaptureReader, frames: ReadFrame[]): CaptureError | null {
  try {
    while (reader.read() !== END) frames.push(...framesNow(views, reader));
    return null;
  } catch (error) {
    if (error instanceof CaptureError) return error;
    throw error;
  }
}

function framesNow({ words, bytes, doubles }: Views, { frames }: CaptureReader): ReadFrame[] {
  return Array.from({ length: frames.count }, (_, i) => {
    const record = (frames.records + i * FRAME_RECORD_BYTES) / 4;
    const address = words[record + FRAME_ADDRESS / 4]! >>> 0;
    const length = words[record + FRAME_LENGTH / 4]!;
    return { bytes: Buffer.from(bytes.slice(address, address + length)), timeNs: doubles[frames.times / 8 + i]! };
  });
}
