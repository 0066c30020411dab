// Cold. Runs on: every thread of the explorer.
// A machine that is small enough to be laid out anew for each schedule: one queue, a ring of 64 slots, some buffers, some frames.
// Its plan, its CPU and NIC agents and its loop are the real ones; burst functions are the references, time stands still.

import { BUFFER_BYTES } from '../../../src/bursts/layout.js';
import type { Bursts } from '../../../src/bursts/bursts.js';
import { PAGE_BYTES } from '../../../src/memory/layout.js';
import type { Views } from '../../../src/memory/views.js';
import type { Burst } from '../../../src/net/sink.js';
import type { Nic } from '../../../src/nic/nic.js';
import { bufferOf, type Shared } from '../scenario.js';
import { deviceOf, frameBytes, framesBytes, writeFrames } from './frames.js';
import { enabledFor, holderOf, lawBroken } from './laws.js';
import type { Parts } from './parts.js';

const RING = 64;
/** Cursors run free: here they pass from the largest int32 to the smallest. */
const FIRST_CURSOR = 0x7ffffffe;

// The scenario's own words, behind the machine's:
//   0   DELIVERED  frames that sinks have seen            whoever runs the sink
//   1   LINE_SEEN  the line as it was after the last step  whoever made it (laws.ts)
//   2   NAPI_SEEN  the state word, likewise
//   3   MISSES     how often MISSED was set, likewise
//   4   RETIRED    1 + the CPU that may not poll any more  retire()
//   16… their numbers, in the order of delivery
const DELIVERED = 0;
const LINE_SEEN = 1;
const NAPI_SEEN = 2;
const MISSES = 3;
const RETIRED = 4;
const LOG = 16;
const LOG_WORDS = 128;

export interface WorldOptions {
  readonly cpus: number;
  readonly flow: 'latch' | 'nolatch';
  readonly weight: number;
  /** Their lengths in bytes. */
  readonly frames: readonly number[];
  /** Frames that the NIC offers, and announces by one interrupt, at a time. */
  readonly burst: number;
  readonly buffers: number;
  /** Buffers posted at the start. */
  readonly posted: number;
}

export class World {
  readonly parts: Parts;
  readonly plan: ReturnType<Parts['makePlan']>;
  readonly options: WorldOptions;
  private readonly frames: readonly Uint8Array[];
  private readonly log: number;
  private cached: { readonly shared: Shared; readonly views: Views } | null = null;

  constructor(parts: Parts, options: WorldOptions) {
    this.parts = parts;
    this.options = options;
    const { cpus, frames } = options;
    this.plan = parts.makePlan({ cpus, queues: 1, ring: RING, mode: 'napi', frames: framesBytes(frames) });
    this.frames = frames.map((length, frame) => frameBytes(frame, length));
    this.log = (this.plan.nic.buffers + options.buffers * BUFFER_BYTES) / 4;
  }

