// Cold. Runs on: every thread of the explorer.
// A machine that is small enough to be laid out anew for each schedule: one queue, a ring of 64 slots, some buffers, some
// frames. Plan, agents and loop are the real ones; the burst functions are the references, and time stands still.

import type { Bursts } from '../../../src/bursts/bursts.js';
import { BUFFER_BYTES, DESCRIPTOR_BYTES, FLAG_EOP } from '../../../src/bursts/layout.js';
import { PAGE_BYTES } from '../../../src/memory/layout.js';
import { viewsOf as plainViewsOf, type Views } from '../../../src/memory/views.js';
import { bufferOf, type Shared, viewsOf } from '../scenario.js';
import { frameBytes, framesBytes, writeFrames } from './frames.js';
import type { Parts } from './parts.js';
import { WITNESS_WORDS, Witness } from './witness.js';

export const RING = 64;
/** Cursors run free: here they pass from the largest int32 to the smallest. */
export const FIRST_CURSOR = 0x7ffffffe;
/** What a slot holds that was used before: a length, a hash and EOP, of a frame long gone. */
const STALE = [99, 99, FLAG_EOP];

export interface WorldOptions {
  readonly cpus: number;
  /** `level`: interrupt mode, the model that NAPI replaced. */
  readonly flow: 'latch' | 'nolatch' | 'level';
  readonly weight: number;
  /** Their lengths in bytes. */
  readonly frames: readonly number[];
  /** Frames that the NIC offers, and announces by one interrupt, at a time. */
  readonly burst: number;
  readonly buffers: number;
  /** Buffers posted at the start. */
  readonly posted: number;
  /** The NAPI's thread can be a worker. */
  readonly worker?: boolean;
  /** A task wants the CPU all the time: softirqs are left to ksoftirqd after each pass. */
  readonly needResched?: boolean;
}

export class World {
  readonly parts: Parts;
  readonly plan: ReturnType<Parts['makePlan']>;
  readonly options: WorldOptions;
  readonly mode: 'napi' | 'interrupt';
  readonly witness: Witness;
  /** First word of the witness. */
  readonly notesWord: number;
  private readonly frames: readonly Uint8Array[];
  private readonly bytes: number;
  private cached: { readonly shared: Shared; readonly views: Views; readonly notes: Views } | null = null;

  constructor(parts: Parts, options: WorldOptions) {
    const { cpus, flow, frames, buffers, worker } = options;
    this.parts = parts;
    this.options = options;
    this.mode = flow === 'level' ? 'interrupt' : 'napi';
    const needs = { cpus, queues: 1, ring: RING, mode: this.mode, frames: framesBytes(frames) };
    this.plan = parts.makePlan(worker ? { ...needs, workers: 1 } : needs);
    this.frames = frames.map((length, frame) => frameBytes(frame, length));
    // Buffers come last in a plan, so that a machine with fewer of them is a prefix.
    const end = this.plan.nic.buffers + buffers * BUFFER_BYTES;
    this.notesWord = end / 4;
    this.witness = new Witness(end / 4, this.lineWord, this.napiWord, this.frames);
    this.bytes = end + WITNESS_WORDS * 4;
  }

  get lineWord(): number {
    return this.plan.nic.irq.address / 4;
  }

  /** The queue's instance; the backlogs' follow. */
  get napiWord(): number {
    return this.plan.cpus[0]!.napis / 4;
  }

  create(): Shared {
    const pages = Math.ceil(this.bytes / PAGE_BYTES);
    return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }) };
  }

  /** What the machine is made over; checked, where the scenario asks for it. */
  views(shared: Shared): Views {
    return this.viewsOf(shared).views;
  }

  /** What the witness sees it through, and writes beside it. */
  notes(shared: Shared): Views {
    return this.viewsOf(shared).notes;
  }

  private viewsOf(shared: Shared) {
    if (this.cached?.shared !== shared) {
      const buffer = bufferOf(shared);
      this.cached = { shared, views: viewsOf(buffer), notes: plainViewsOf(buffer) };
    }
    return this.cached;
  }

  /** What createMachine does, over memory that is there already. */
  reset(shared: Shared): void {
    const { parts, plan } = this;
    const views = this.views(shared);
    const { napis, napiCount } = plan.cpus[0]!;
    for (const { softnet } of plan.cpus) parts.Softnet.create(views, softnet);
    for (let id = 0; id < napiCount; id++) parts.napiState(views, napis, id).create();
    this.sysctls(shared).create();
    this.line(shared).create(this.options.flow, 0);
    writeFrames(views, plan.nic.frames, this.frames);
    this.bringUp(shared);
    this.post(shared, this.options.posted);
    this.witness.reset(this.notes(shared));
  }

  sysctls(shared: Shared) {
    return new this.parts.Sysctls(this.views(shared), this.plan.cpus[0]!.sysctls, this.parts.HZ);
  }

  private bringUp(shared: Shared): void {
    const views = this.views(shared);
    const { rings, pools } = this.plan.cpus[0]!;
    this.parts.createRxRing(views, rings[0]!, RING);
    this.parts.createBufferPool(views, pools[0]!, 0, this.options.buffers);
    const producer = new this.parts.RxRingProducer(views, rings[0]!);
    producer.publish(FIRST_CURSOR);
    for (let slot = 0; slot < RING; slot++)
      views.words.set(STALE, (producer.descriptors + slot * DESCRIPTOR_BYTES) / 4 + 1);
    const { ring } = this.hold(shared);
    ring.tail = FIRST_CURSOR;
    ring.posted = FIRST_CURSOR;
    ring.post(0);
    ring.release();
  }

  /** Gives `count` idle buffers to the NIC, as a driver does that has only so many. Its steps are those of post(). */
  post(shared: Shared, count: number): void {
    const { ring, pool } = this.hold(shared);
    ring.claim();
    pool.claim();
    const bursts = this.bursts(shared);
    pool.top = bursts.refill(ring.descriptors, ring.mask, ring.posted, count, pool.stack, pool.top);
    ring.post(count);
    ring.release();
    pool.release();
  }

  // ── parts over this memory ──

  bursts(shared: Shared): Bursts {
    return this.parts.referenceBursts(shared.memory, this.views(shared));
  }

  line(shared: Shared) {
    return new this.parts.IrqLine(this.views(shared), this.plan.nic.irq, 0);
  }

  /** The driver's side of ring and pool. */
  hold(shared: Shared) {
    const views = this.views(shared);
    const { rings, pools, links, nicContext } = this.plan.cpus[0]!;
    const ring = new this.parts.RxRingConsumer(views, rings[0]!, nicContext);
    return { ring, pool: new this.parts.BufferPool(views, pools[0]!, links) };
  }

  moveLine(shared: Shared, cpu: number) {
    const views = this.views(shared);
    const state = this.parts.napiState(views, this.plan.cpus[0]!.napis, 0);
    const others = this.plan.cpuContexts.filter((_, id) => id !== cpu);
    const contexts = others.map((address) => new this.parts.ContextWords(views, address));
    return new this.parts.MoveLine(this.line(shared), state, cpu, contexts);
  }
}
