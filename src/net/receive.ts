// Hot. Runs on: CPU n.
// The stages between take and recycle, over one batch area: classify ▶ [verify] ▶ [flows] ▶ [gro] ▶ [steer] ▶ deliver. Each
// CPU has one.

import type { Bursts } from '../bursts/bursts.js';
import { BATCH_FIRST_ENTRY, BATCH_PASSED_BYTES, ENTRY_BYTES, ENTRY_VERDICT, FLOW_BUCKETS } from '../bursts/layout.js';
import type { CpuRecorder } from '../capture/write-recorder.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Burst, Sink } from './sink.js';

const PASSED_BYTES = BATCH_PASSED_BYTES / 4;
const FIRST_VERDICT = (BATCH_FIRST_ENTRY + ENTRY_VERDICT) / 4;
const ENTRY_WORDS = ENTRY_BYTES / 4;

/** Where a CPU's receive path works, in byte addresses. */
export interface ReceiveLayout {
  readonly batch: number;
  readonly buffers: number;
  readonly links: number;
  readonly tally: number;
  /** The first of the malformed counters. */
  readonly malformed: number;
  readonly processed: number;
  readonly delivered: number;
  readonly deliveredBytes: number;
  /** This CPU's flow table, or 0: nobody asked for the largest flows. */
  readonly flows: number;
}

export interface ReceiveSettings {
  /** Synthetic work per packet, in iterations of Bursts.work. */
  readonly workIterations: number;
  /** Whether UDP and TCP checksums are verified. */
  readonly verifyL4: boolean;
}

/** What it works with. */
export interface ReceiveParts {
  readonly bursts: Bursts;
  /** What a sink is given. */
  readonly burst: Burst;
  /** null: nothing is recorded. */
  readonly recorder: CpuRecorder | null;
  /** null: packets are counted and end here. */
  readonly sink: Sink | null;
}

export class Receive {
  /** Byte address of this CPU's batch area. */
  readonly batch: number;
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly bursts: Bursts;
  private readonly layout: ReceiveLayout;
  private readonly burst: Burst;
  private readonly recorder: CpuRecorder | null;
  private readonly sink: Sink | null;
  private readonly settings: ReceiveSettings;

  constructor(views: Views, layout: ReceiveLayout, settings: ReceiveSettings, parts: ReceiveParts) {
    this.words = views.words;
    this.doubles = views.doubles;
    this.bursts = parts.bursts;
    this.layout = layout;
    this.batch = layout.batch;
    this.burst = parts.burst;
    this.recorder = parts.recorder;
    this.sink = parts.sink;
    this.settings = settings;
  }

  /** Takes `count` entries of the batch area through the stack. Their buffers stay the caller's. */
  receive(count: number, queue: number): void {
    const { layout, settings } = this;
    const passed = this.findOdd(count) > 0 ? this.dropOdd(count) : count;
    if (layout.flows !== 0) this.bursts.flows(this.batch, passed, layout.buffers, layout.flows, FLOW_BUCKETS - 1);
    if (settings.workIterations > 0) this.bursts.work(count * settings.workIterations);
    if (this.recorder !== null) this.recorder.received(passed, count, queue);
    if (this.sink !== null && passed > 0) this.deliver(this.sink, passed, queue);
    // Only now: of what is counted as delivered the sink has seen all, wherever this thread ends.
    this.add(layout.processed, count);
    this.add(layout.delivered, passed);
    this.add(layout.deliveredBytes, this.words[this.batch / 4 + PASSED_BYTES]!);
  }

  private deliver(sink: Sink, count: number, queue: number): void {
    this.burst.count = count;
    this.burst.queue = queue;
    const returned: unknown = sink(this.burst);
    if (returned !== undefined) refuse(returned);
  }

  /** @returns how many entries are malformed */
  private findOdd(count: number): number {
    const { buffers, links, tally } = this.layout;
    const odd = this.bursts.classify(this.batch, count, buffers, tally);
    return this.settings.verifyL4 ? this.bursts.verify(this.batch, count, buffers, links, tally) : odd;
  }

  /** Counts the malformed by reason. @returns how many passed; they are now in front */
  private dropOdd(count: number): number {
    const base = this.batch / 4;
    const passed = this.bursts.compact(this.batch, count);
    for (let index = passed; index < count; index += 1) {
      const verdict = this.words[base + FIRST_VERDICT + index * ENTRY_WORDS]!;
      this.add(this.layout.malformed + (verdict - 1) * DOUBLE_BYTES, 1);
    }
    return passed;
  }

  private add(address: number, amount: number): void {
    const at = address / DOUBLE_BYTES;
    this.doubles[at] = this.doubles[at]! + amount;
  }
}

function refuse(returned: unknown): void {
  if (returned instanceof Promise) throw new TypeError('the sink returned a promise: a sink must be synchronous');
}
