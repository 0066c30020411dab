// Hot. Runs on: NIC.
// One NIC: frames that are due go from the device's table into posted buffers of the queue that RSS picks, and the queue's
// line is raised, once per burst.

import type { Bursts } from '../bursts/bursts.js';
import {
  BAD_LENGTH,
  BATCH_ENTRIES,
  OFFER_ADDRESS,
  OFFER_BYTES,
  OFFER_LENGTH,
  OFFER_QUEUE,
  PLACED,
} from '../bursts/layout.js';
import type { NicRecorder } from '../capture/write-recorder.js';
import type { IrqLine } from '../irq/line.js';
import { END_SOURCE } from '../memory/context.js';
import { CACHE_LINE_BYTES, DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { RxRingProducer } from '../ring/rx-ring.js';
import type { Agent } from '../runtime/agent.js';
import type { Clock } from '../runtime/clock.js';
import type { Device, SourceFault } from './devices/device.js';

const BURST = BATCH_ENTRIES;
const ADDRESS_WORD = OFFER_ADDRESS / 4;
const LENGTH_WORD = OFFER_LENGTH / 4;
const QUEUE_WORD = OFFER_QUEUE / 4;
const OFFER_WORDS = OFFER_BYTES / 4;

// The NIC's words, all written by the NIC:
//   0  HELD          frames offered that have found no buffer yet
//   1  ENDED         1 = the source offers no further frame
//   2  COPIED        frames that the last copy() placed
//   3  COPIED_BYTES  and their bytes
//   16 …             64 offers of 32 bytes
const HELD = 0;
const ENDED = 1;
const COPIED = 2;
const COPIED_BYTES = 3;
const OFFERS_BYTES = BURST * OFFER_BYTES;
const FIRST_OFFER = CACHE_LINE_BYTES;
export const NIC_BYTES = FIRST_OFFER + OFFERS_BYTES;

/** Where a NIC works, in byte addresses. */
export interface NicLayout {
  readonly state: number;
  readonly rss: number;
  readonly buffers: number;
  readonly offeredPackets: number;
  readonly offeredBytes: number;
  readonly pauses: number;
  readonly rxLengthErrors: number;
  /** When the first frame was offered, and when the source ended: doubles, ns. */
  readonly startNs: number;
  readonly endNs: number;
}

/** One Rx queue as the NIC sees it; addresses are of counters. */
export interface NicQueue {
  readonly ring: RxRingProducer;
  readonly line: IrqLine;
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly rxMissedErrors: number;
}

/** What happens to a frame for which no buffer is posted. `wait`: held, as by 802.3x pause. `drop`: rx_missed_errors. */
export type WhenFull = 'wait' | 'drop';

/** What a NIC is made of. */
export interface NicParts {
  readonly device: Device;
  readonly queues: readonly NicQueue[];
  readonly full: WhenFull;
  /** How many frames to offer in all; Infinity = until told to end. */
  readonly framesMax: number;
}

export class Nic implements Agent {
  readonly role: string;
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly bursts: Bursts;
  private readonly clock: Clock;
  private readonly layout: NicLayout;
  private readonly offers: number;
  private readonly device: Device;
  private readonly queues: readonly NicQueue[];
  private readonly full: WhenFull;
  private readonly framesMax: number;
  private readonly recorder: NicRecorder | null;
  private offered = 0;
  private burst = 0;
  private held = 0;
  private paused = false;
  private waiting = false;
  private started = false;

  constructor(
    role: string,
    views: Views,
    seams: { readonly bursts: Bursts; readonly clock: Clock; readonly recorder: NicRecorder | null },
    layout: NicLayout,
    parts: NicParts,
  ) {
    this.role = role;
    this.words = views.words;
    this.doubles = views.doubles;
    this.bursts = seams.bursts;
    this.clock = seams.clock;
    this.layout = layout;
    this.device = parts.device;
    this.queues = parts.queues;
    this.offers = layout.state + FIRST_OFFER;
    this.full = parts.full;
    this.framesMax = parts.framesMax;
    this.recorder = seams.recorder;
  }

  doWork(): number {
    if (this.held > 0) return this.place();
    const due = this.due();
    if (due === 0) return 0;
    this.offer(due);
    this.place();
    return due;
  }

  /** Lets go of the device; after the last doWork(). @returns why its source ended too early, if it did */
  close(): SourceFault | null {
    return this.device.frames.close();
  }

  nextNs(): number {
    if (this.held > 0 || this.ended()) return Number.POSITIVE_INFINITY;
    const { retryNs } = this.device.frames;
    if (retryNs > 0) return retryNs;
    return this.device.arrival.nextNs(this.offered);
  }

  /** The re-check before sleep. A NIC that holds frames waits for buffers; any other for time, or for main. */
  workArrived(): boolean {
    if (this.held === 0) return false;
    this.setWaiting(true);
    return this.queues.some((queue, id) => this.holdsFor(id) && queue.ring.roomAgain());
  }

  handle(request: number): void {
    if (request >= END_SOURCE) this.end();
  }

  private ended(): boolean {
    return this.words[this.layout.state / 4 + ENDED] === 1;
  }

  private end(): void {
    if (this.ended()) return;
    this.clock.tick();
    this.doubles[this.layout.endNs / DOUBLE_BYTES] = this.clock.nowNs;
    Atomics.store(this.words, this.layout.state / 4 + ENDED, 1);
  }

  private due(): number {
    if (this.words[this.layout.state / 4 + ENDED] === 1) return 0;
    const { arrival, frames } = this.device;
    const max = Math.min(BURST, this.framesMax - this.offered);
    const ready = max > 0 ? frames.ready(max) : 0;
    if (ready === 0) return this.noFrame();
    if (!this.started) this.start();
    if (arrival.unpaced) return ready;
    this.clock.tick();
    return arrival.due(this.clock.nowNs, this.offered, ready);
  }

  private noFrame(): number {
    if (this.device.frames.ended || this.offered >= this.framesMax) this.end();
    return 0;
  }

  private start(): void {
    this.started = true;
    this.clock.tick();
    const now = this.clock.nowNs;
    this.doubles[this.layout.startNs / DOUBLE_BYTES] = now;
    this.device.arrival.start(now);
  }

  private offer(count: number): void {
    const { layout } = this;
    const { frames } = this.device;
    const { table, tableLength, position } = frames;
    const bytes = this.bursts.offer(table, tableLength, position, count, this.offers, layout.rss);
    frames.advance(count);
    this.offered += count;
    this.burst = count;
    this.hold(count);
    this.add(layout.offeredPackets, count);
    this.add(layout.offeredBytes, bytes);
  }

  /** Copies what is held into rings, queue by queue. @returns frames placed or dropped */
  private place(): number {
    if (this.waiting) this.setWaiting(false);
    const before = this.held;
    let left = before;
    for (let id = 0; id < this.queues.length && left > 0; id += 1) left -= this.placeIn(id);
    if (left > 0) left -= this.dropBad();
    if (left > 0) left = this.noBuffer(left);
    if (left === 0) this.paused = false;
    this.hold(left);
    return before - left;
  }

  /** @returns how many frames are still held */
  private noBuffer(left: number): number {
    if (this.full === 'drop') {
      this.dropHeld();
      return 0;
    }
    if (!this.paused) this.add(this.layout.pauses, 1);
    this.paused = true;
    return left;
  }

  private placeIn(id: number): number {
    const queue = this.queues[id]!;
    const { ring } = queue;
    const { state, buffers } = this.layout;
    const { descriptors, mask, head } = ring;
    const copied = state + COPIED * 4;
    const posted = ring.posted();
    const next = this.bursts.copy(this.offers, this.burst, id, descriptors, mask, head, posted, buffers, copied);
    if (next === head) return 0;
    ring.publish(next);
    queue.line.raise();
    const frames = this.words[state / 4 + COPIED]!;
    this.add(queue.rxPackets, frames);
    this.add(queue.rxBytes, this.words[state / 4 + COPIED_BYTES]!);
    return frames;
  }

  private hold(frames: number): void {
    this.held = frames;
    this.words[this.layout.state / 4 + HELD] = frames;
  }

  private dropHeld(): void {
    if (this.recorder !== null) this.recorder.missed(this.offers, this.burst);
    for (let index = 0; index < this.burst; index += 1) {
      const queue = this.words[this.offers / 4 + QUEUE_WORD + index * OFFER_WORDS]!;
      if (queue !== PLACED) this.add(this.queues[queue]!.rxMissedErrors, 1);
    }
  }

  /** Frames without bytes, or with too many: rx_length_errors. @returns how many */
  private dropBad(): number {
    let dropped = 0;
    for (let index = 0; index < this.burst; index += 1) {
      const queue = this.offers / 4 + QUEUE_WORD + index * OFFER_WORDS;
      if (this.words[queue] !== BAD_LENGTH) continue;
      this.words[queue] = PLACED;
      if (this.recorder !== null) this.recordBad(this.recorder, index);
      dropped += 1;
    }
    if (dropped > 0) this.add(this.layout.rxLengthErrors, dropped);
    return dropped;
  }

  /** No queue was picked for it: recorded as of the device. */
  private recordBad(recorder: NicRecorder, index: number): void {
    const offer = this.offers / 4 + index * OFFER_WORDS;
    const length = this.words[offer + LENGTH_WORD]!;
    recorder.lengthError(this.words[offer + ADDRESS_WORD]! >>> 0, length, length);
  }

  private holdsFor(queue: number): boolean {
    for (let index = 0; index < this.burst; index += 1) {
      if (this.words[this.offers / 4 + QUEUE_WORD + index * OFFER_WORDS] === queue) return true;
    }
    return false;
  }

  private setWaiting(waiting: boolean): void {
    for (const { ring } of this.queues) ring.setWaiting(waiting);
    this.waiting = waiting;
  }

  private add(address: number, amount: number): void {
    const at = address / DOUBLE_BYTES;
    this.doubles[at] = this.doubles[at]! + amount;
  }
}

/** What main may know of a NIC while it runs. */
export function readNic(views: Views, state: number): { readonly held: number; readonly ended: boolean } {
  const base = state / 4;
  return { held: views.words[base + HELD]!, ended: Atomics.load(views.words, base + ENDED) === 1 };
}
