// Hot. Runs on: NIC, once per burst; cold, once per window.
// The frames of a capture, window by window and pass by pass.

import { DRY, END } from '../../capture/byte-source.js';
import { CaptureError } from '../../capture/capture-error.js';
import { openBytes } from '../../capture/file-bytes.js';
import { captureLayout, captureSize } from '../../capture/layout.js';
import { CaptureReader, type CaptureSeams } from '../../capture/reader.js';
import { CAPTURE_COUNTERS, CAPTURE_FORMATS, counterAddress } from '../../memory/counters.js';
import { DOUBLE_BYTES } from '../../memory/layout.js';
import type { Views } from '../../memory/views.js';
import type { Clock } from '../../runtime/clock.js';
import type { RecordedFrames, SourceFault } from './device.js';

/** A dry pipe is looked at after 1 ms, then after twice as long each time, up to 10 ms. */
const RETRY_NS_MIN = 1e6;
const RETRY_NS_MAX = 10e6;
/** What a pass of a capture without duration takes: one packet, or all at one time, say nothing about a rate. */
const PASS_NS_WITHOUT_DURATION = 1e9;

export interface CaptureSettings {
  readonly kind: 'pcap';
  readonly path: string;
  /** Bytes of a regular file, when the memory was planned; 0 for anything else. */
  readonly fileBytes: number;
  /** 1 = as recorded, N = N times faster, Infinity = unpaced. */
  readonly speed: number;
  /** How often it is played; Infinity = until told to end. */
  readonly passes: number;
}

export interface CapturedSeams extends CaptureSeams {
  readonly clock: Clock;
}

export class CapturedFrames implements RecordedFrames {
  readonly table: number;
  tableLength = 0;
  position = 0;
  ended = false;
  retryNs = 0;
  private readonly doubles: Float64Array;
  private readonly times: number;
  private readonly path: string;
  private readonly clock: Clock;
  private readonly seams: CaptureSeams;
  private readonly open: () => CaptureReader;
  private readonly counters: number;
  private reader: CaptureReader | null = null;
  private passesLeft: number;
  /** Once all frames of a pass lie in the table: how many may still be sent. Until then −1. */
  private heldLeft = -1;
  /** When the pass under way began, and how long each takes. */
  private passStartNs = 0;
  private passNs = 0;
  private isFirstPass = true;
  private sent = 0;
  private waitNs = RETRY_NS_MIN;
  private fault: SourceFault | null = null;

  /**
   * @param address of the region: captureLayout(address, captureSize(settings.fileBytes))
   */
  constructor(views: Views, address: number, settings: CaptureSettings, seams: CapturedSeams) {
    const layout = captureLayout(address, captureSize(settings.fileBytes));
    this.table = layout.records;
    this.times = layout.times / DOUBLE_BYTES;
    this.doubles = views.doubles;
    this.path = settings.path;
    this.passesLeft = settings.passes;
    this.clock = seams.clock;
    this.seams = seams;
    this.counters = layout.counters;
    this.open = () => new CaptureReader(views, layout, this.path, openBytes(this.path), this.seams);
  }

  ready(max: number): number {
    if (this.heldLeft >= 0) return this.readyHeld(max);
    if (this.position === this.tableLength) this.refill();
    return Math.min(max, this.tableLength - this.position);
  }

  advance(count: number): void {
    this.position += count;
    this.sent += count;
    if (this.heldLeft < 0) return;
    this.heldLeft -= count;
    while (this.position >= this.tableLength) {
      this.position -= this.tableLength;
      this.passStartNs += this.passNs;
    }
  }

  timeNs(after: number): number {
    let index = this.position + after;
    let startNs = this.passStartNs;
    for (; index >= this.tableLength; index -= this.tableLength) startNs += this.passNs;
    return startNs + this.doubles[this.times + index]!;
  }

  close(): SourceFault | null {
    this.reader?.close();
    this.reader = null;
    return this.fault;
  }

  private readyHeld(max: number): number {
    if (this.heldLeft === 0) this.ended = true;
    return Math.min(max, this.heldLeft);
  }

  /** The window is used up, or a pipe was dry. */
  private refill(): void {
    if (this.ended || !this.isTime()) return;
    try {
      this.read();
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.fail(error.problem);
    }
  }

  private isTime(): boolean {
    if (this.retryNs === 0) return true;
    this.clock.tick();
    return this.clock.nowNs >= this.retryNs;
  }

  private read(): void {
    this.reader ??= this.open();
    let state = this.reader.read();
    if (state === END) state = this.nextPass(this.reader);
    this.position = 0;
    this.tableLength = this.reader.frames.count;
    this.retryNs = state === DRY ? this.whenToRetry() : 0;
    if (state !== DRY) this.waitNs = RETRY_NS_MIN;
    if (this.isFirstPass) this.count(this.reader);
    if (this.reader.isHeld && this.tableLength > 0) this.hold(this.reader);
  }

  private whenToRetry(): number {
    this.clock.tick();
    const retryNs = this.clock.nowNs + this.waitNs;
    this.waitNs = Math.min(2 * this.waitNs, RETRY_NS_MAX);
    return retryNs;
  }

  /** A pass is over. @returns what the next one's first read said; END when there is none */
  private nextPass(reader: CaptureReader): ReturnType<CaptureReader['read']> {
    if (this.isFirstPass) this.count(reader);
    if (reader.frames.total === 0) throw new CaptureError(this.path, 'the capture has no packets; one is the least');
    this.endPass(reader);
    if (this.passesLeft === 0 || !reader.rewind()) {
      this.ended = true;
      return END;
    }
    this.passStartNs += this.passNs;
    const state = reader.read();
    if (state === END) throw new CaptureError(this.path, 'the capture has no packets any more: the file has changed');
    return state;
  }

  /** All frames are known: with the first pass's figures, the next ones need no reading. */
  private hold(reader: CaptureReader): void {
    this.heldLeft = reader.frames.total * this.passesLeft;
    this.endPass(reader);
  }

  /** The next pass follows after the capture's duration and one mean gap. */
  private endPass({ frames, scan }: CaptureReader): void {
    const last = Math.max(0, scan.latestNs);
    this.passNs = last === 0 ? PASS_NS_WITHOUT_DURATION : last + last / Math.max(1, frames.total - 1);
    this.passesLeft -= 1;
    this.isFirstPass = false;
  }

  private fail(problem: string): void {
    this.ended = true;
    this.retryNs = 0;
    this.fault = { path: this.path, problem, isRefusal: this.sent === 0 };
  }

  /** What the capture holds, pass by pass the same: counted in the first. */
  private count({ frames, scan, format, gzip }: CaptureReader): void {
    const write = (name: (typeof CAPTURE_COUNTERS)[number], value: number) => {
      this.doubles[counterAddress(CAPTURE_COUNTERS, this.counters, name) / DOUBLE_BYTES] = value;
    };
    write('packets', frames.total);
    write('sliced', scan.sliced);
    write('backwardTimestamps', scan.backwards);
    write('skippedBlocks', format?.skippedBlocks ?? 0);
    write('format', format === null ? 0 : CAPTURE_FORMATS.indexOf(format.name) + 1);
    write('gzip', gzip ? 1 : 0);
  }
}
