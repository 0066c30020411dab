// Cold. Runs on: NIC, once per window; main, for the beginning of a capture.
// Reads a capture window by window. Packets stay where they were read until the next window is asked for.

import type { Views } from '../memory/views.js';
import { type ByteSource, type DRY, END } from './byte-source.js';
import { CaptureError } from './capture-error.js';
import { headerBytes, isGzip, MAGIC_BYTES, openFormat } from './detect.js';
import type { CaptureFormat, Reading, ScanBursts } from './format.js';
import { FrameList } from './frame-list.js';
import { GzipBytes, type InflaterFactory } from './gzip-bytes.js';
import type { CaptureLayout } from './layout.js';
import { PCAP_HEADER_BYTES } from './pcap-header.js';
import { ScanWords } from './scan-words.js';
import { Epoch } from './times.js';
import { FULL, READY, Window } from './window.js';

export interface CaptureSeams {
  readonly bursts: ScanBursts;
  readonly inflater: InflaterFactory;
}

/** What a reader has to say after it was asked for frames. */
export type ReadState = typeof READY | typeof DRY | typeof END;

export class CaptureReader {
  readonly frames: FrameList;
  readonly scan: ScanWords;
  /** All frames of this pass lie in the list at once. */
  isHeld = false;
  gzip = false;
  private readonly path: string;
  private readonly reading: Reading;
  private readonly makeInflater: InflaterFactory;
  private source: ByteSource;
  private opened: CaptureFormat | null = null;
  private fault: CaptureError | null = null;
  private isCleared = false;
  private isOver = false;

  /** @param source what stands at its first byte; close() closes it */
  constructor(views: Views, layout: CaptureLayout, path: string, source: ByteSource, seams: CaptureSeams) {
    const scan = new ScanWords(views, layout.scan);
    const frames = new FrameList(views, layout, scan);
    const window = new Window(views, layout, source);
    const { bytes } = views;
    const { bursts, inflater } = seams;
    scan.reset();
    this.path = path;
    this.source = source;
    this.makeInflater = inflater;
    this.frames = frames;
    this.scan = scan;
    this.reading = { path, bytes, window, frames, scan, bursts, epoch: new Epoch() };
  }

  /** Null until the file's header was read. */
  get format(): CaptureFormat | null {
    return this.opened;
  }

  /** When the first packet was recorded, ns since 1970; null before. */
  get firstNs(): bigint | null {
    return this.reading.epoch.firstNs;
  }

  /**
   * Fills the frame list anew. Those that were in it are gone.
   * @returns READY: there are frames · DRY: there are none now · END: there will be none
   * @throws CaptureError where the capture cannot be read any further; what came before was READY
   */
  read(): ReadState {
    this.isCleared ||= this.frames.count > 0;
    this.frames.clear();
    if (this.fault !== null) throw this.fault;
    if (this.isOver) return END;
    try {
      return this.fill();
    } catch (error) {
      if (!(error instanceof CaptureError) || this.frames.count === 0) throw error;
      this.fault = error; // The frames before it first.
      return READY;
    }
  }

  /** Starts the next pass. @returns false when the source cannot be read again */
  rewind(): boolean {
    if (!this.source.rewind()) return false;
    const { window, frames, scan } = this.reading;
    window.restart(this.source, this.gzip);
    frames.clear();
    frames.total = 0;
    scan.reset();
    this.opened = null;
    this.isCleared = false;
    this.isOver = false;
    return true;
  }

  close(): void {
    this.source.close();
  }

  private fill(): ReadState {
    const { window, frames } = this.reading;
    for (;;) {
      this.opened?.scanRun();
      if (frames.free === 0) return READY;
      const wanted = this.opened === null ? this.open() : this.opened.readOne();
      if (wanted === 0) continue;
      const filled = window.fill(wanted, frames.count === 0);
      if (filled === END) this.end();
      if (filled === READY || (filled === END && this.opened === null)) continue;
      return frames.count > 0 || filled === FULL ? READY : filled;
    }
  }

  /** @returns how many bytes it wants; 0 when the format is known */
  private open(): number {
    const { window } = this.reading;
    if (window.available < MAGIC_BYTES && !this.isOver) return MAGIC_BYTES;
    const start = window.copy(0, Math.min(window.available, MAGIC_BYTES));
    if (isGzip(start) && !this.gzip) return this.unpack();
    const wanted = start.length < MAGIC_BYTES ? 0 : headerBytes(new DataView(start.buffer));
    if (window.available < wanted && !this.isOver) return wanted;
    this.opened = openFormat(this.reading, window.copy(0, Math.min(window.available, PCAP_HEADER_BYTES)));
    return 0;
  }

  /** What was read is a gzip stream: all of it goes to the inflater, and the capture begins in what comes out. */
  private unpack(): number {
    const { window } = this.reading;
    const beginning = window.copy(0, window.available);
    this.source = new GzipBytes(this.path, this.source, beginning, this.makeInflater);
    this.gzip = true;
    this.isOver = false;
    window.restart(this.source, true);
    return MAGIC_BYTES;
  }

  /** There are no more bytes. */
  private end(): void {
    const { window } = this.reading;
    this.isOver = true;
    this.opened?.end();
    this.isHeld = this.opened !== null && !window.moved && !this.isCleared;
  }
}
