// Cold. Runs on: CPU n, once; tests and the simulation.
// Wires one CPU: its core, and the driver and stack that run on it, over the shared memory.

import type { Bursts } from '../bursts/bursts.js';
import type { CpuRecorder } from '../capture/write-recorder.js';
import { NapiInterrupt, PacketInterrupt } from '../driver/interrupt.js';
import { RxPoll } from '../driver/poll.js';
import { RxQueue } from '../driver/rx-queue.js';
import { CPU_COUNTERS, counterAddress, counterAddresses, POLL_COUNTERS, TASK_COUNTERS } from '../memory/counters.js';
import { machineOf } from '../memory/handle.js';
import type { Views } from '../memory/views.js';
import type { Capabilities } from '../napi/busy-params.js';
import type { Napi } from '../napi/napi.js';
import type { Softnet } from '../napi/softnet.js';
import { Backlog } from '../net/backlog.js';
import type { BacklogLayout } from '../net/backlog-layout.js';
import { ReceivedPackets } from '../net/backlog-packets.js';
import { Receive, type ReceiveSettings } from '../net/receive.js';
import { Burst, type Sink } from '../net/sink.js';
import { BufferPool } from '../ring/buffer-pool.js';
import { assertBuffersOnce } from '../ring/check.js';
import { RxRingConsumer } from '../ring/rx-ring.js';
import { ApplicationTask, type Step } from './application-task.js';
import { QueueArrivals } from './arrivals.js';
import {
  buildCore,
  type CoreLayout,
  type CoreSeams,
  type CoreSettings,
  type CpuCore,
  inheritBacklogs,
  napiState,
} from './core.js';
import { Cpu } from './cpu.js';
import { type TaskCpu, TaskNapi } from './task-napi.js';
import { TaskSleep } from './task-sleep.js';

/** Where everything that one CPU, or another context that polls, works with lies, in byte addresses. Of the instances, the queues' come first, then one backlog per CPU. */
export interface CpuLayout extends CoreLayout {
  readonly batch: number;
  readonly tally: number;
  /** Of all CPUs; none in mode napi. */
  readonly backlogs: readonly BacklogLayout[];
  readonly rings: readonly number[];
  readonly pools: readonly number[];
  readonly buffers: number;
  readonly links: number;
  readonly nicContext: number;
  /** Doorbells of all CPUs: whom an event wakes. */
  readonly bells: readonly number[];
  /** Its flow table, or 0. */
  readonly flows: number;
  /** Its blocks of POLL_COUNTERS, by queue. */
  readonly pollCounters: readonly number[];
  /** Its blocks of TASK_COUNTERS, by task. */
  readonly taskCounters: readonly number[];
}

export interface CpuSettings extends CoreSettings, ReceiveSettings {
  readonly mode: 'napi' | 'interrupt';
  readonly irq: 'latch' | 'nolatch';
  /** Packets per poll. */
  readonly weight: number;
  readonly checkBuffers: boolean;
}

/** What comes from outside. */
export interface CpuSeams extends CoreSeams {
  readonly bursts: Bursts;
  readonly sink: Sink | null;
  /** null: nothing is recorded. */
  readonly recorder: CpuRecorder | null;
  /** The application's, on this CPU. */
  readonly tasks: readonly LoadedTask[];
  /** Main has asked something of this thread: busy polling ends. */
  readonly signalPending: () => boolean;
}

export interface LoadedTask {
  readonly name: string;
  readonly weight: number;
  readonly capabilities: Capabilities;
  /** Calls its factory. */
  readonly begin: (napi: TaskNapi) => Step;
}

export function buildCpu(views: Views, layout: CpuLayout, settings: CpuSettings, seams: CpuSeams): Cpu {
  const pollCounters = layout.pollCounters.map((block) => counterAddresses(POLL_COUNTERS, block, POLL_COUNTERS));
  const irqs = pollCounters.map((block) => block.irqs);
  const core = buildCore(views, layout, settings, seams, irqs);
  const receive = buildReceive(views, layout, settings, seams, core.softnet);
  const pools = layout.pools.map((pool) => new BufferPool(views, pool, layout.links));
  const rxQueues = pools.map((pool, id) => buildRxQueue(views, layout, seams.bursts, pool, core.softnet.napis[id]!));
  const { recorder } = seams;
  const driver = { views, layout, settings, core, receive, recorder, pools, rxQueues, pollCounters };
  if (settings.mode === 'napi') attachNapi(driver);
  else attachInterrupts(driver);
  addTasks(views, layout, core, seams);
  return new Cpu(`cpu${layout.cpu}`, core.interrupts, core.softirqs, core.scheduler, core.timers);
}

