// Hot. Runs on: CPU n (CpuRecorder), NIC (NicRecorder).
// What a thread records: a CPU what it delivers and what it drops, a NIC what it drops. Called once a burst; an odd packet
// alone.

import type { Bursts } from '../bursts/bursts.js';
import { BATCH_FIRST_ENTRY, ENTRY_BYTES, ENTRY_VERDICT, OFFER_BYTES, OFFER_QUEUE, PLACED } from '../bursts/layout.js';
import type { Views } from '../memory/views.js';
import type { BlockWriter } from './write-area.js';
import { DROP_REASONS } from './write-reasons.js';
import type { CaptureTime } from './write-time.js';

const FIRST_VERDICT = (BATCH_FIRST_ENTRY + ENTRY_VERDICT) / 4;
const ENTRY_WORDS = ENTRY_BYTES / 4;
const QUEUE_WORD = OFFER_QUEUE / 4;
const OFFER_WORDS = OFFER_BYTES / 4;
const BACKLOG = DROP_REASONS.indexOf('backlog');
const RX_MISSED_ERRORS = DROP_REASONS.indexOf('rxMissedErrors');
const RX_LENGTH_ERRORS = DROP_REASONS.indexOf('rxLengthErrors');
/** Of a frame that is longer than any that a device takes, this much is recorded: the most that tcpdump records. */
const SNAPLEN = 262_144;

/** Where a CPU's packets lie, in byte addresses. */
export interface RecorderLayout {
  readonly batch: number;
  readonly buffers: number;
  readonly links: number;
}

export class CpuRecorder {
  private readonly words: Int32Array;
  private readonly bursts: Bursts;
  private readonly layout: RecorderLayout;
  private readonly time: CaptureTime;
  private readonly delivered: BlockWriter | null;
  private readonly dropped: BlockWriter | null;

  /** @param delivered `dropped`: null = not recorded; one writer where both go to one file */
  constructor(
    views: Views,
    bursts: Bursts,
    layout: RecorderLayout,
    time: CaptureTime,
    delivered: BlockWriter | null,
    dropped: BlockWriter | null,
  ) {
    this.words = views.words;
    this.bursts = bursts;
    this.layout = layout;
    this.time = time;
    this.delivered = delivered;
    this.dropped = dropped;
  }

  /** Of `count` entries of the batch area the first `passed` are delivered; the others are malformed. */
  received(passed: number, count: number, queue: number): void {
    if (this.delivered === null && passed === count) return;
    this.time.read();
    if (this.delivered !== null && passed > 0) {
      this.delivered.stampDelivered(this.time);
      this.encode(this.delivered, 0, passed, queue);
    }
    if (this.dropped === null) return;
    for (let index = passed; index < count; index += 1) {
      const verdict = this.words[this.layout.batch / 4 + FIRST_VERDICT + index * ENTRY_WORDS]!;
      this.drop(this.dropped, index, queue, verdict - 1);
    }
  }

  /** The batch area's first entry found the backlog full. */
  backlogFull(queue: number): void {
    if (this.dropped === null) return;
    this.time.read();
    this.drop(this.dropped, 0, queue, BACKLOG);
  }

  flush(): void {
    this.delivered?.flush();
    this.dropped?.flush();
  }

  private drop(writer: BlockWriter, index: number, queue: number, reason: number): void {
    writer.stampDropped(this.time, reason);
    this.encode(writer, index, 1, queue);
  }

  private encode(writer: BlockWriter, first: number, count: number, queue: number): void {
    const { batch, buffers, links } = this.layout;
    writer.add(this.bursts.encode(batch, first, count, queue, buffers, links, writer.stamp, writer.end), count);
  }
}

export class NicRecorder {
  private readonly words: Int32Array;
  private readonly bursts: Bursts;
  private readonly time: CaptureTime;
  private readonly dropped: BlockWriter;
  private readonly device: number;

  /** @param device number of the interface that stands for the whole device */
  constructor(views: Views, bursts: Bursts, time: CaptureTime, dropped: BlockWriter, device: number) {
    this.words = views.words;
    this.bursts = bursts;
    this.time = time;
    this.dropped = dropped;
    this.device = device;
  }

  /** Those of `count` offers that are not PLACED have found no buffer. */
  missed(offers: number, count: number): void {
    const { dropped } = this;
    this.time.read();
    dropped.stampDropped(this.time, RX_MISSED_ERRORS);
    dropped.add(this.bursts.encodeOffers(offers, count, dropped.stamp, dropped.end), this.unplaced(offers, count));
  }

  /** A frame that is empty, or too long for any buffer, came. It lies in one piece. */
  lengthError(frame: number, length: number, wireLength: number): void {
    const { dropped } = this;
    const captured = Math.min(length, SNAPLEN);
    this.time.read();
    dropped.stampDropped(this.time, RX_LENGTH_ERRORS);
    dropped.add(this.bursts.encodeFrame(frame, captured, wireLength, this.device, dropped.stamp, dropped.end), 1);
  }

  flush(): void {
    this.dropped.flush();
  }

  private unplaced(offers: number, count: number): number {
    let unplaced = 0;
    for (let index = 0; index < count; index += 1) {
      if (this.words[offers / 4 + QUEUE_WORD + index * OFFER_WORDS] !== PLACED) unplaced += 1;
    }
    return unplaced;
  }
}
