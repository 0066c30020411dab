// Cold. Runs on: CPU n, once; tests and the simulation.
// Wires one CPU: interrupts, softirqs, NAPI, driver and stack over the shared memory.

import type { Bursts } from '../bursts/bursts.js';
import { CpuInterrupts, type InterruptHandler, NapiInterrupt, PacketInterrupt } from '../driver/interrupt.js';
import { RxPoll } from '../driver/poll.js';
import { RxQueue } from '../driver/rx-queue.js';
import { type IrqLayout, IrqLine, PendingLines } from '../irq/line.js';
import { CPU_COUNTERS, counterAddress, counterAddresses, POLL_COUNTERS } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { Softnet, type SoftnetSettings } from '../napi/napi.js';
import { NAPI_BYTES, NapiState } from '../napi/state.js';
import { Backlog } from '../net/backlog.js';
import { Receive, type ReceiveSettings } from '../net/receive.js';
import { Burst, type Sink } from '../net/sink.js';
import { BufferPool } from '../ring/buffer-pool.js';
import { assertBuffersOnce } from '../ring/check.js';
import { RxRingConsumer } from '../ring/rx-ring.js';
import type { Clock } from '../runtime/clock.js';
import { Softirqs } from '../softirq/softirq.js';
import { Cpu } from './cpu.js';

/** Where everything that one CPU works with lies, in byte addresses. */
export interface CpuLayout {
  /** Its number, which is its context id. */
  readonly cpu: number;
  readonly irq: IrqLayout;
  /** NAPI instance 0; the queues' come first, then one backlog per CPU. */
  readonly napis: number;
  readonly napiCount: number;
  readonly softirq: number;
  readonly softnet: number;
  readonly batch: number;
  readonly tally: number;
  readonly backlog: number;
  readonly rings: readonly number[];
  readonly pools: readonly number[];
  readonly buffers: number;
  readonly links: number;
  readonly nicContext: number;
  /** The CPU's block of CPU_COUNTERS. */
  readonly counters: number;
  /** Its blocks of POLL_COUNTERS, by queue. */
  readonly pollCounters: readonly number[];
}

export interface CpuSettings extends SoftnetSettings, ReceiveSettings {
  readonly mode: 'napi' | 'interrupt';
  readonly irq: 'latch' | 'nolatch';
  readonly checkBuffers: boolean;
}

/** What comes from outside. */
export interface CpuSeams {
  readonly bursts: Bursts;
  readonly clock: Clock;
  readonly sink: Sink | null;
  /** True when a task has waited for its slice; there are no tasks yet. */
  readonly needResched: () => boolean;
}

export function buildCpu(views: Views, layout: CpuLayout, settings: CpuSettings, seams: CpuSeams): Cpu {
  const { bursts, clock } = seams;
  const counters = counterAddresses(CPU_COUNTERS, layout.counters, CPU_COUNTERS);
  const lines = layout.rings.map((_, id) => new IrqLine(views, layout.irq, id));
  const states = Array.from({ length: layout.napiCount }, (_, id) => napiState(views, layout.napis, id));
  // Handlers and softirqs need the delivery point, and delivery needs the handlers: the list is filled last.
  const handlers: InterruptHandler[] = [];
  const deliver = () => interrupts.deliver();
  const softirqs = new Softirqs(views, layout.softirq, clock, { deliver, needResched: seams.needResched }, counters);
  const softnet = new Softnet(views, layout.softnet, layout.cpu, states, softirqs, clock, deliver, settings, counters);
  const receive = buildReceive(views, layout, settings, seams);
  const pools = layout.pools.map((pool) => new BufferPool(views, pool, layout.links));
  const rxQueues = layout.rings.map((address, id) => {
    const ring = new RxRingConsumer(views, address, layout.nicContext);
    return new RxQueue(views, bursts, ring, pools[id]!, states[id]!, layout.batch, layout.buffers, layout.links);
  });
  const pollCounters = layout.pollCounters.map((block) => counterAddresses(POLL_COUNTERS, block, POLL_COUNTERS));
  if (settings.mode === 'napi') {
    rxQueues.forEach((rx, id) => {
      const check = settings.checkBuffers ? handOverCheck(views, layout, id) : () => {};
      const recheck = settings.irq === 'nolatch';
      new RxPoll(views, layout.cpu, id, softnet, rx, receive, lines[id]!, recheck, check, pollCounters[id]!);
      handlers.push(new NapiInterrupt(softnet, id));
    });
  } else {
    const id = layout.rings.length + layout.cpu;
    const backlog = new Backlog(views, layout.backlog, id, softnet, receive, pools, layout.links, deliver);
    rxQueues.forEach((rx, queue) => {
      const { taken } = pollCounters[queue]!;
      handlers.push(new PacketInterrupt(views, lines[queue]!, rx, queue, backlog, counters.dropped, taken));
    });
  }
  const pending = new PendingLines(views, layout.irq, layout.cpu);
  const irqs = pollCounters.map((block) => block.irqs);
  const interrupts = new CpuInterrupts(views, layout.cpu, pending, lines, handlers, irqs, counters.hardirqs);
  return new Cpu(`cpu${layout.cpu}`, clock, interrupts, softirqs);
}

export function napiState(views: Views, napis: number, id: number): NapiState {
  return new NapiState(views, napis + id * NAPI_BYTES);
}

function buildReceive(views: Views, layout: CpuLayout, settings: CpuSettings, seams: CpuSeams): Receive {
  const at = (name: (typeof CPU_COUNTERS)[number]) => counterAddress(CPU_COUNTERS, layout.counters, name);
  const receiveLayout = {
    batch: layout.batch,
    buffers: layout.buffers,
    links: layout.links,
    tally: layout.tally,
    malformed: at('ethernetTruncated'),
    processed: at('processed'),
    delivered: at('delivered'),
    deliveredBytes: at('deliveredBytes'),
  };
  const burst = new Burst(views, layout.batch, layout.buffers, layout.links);
  return new Receive(views, seams.bursts, receiveLayout, burst, seams.sink, settings);
}

/** --check-buffers: whoever gives a queue up proves that each of its buffers is in exactly one place. */
function handOverCheck(views: Views, layout: CpuLayout, queue: number): () => void {
  const ring = layout.rings[queue]!;
  const pool = layout.pools[queue]!;
  return () => assertBuffersOnce(views, pool, layout.links, [ring], []);
}