function addTasks(views: Views, layout: CpuLayout, core: CpuCore, { tasks, clock, signalPending }: CpuSeams): void {
  const { busyPoller, scheduler, interrupts, sysctls } = core;
  const interrupted = () => interrupts.any();
  for (const [index, { name, weight, capabilities, begin }] of tasks.entries()) {
    const counters = counterAddresses(TASK_COUNTERS, layout.taskCounters[index]!, TASK_COUNTERS);
    const sleep = new TaskSleep({ machine: machineOf(views), number: layout.cpu });
    const packets = arrivalsOf(views, layout, core);
    const cpu: TaskCpu = { busyPoller, clock, sysctls, packets, signalPending };
    const step = begin(new TaskNapi(cpu, capabilities, sleep));
    const task = { name, step, sleep, weight };
    scheduler.add(new ApplicationTask(views, task, { clock, interrupted }, counters));
  }
}

/** A set for each task: what one has taken is news to the others still. */
function arrivalsOf(views: Views, { pollCounters }: CpuLayout, { softnet }: CpuCore): QueueArrivals[] {
  return pollCounters.map((block, queue) => {
    const taken = counterAddress(POLL_COUNTERS, block, 'taken');
    return new QueueArrivals(views, taken, softnet.napis[queue]!.state);
  });
}

interface Driver {
  readonly views: Views;
  readonly layout: CpuLayout;
  readonly settings: CpuSettings;
  readonly core: CpuCore;
  readonly receive: Receive;
  readonly recorder: CpuRecorder | null;
  readonly pools: readonly BufferPool[];
  readonly rxQueues: readonly RxQueue[];
  readonly pollCounters: readonly Record<(typeof POLL_COUNTERS)[number], number>[];
}

/** An interrupt schedules the queue's instance, and leaves. */
function attachNapi({ views, layout, settings, core, receive, rxQueues, pollCounters }: Driver): void {
  const recheck = settings.irq === 'nolatch';
  rxQueues.forEach((rx, id) => {
    const { softnet, lines, handlers } = core;
    const { cpu } = layout;
    const line = lines[id]!;
    const beforeRelease = settings.checkBuffers ? handOverCheck(views, layout, id) : () => {};
    const parts = { cpu, queue: id, softnet, rx, receive, line, recheck, beforeRelease };
    new RxPoll(views, parts, pollCounters[id]!);
    const isHome = () => line.target() === cpu;
    const thread = core.threadOf(id);
    softnet.add(id, { weight: settings.weight, name: `nic0-${id}`, device: 'nic0', thread, isHome });
    handlers.push(new NapiInterrupt(softnet, id));
  });
}

/** An interrupt sets one packet aside in this CPU's backlog. */
function attachInterrupts({ views, layout, core, receive, recorder, pools, rxQueues }: Driver): void {
  const { cpu, rings, links, backlogs } = layout;
  const packets = new ReceivedPackets(views, receive, pools, links, recorder);
  const counters = counterAddresses(CPU_COUNTERS, layout.counters, CPU_COUNTERS);
  const backlog = new Backlog(views, backlogs, rings.length, core, packets, counters);
  inheritBacklogs(core, backlog, rings.length); // No CPU sends to another's, so nobody is owed a call.
  rxQueues.forEach((rx, queue) => {
    core.handlers.push(new PacketInterrupt(core.lines[queue]!, rx, queue, cpu, backlog, packets));
  });
}

export { napiState };

export function buildRxQueue(views: Views, layout: CpuLayout, bursts: Bursts, pool: BufferPool, napi: Napi): RxQueue {
  const { id } = napi.state;
  const { rings, nicContext, batch, buffers, links, pollCounters } = layout;
  const ring = new RxRingConsumer(views, rings[id]!, nicContext);
  const taken = counterAddress(POLL_COUNTERS, pollCounters[id]!, 'taken');
  return new RxQueue(views, { bursts, ring, pool, state: napi.state }, { batch, buffers, links, taken });
}

export function buildReceive(
  views: Views,
  layout: CpuLayout,
  settings: ReceiveSettings,
  seams: Pick<CpuSeams, 'bursts' | 'sink' | 'recorder'>,
  softnet: Softnet,
): Receive {
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
    flows: layout.flows,
  };
  const burst = new Burst(
    views,
    layout.batch,
    layout.buffers,
    layout.links,
    (queue) => softnet.napis[queue]!.state.napiId,
  );
  const { bursts, sink, recorder } = seams;
  return new Receive(views, receiveLayout, settings, { bursts, burst, recorder, sink });
}

/** --check-buffers: whoever gives a queue up proves that each of its buffers is in exactly one place. */
export function handOverCheck(views: Views, layout: CpuLayout, queue: number): () => void {
  const ring = layout.rings[queue]!;
  const pool = layout.pools[queue]!;
  return () => assertBuffersOnce(views, pool, layout.links, [ring], []);
}