  /** Buffers come last in a plan, so that a machine with fewer of them is a prefix. */
  create(): Shared {
    const pages = Math.ceil(((this.log + LOG + LOG_WORDS) * 4) / PAGE_BYTES);
    return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }) };
  }

  views(shared: Shared): Views {
    if (this.cached?.shared !== shared) this.cached = { shared, views: this.parts.viewsOf(bufferOf(shared)) };
    return this.cached.views;
  }

  /** What createMachine does, over memory that is there already. */
  reset(shared: Shared): void {
    const { parts, plan } = this;
    const views = this.views(shared);
    const { napis, napiCount } = plan.cpus[0]!;
    for (const { softnet } of plan.cpus) parts.Softnet.create(views, softnet);
    for (let id = 0; id < napiCount; id++) parts.napiState(views, napis, id).create();
    this.line(shared).create(this.options.flow, 0);
    writeFrames(views, plan.nic.frames, this.frames);
    this.bringUp(views);
    this.post(shared, this.options.posted);
    views.words[this.log + LINE_SEEN] = views.words[this.lineWord]!;
  }

  private bringUp(views: Views): void {
    const { parts, plan, options } = this;
    const { rings, pools, nicContext } = plan.cpus[0]!;
    parts.createRxRing(views, rings[0]!, RING);
    parts.createBufferPool(views, pools[0]!, 0, options.buffers);
    new parts.RxRingProducer(views, rings[0]!).publish(FIRST_CURSOR);
    const ring = new parts.RxRingConsumer(views, rings[0]!, nicContext);
    ring.tail = FIRST_CURSOR;
    ring.posted = FIRST_CURSOR;
    ring.post(0);
    ring.release();
  }

  bursts(views: Views): Bursts {
    // The references do not look at the memory object.
    return this.parts.referenceBursts({} as WebAssembly.Memory, views);
  }

  // ── agents ──

  line(shared: Shared) {
    return new this.parts.IrqLine(this.views(shared), this.plan.nic.irq, 0);
  }

  moveLine(shared: Shared, cpu: number) {
    const { napis } = this.plan.cpus[0]!;
    return new this.parts.MoveLine(this.line(shared), this.parts.napiState(this.views(shared), napis, 0), cpu);
  }

  nic(shared: Shared): Nic {
    const { parts, plan, options } = this;
    const views = this.views(shared);
    const { NIC_COUNTERS, NIC_QUEUE_COUNTERS, counterAddresses } = parts;
    const layout = { ...plan.nic, ...counterAddresses(NIC_COUNTERS, plan.nic.counters, NIC_COUNTERS) };
    const ring = new parts.RxRingProducer(views, plan.nic.rings[0]!);
    const counters = counterAddresses(NIC_QUEUE_COUNTERS, plan.nic.queueCounters[0]!, NIC_QUEUE_COUNTERS);
    const device = deviceOf(plan.nic.frames, this.frames.length, options.burst);
    const seams = { bursts: this.bursts(views), clock: new parts.VirtualClock() };
    const queues = [{ ring, line: this.line(shared), ...counters }];
    return new parts.Nic('nic0', views, seams, layout, device, queues, 'wait', this.frames.length);
  }

  /** A NIC on its loop, until it sleeps for good. */
  nicLoop(shared: Shared): () => void {
    const nic = this.nic(shared);
    const { NIC_COUNTERS, counterAddress } = this.parts;
    const sleeps = counterAddress(NIC_COUNTERS, this.plan.nic.counters, 'sleeps');
    return () => this.loop(shared, nic, this.plan.nicContext, sleeps);
  }

  /** A CPU on its loop, until it sleeps for good. */
  cpuLoop(shared: Shared, cpu: number): () => void {
    const { parts, plan, options } = this;
    const views = this.views(shared);
    const layout = plan.cpus[cpu]!;
    const settings = {
      mode: 'napi',
      irq: options.flow,
      checkBuffers: true,
      workIterations: 0,
      budget: 300,
      budgetUsecs: 2000,
      weight: options.weight,
    } as const;
    const seams = {
      bursts: this.guarded(views, cpu),
      clock: new parts.VirtualClock(),
      sink: (burst: Burst) => this.receive(views, burst),
      needResched: () => false,
    };
    const agent = parts.buildCpu(views, { ...layout }, settings, seams);
    const sleeps = parts.counterAddress(parts.CPU_COUNTERS, layout.counters, 'sleeps');
    return () => this.loop(shared, agent, plan.cpuContexts[cpu]!, sleeps);
  }

  /** Spinning would never end while time stands still. */
  private loop(shared: Shared, agent: Parameters<Parts['runLoop']>[2], context: number, sleeps: number): void {
    const { parts } = this;
    const views = this.views(shared);
    const idle = new parts.SpinThenSleep(views, context, new parts.VirtualClock(), false, sleeps);
    parts.runLoop(views, context, agent, idle);
  }

  /** From now on this CPU must not poll. */
  retire(shared: Shared, cpu: number): void {
    this.views(shared).words[this.log + RETIRED] = cpu + 1;
  }

  /** Only the SCHED holder may touch the driver's side of ring and pool: two pollers, or a late one, are caught here. */
  private guarded(views: Views, cpu: number): Bursts {
    const bursts = this.bursts(views);
    const guard = (what: string) => {
      const holder = holderOf(views.words[this.napiWord]!);
      if (holder !== cpu) throw new Error(`cpu${cpu} calls ${what}, and SCHED is held by ${holder}`);
      if (views.words[this.log + RETIRED] === cpu + 1) throw new Error(`cpu${cpu} calls ${what} after its NAPI has moved`);
    };
    return {
      ...bursts,
      take: (...args) => {
        guard('take');
        return bursts.take(...args);
      },
      recycle: (...args) => {
        guard('recycle');
        return bursts.recycle(...args);
      },
      refill: (...args) => {
        guard('refill');
        return bursts.refill(...args);
      },
    };
  }

  /** The sink: notes which frames came, and throws at the first wrong byte. */
  private receive(views: Views, burst: Burst): void {
    for (let index = 0; index < burst.count; index++) {
      const bytes = new Uint8Array(burst.length(index));
      burst.copy(index, bytes);
      const frame = bytes[0]!;
      if (Buffer.compare(bytes, this.frames[frame] ?? new Uint8Array()) !== 0) throw new Error(`frame ${frame}: wrong bytes`);
      views.words[this.log + LOG + views.words[this.log + DELIVERED]!] = frame;
      views.words[this.log + DELIVERED]!++;
    }
  }

  /** Gives the next `count` idle buffers to the NIC, as a driver does that has only so many. Its own steps: post() alone. */
  post(shared: Shared, count: number): void {
    const { parts, plan } = this;
    const views = this.views(shared);
    const { rings, pools, links, nicContext } = plan.cpus[0]!;
    const ring = new parts.RxRingConsumer(views, rings[0]!, nicContext);
    const pool = new parts.BufferPool(views, pools[0]!, links);
    ring.claim();
    pool.claim();
    pool.top = this.bursts(views).refill(ring.descriptors, ring.mask, ring.posted, count, pool.stack, pool.top);
    ring.post(count);
    ring.release();
    pool.release();
  }

  /** One CPU's hold on the queue, without the rest of the CPU. */
  rxQueue(shared: Shared, cpu: number) {
    const { parts, plan } = this;
    const views = this.views(shared);
    const { rings, pools, links, nicContext, napis, batch, buffers } = plan.cpus[cpu]!;
    const ring = new parts.RxRingConsumer(views, rings[0]!, nicContext);
    const pool = new parts.BufferPool(views, pools[0]!, links);
    const state = parts.napiState(views, napis, 0);
    const rx = new parts.RxQueue(views, this.bursts(views), ring, pool, state, batch, buffers, links);
    const burst = new parts.Burst(views, batch, buffers, links);
    const receive = (frames: number) => {
      burst.count = frames;
      this.receive(views, burst);
    };
    return { rx, receive };
  }

  // ── what must hold ──

  /** At the end: every frame was delivered, once and in order, and everything is at rest. */
  settled(shared: Shared, target: number): string | null {
    return this.undelivered(shared) ?? this.unrest(shared, target) ?? this.miscounted(shared);
  }

  /** Every frame was delivered, once and in order. */
  undelivered(shared: Shared): string | null {
    const { words } = this.views(shared);
    const delivered = [...words.subarray(this.log + LOG, this.log + LOG + words[this.log + DELIVERED]!)];
    if (!delivered.every((frame, index) => frame === index)) return `delivered=${delivered}, out of order`;
    if (delivered.length !== this.frames.length) return `delivered=${delivered}, not all of ${this.frames.length}`;
    return null;
  }

  /** The line is enabled, nobody polls, the ring is empty, each buffer is in one place. */
  private unrest(shared: Shared, target: number): string | null {
    const { parts, plan } = this;
    const views = this.views(shared);
    const { words } = views;
    if (words[this.lineWord] !== enabledFor(this.options.flow, target)) return `line=${words[this.lineWord]?.toString(16)}`;
    if (words[this.napiWord] !== 0) return `napi=${words[this.napiWord]?.toString(16)}`;
    const waiting = parts.ringWaiting(views, plan.nic.rings[0]!);
    if (waiting !== 0) return `ring=${waiting}, not empty`;
    this.assertBuffersOnce(shared);
    return null;
  }

  assertBuffersOnce(shared: Shared): void {
    const { pools, links, rings } = this.plan.cpus[0]!;
    this.parts.assertBuffersOnce(this.views(shared), pools[0]!, links, rings, []);
  }

  /** The identities that a run asserts at its stop; at rest there is a completion for each interrupt. */
  private miscounted(shared: Shared): string | null {
    const { parts, plan } = this;
    const views = this.views(shared);
    const { CPU_COUNTERS, POLL_COUNTERS, readCounters, sumCounters } = parts;
    const read = plan.cpus.map(({ pollCounters }) => readCounters(views, POLL_COUNTERS, pollCounters[0]!));
    const { irqs, polls, completions, fullBudgetPolls, missedReschedules, taken } = sumCounters(read, POLL_COUNTERS);
    const hardirqs = plan.cpus.reduce((sum, { counters }) => sum + readCounters(views, CPU_COUNTERS, counters).hardirqs, 0);
    if (irqs !== hardirqs) return `irqs=${irqs} hardirqs=${hardirqs}`;
    if (irqs !== completions) return `irqs=${irqs} completions=${completions}`;
    if (polls !== completions + fullBudgetPolls + missedReschedules) return `polls=${polls} end in ${completions} completions`;
    return taken === this.frames.length ? null : `taken=${taken}`;
  }

  /** For `always`: the last step obeyed the tables in src/irq/line.ts and src/napi/state.ts. `cpu`: who made it, -1 = none. */
  lawful(shared: Shared, cpu: number): string | null {
    const { words } = this.views(shared);
    const line = words[this.lineWord]!;
    const napi = words[this.napiWord]!;
    const broken = lawBroken(words[this.log + LINE_SEEN]!, line, words[this.log + NAPI_SEEN]!, napi, cpu);
    if (napi !== words[this.log + NAPI_SEEN] && (napi & 2) !== 0) words[this.log + MISSES]!++;
    words[this.log + LINE_SEEN] = line;
    words[this.log + NAPI_SEEN] = napi;
    return broken;
  }

  get lineWord(): number {
    return this.plan.nic.irq.address / 4;
  }

  get napiWord(): number {
    return this.plan.cpus[0]!.napis / 4;
  }

  /** Names for traces. */
  label(address: number): string | undefined {
    const { plan } = this;
    const ring = plan.nic.rings[0]!;
    const named: [number, string][] = [
      [plan.nic.irq.address, 'LINE'],
      [plan.cpus[0]!.napis, 'NAPI'],
      [ring, 'HEAD'],
      [ring + 64, 'TAIL'],
      [ring + 128, 'POSTED'],
      [ring + 192, 'WAITING'],
      [plan.cpus[0]!.pools[0]!, 'RETURNED'],
      [plan.nic.state + 4, 'ENDED'],
      ...plan.cpuContexts.flatMap((context, cpu) => contextLabels(context, `cpu${cpu}`)),
      ...contextLabels(plan.nicContext, 'nic'),
      ...plan.cpuContexts.map((_, cpu): [number, string] => [plan.nic.irq.address + (1 + cpu) * 64, `cpu${cpu}.PENDING`]),
    ];
    return named.find(([at]) => at === address)?.[1];
  }
}

function contextLabels(context: number, role: string): [number, string][] {
  return [
    [context, `${role}.DOORBELL`],
    [context + 64, `${role}.REQUEST`],
    [context + 128, `${role}.DONE`],
  ];
}
