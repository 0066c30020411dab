// Cold. Runs on: main.
// One capture reader over memory that is used again for each input. What stands in it before is noise of the rig's own,
// and guards stand around it.

import { FRAME_ADDRESS, FRAME_LENGTH, FRAME_RECORD_BYTES } from '../../src/bursts/layout.js';
import { compileBursts, instantiateBursts } from '../../src/bursts/load.js';
import { referenceBursts } from '../../src/bursts/reference/reference.js';
import { ETHERNET_BYTES, PACKET_BYTES_MAX } from '../../src/bursts/wire.js';
import { CaptureError } from '../../src/capture/capture-error.js';
import { type CaptureLayout, captureLayout, WINDOW_BYTES } from '../../src/capture/layout.js';
import { CaptureReader, type CaptureSeams, type ReadState } from '../../src/capture/reader.js';
import { gunzipInflater } from '../../src/coordinator/inflater.js';
import { PAGE_BYTES } from '../../src/memory/layout.js';
import { type Views, viewsOf } from '../../src/memory/views.js';
import { MemoryBytes } from '../capture/read-all.js';

const ADDRESS = 128;
const GUARD_BYTES = 64;
const burstModule = compileBursts();

export interface ListedFrame {
  readonly bytes: Uint8Array;
  readonly timeNs: number;
}

export class CaptureRig {
  private readonly layout: CaptureLayout;
  private readonly views: Views;
  private readonly seams: CaptureSeams;
  private readonly noise: number;

  /** @param room frames of the table */
  constructor(kind: 'AssemblyScript' | 'reference', room: number) {
    this.layout = captureLayout(ADDRESS, { room, windowBytes: WINDOW_BYTES });
    const pages = Math.ceil((ADDRESS + this.layout.bytes + GUARD_BYTES) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.views = viewsOf(memory.buffer);
    const bursts = kind === 'reference' ? referenceBursts(memory, this.views) : instantiateBursts(burstModule, memory);
    this.noise = kind === 'reference' ? 0x55 : 0xaa;
    this.views.bytes.fill(this.noise);
    this.seams = { bursts, inflater: gunzipInflater };
  }

  /** @param portions bytes that the source gives at a time, in turn; 0 = none now */
  open(capture: Uint8Array, portions: readonly number[]): CaptureReader {
    return new CaptureReader(this.views, this.layout, 'input', new MemoryBytes(capture, portions), this.seams);
  }

  /** @returns the state, or the message of the fault @throws what is no CaptureError */
  read(reader: CaptureReader): ReadState | string {
    try {
      return reader.read();
    } catch (error) {
      if (error instanceof CaptureError) return error.message;
      throw error;
    }
  }

  /** @throws Error when one lies outside of the window, or the guards have changed */
  list({ frames }: CaptureReader): ListedFrame[] {
    const { room, window, windowBytes } = this.layout;
    if (frames.count > room) throw new Error(`count=${frames.count}: the table has room for ${room}`);
    this.checkGuards();
    return Array.from({ length: frames.count }, (_, i) => {
      const record = (frames.records + i * FRAME_RECORD_BYTES) / 4;
      const address = this.views.words[record + FRAME_ADDRESS / 4]! >>> 0;
      const length = this.views.words[record + FRAME_LENGTH / 4]!;
      const isInside = address >= window - ETHERNET_BYTES && address + length <= window + windowBytes;
      if (!isInside || length < 0 || length > PACKET_BYTES_MAX + ETHERNET_BYTES) {
        throw new Error(`frame at ${address} with ${length} bytes: outside of the window at ${window}`);
      }
      const timeNs = this.views.doubles[frames.times / 8 + i]!;
      if (!Number.isFinite(timeNs)) throw new Error(`timeNs=${timeNs}`);
      return { bytes: this.views.bytes.subarray(address, address + length), timeNs };
    });
  }

  private checkGuards(): void {
    const end = ADDRESS + this.layout.bytes;
    for (let i = 0; i < GUARD_BYTES; i++) {
      const [before, after] = [ADDRESS - 1 - i, end + i];
      if (this.views.bytes[before] !== this.noise || this.views.bytes[after] !== this.noise) {
        throw new Error(`${i} bytes around the region: written`);
      }
    }
  }
}
