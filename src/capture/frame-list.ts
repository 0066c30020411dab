// Cold. Runs on: NIC, main.
// The frame table of the window: what the scans have found, and the odd packets that are put in one by one.

import { FRAME_RECORD_BYTES } from '../bursts/layout.js';
import { countSliced, frameLength, writeFrame, writeTime } from '../bursts/reference/scan.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { CaptureLayout } from './layout.js';
import type { ScanWords } from './scan-words.js';

/** Bytes of one packet: where they lie, and how many they were on the wire. */
export interface Stored {
  readonly address: number;
  readonly captured: number;
  readonly original: number;
}

export class FrameList {
  /** In the table now. */
  count = 0;
  /** Since the capture's beginning, in this pass. */
  total = 0;
  readonly records: number;
  readonly times: number;
  private readonly room: number;
  private readonly views: Views;
  private readonly scan: ScanWords;

  constructor(views: Views, layout: CaptureLayout, scan: ScanWords) {
    this.views = views;
    this.scan = scan;
    this.records = layout.records;
    this.times = layout.times;
    this.room = layout.room;
  }

  get free(): number {
    return this.room - this.count;
  }

  /** Byte addresses of the next free record, and of its time. */
  get nextRecord(): number {
    return this.records + this.count * FRAME_RECORD_BYTES;
  }

  get nextTime(): number {
    return this.times + this.count * DOUBLE_BYTES;
  }

  clear(): void {
    this.count = 0;
  }

  /** A scan has written so many. */
  added(frames: number): void {
    this.count += frames;
    this.total += frames;
  }

  /** One odd packet. @param iface number of its interface */
  add({ address, captured, original }: Stored, iface: number, timeNs: number): void {
    const length = frameLength(this.views, captured, original, this.scan.interfaceAt(iface));
    writeFrame(this.views, this.nextRecord, address, length);
    countSliced(this.views, this.scan.address, captured, original);
    writeTime(this.views, this.scan.address, this.nextTime, timeNs);
    this.added(1);
  }
}
