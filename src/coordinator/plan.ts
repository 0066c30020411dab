// Cold. Runs on: main.
// Who owns which region of the shared memory. Everything is sized here, from the options, before the memory exists.

import {
  BATCH_BYTES,
  BUCKET_FLOWS,
  BUFFER_BYTES,
  FLOW_BUCKETS,
  FRAME_BUFFERS_MAX,
  RSS_BYTES,
  TALLY_BYTES,
} from '../bursts/layout.js';
import { WRITE_AREA_BYTES } from '../capture/write-area.js';
import type { CpuLayout } from '../cpu/build.js';
import { type IrqLayout, irqRegionBytes } from '../irq/line.js';
import { Arena } from '../memory/arena.js';
import { ATTACHMENT_BYTES } from '../memory/attachment.js';
import { CONTEXT_BYTES } from '../memory/context.js';
import {
  type CounterNames,
  CPU_COUNTERS,
  counterBlockBytes,
  NIC_COUNTERS,
  NIC_QUEUE_COUNTERS,
  POLL_COUNTERS,
  TASK_COUNTERS,
} from '../memory/counters.js';
import { HEADER_BYTES } from '../memory/handle.js';
import { CACHE_LINE_BYTES } from '../memory/layout.js';
import { Barrier } from '../memory/sync/barrier.js';
import { Once } from '../memory/sync/once.js';
import { SOFTNET_BYTES } from '../napi/softnet.js';
import { SYSCTL_BYTES } from '../napi/sysctl.js';
import { timersBytes } from '../napi/timers.js';
import { NAPI_BYTES } from '../napi/words.js';
import { BACKLOG_FRAMES_MAX, type BacklogLayout, backlogBytes } from '../net/backlog-layout.js';
import { PACKET_WORDS } from '../net/backlog-packets.js';
import { FLOW_LIMIT_BYTES } from '../net/flow-limit.js';
import { flowTableBytes } from '../net/flow-table.js';
import type { NicRegions } from '../nic/build.js';
import { NIC_BYTES } from '../nic/nic.js';
import { bufferPoolBytes } from '../ring/buffer-pool.js';
import { rxRingBytes } from '../ring/rx-ring.js';
import { SOFTIRQ_BYTES } from '../softirq/softirq.js';
import { SoftirqOptionError } from './errors.js';

/** Pages of a 32-bit WebAssembly memory, less one so that its length fits an unsigned 32-bit number. */
const MEMORY_BYTES_MAX = 65_535 * 65_536;
/** In interrupt mode, no CPU sends packets to the backlog of another. */
const BACKLOG_SENDERS = 1;
/** The NIC has none. */
const NO_TIMERS = 0;
const BUFFER_ALIGNMENT = 4096;
const NICS = 1;
const FLOW_TABLE = `table of ${FLOW_BUCKETS * BUCKET_FLOWS} flows`;

export interface Plan {
  readonly bytes: number;
  /** The commented sum. */
  readonly text: string;
  readonly barrier: number;
  readonly once: number;
  /** Double: iterations of Bursts.work per ns, written by the CPU that calibrates. */
  readonly workSpeed: number;
  readonly sysctls: number;
  readonly poolCapacity: number;
  /** Context words of each CPU, then of the NIC. */
  readonly cpuContexts: readonly number[];
  readonly nicContext: number;
  readonly cpus: readonly CpuLayout[];
  readonly nic: NicRegions;
  readonly backlogs: readonly BacklogLayout[];
  /** Contexts that poll and are no CPUs: the workers, by queue, then those for attached threads. `cpu` is the context's id. */
  readonly pollers: readonly CpuLayout[];
  /** The CPUs and these: whoever polls and counts. */
  readonly polling: readonly CpuLayout[];
  /** Words of the places for attached threads. */
  readonly attachments: readonly number[];
  /** Context words of the pollers. */
  readonly pollerContexts: readonly number[];
  /** Write areas, one for each thread and file that is recorded. */
  readonly writers: readonly number[];
}

export interface PlanNeeds {
  readonly cpus: number;
  readonly queues: number;
  readonly ring: number;
  readonly mode: 'napi' | 'interrupt';
  /** Bytes that the device's frames take. */
  readonly frames: number;
  /** How many of the largest flows are wanted; none where it is absent or null, and then there are no flow tables. */
  readonly topFlows?: number | null;
  /** How many threads record, each file counted for itself. Default: none. */
  readonly writers?: number;
  /** The application's, on each CPU. Default 0. */
  readonly tasks?: number;
  /** Queues whose NAPI's thread can be a worker of its own. Default 0. */
  readonly workers?: number;
  /** How many threads of the user can be attached. Default 0. */
  readonly attachments?: number;
}

/** @throws SoftirqOptionError when all of it together does not fit a memory */
export function makePlan(needs: PlanNeeds): Plan {
  const arena = new Arena();
  const start = reserveStart(arena);
  const contexts = reserveContexts(arena, needs);
  const irq = reserveIrq(arena, needs, contexts.cpuContexts[0]!);
  const napiCount = needs.queues + needs.cpus;
  const napis = arena.reserve('napi instances: queues, backlogs', napiCount * NAPI_BYTES);
  const ofCpus = contexts.cpuContexts.map((_, cpu) => reserveCpu(arena, needs, `cpu ${cpu}`));
  const ofPollers = pollerNames(needs).map((name) => reserveCpu(arena, { ...needs, mode: 'napi', tasks: 0 }, name));
  const ofNic = reserveNic(arena, needs);
  const writers = each(arena, needs.writers ?? 0, 'blocks to be written, area', WRITE_AREA_BYTES);
  const { rings, buffers, poolCapacity, ...stores } = reserveQueues(arena, needs);
  if (arena.bytes > MEMORY_BYTES_MAX) throw tooLarge(needs, arena.bytes);
  const shared = { irq, rings, buffers };
  const backlogs = needs.mode === 'interrupt' ? ofCpus.map(backlogLayout) : [];
  const timersOf = [...ofCpus.map(({ timers }) => timers), NO_TIMERS, ...ofPollers.map(({ timers }) => timers)];
  const { cpuContexts: bells, nicContext } = contexts;
  const ofAll = { sysctls: start.sysctls, napis, napiCount, ...stores, backlogs, timersOf, bells, nicContext };
  const layout = <T>(own: T, cpu: number) => ({ ...shared, ...own, ...ofAll, cpu });
  const cpus = ofCpus.map(layout);
  const pollers = ofPollers.map((own, index) => layout(own, needs.cpus + NICS + index));
  return {
    bytes: arena.bytes,
    text: arena.describe(),
    ...start,
    ...contexts,
    ...{ poolCapacity, backlogs, writers, cpus, pollers, polling: [...cpus, ...pollers] },
    nic: { ...shared, ...ofNic, nic: 0 },
  };
}

/** One context behind the other, as contextWord() finds them. */
function reserveContexts(arena: Arena, needs: PlanNeeds) {
  return {
    cpuContexts: each(arena, needs.cpus, 'context of cpu', CONTEXT_BYTES),
    nicContext: arena.reserve('context of nic 0', CONTEXT_BYTES),
    pollerContexts: pollerNames(needs).map((name) => arena.reserve(`context of ${name}`, CONTEXT_BYTES)),
    attachments: each(arena, needs.attachments ?? 0, 'words of attachment', ATTACHMENT_BYTES),
  };
}

function reserveIrq(arena: Arena, { queues, cpus }: PlanNeeds, contexts: number): IrqLayout {
  const address = arena.reserve('interrupt lines, calls and bitmaps of cpus', irqRegionBytes(queues, cpus));
  return { address, lines: queues, cpus, contexts };
}

function pollerNames({ workers = 0, attachments = 0 }: PlanNeeds): string[] {
  const names = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name} ${index}`);
  return [...names(workers, 'worker of queue'), ...names(attachments, 'attachment')];
}

function each(arena: Arena, count: number, name: string, bytes: number): number[] {
  return Array.from({ length: count }, (_, index) => arena.reserve(`${name} ${index}`, bytes));
}

function counters(arena: Arena, name: string, names: CounterNames): number {
  return arena.reserve(`counters of ${name}`, counterBlockBytes(names));
}

/** What the threads need to begin together, and what all of them go by. */
function reserveStart(arena: Arena) {
  arena.reserve('header', HEADER_BYTES);
  return {
    barrier: arena.reserve('start barrier', Barrier.BYTES),
    once: arena.reserve('work calibration: once', Once.BYTES),
    workSpeed: arena.reserve('work calibration: iterations per ns', CACHE_LINE_BYTES),
    sysctls: arena.reserve('sysctls', SYSCTL_BYTES),
  };
}

/** What one CPU has of its own, or another context that polls. */
function reserveCpu(arena: Arena, { mode, cpus, queues, topFlows, tasks = 0 }: PlanNeeds, role: string) {
  const own = (name: string, bytes: number) => arena.reserve(`${name} of ${role}`, bytes);
  const blocks = (count: number, kind: string, names: CounterNames) =>
    Array.from({ length: count }, (_, index) => counters(arena, `${role} for ${kind} ${index}`, names));
  return {
    softirq: own('softirq words', SOFTIRQ_BYTES),
    softnet: own('softnet words', SOFTNET_BYTES),
    timers: own('timers of napi instances', timersBytes(queues + cpus)),
    batch: own('batch area', BATCH_BYTES),
    tally: own('tally', TALLY_BYTES),
    backlog: mode === 'interrupt' ? own('backlog', backlogBytes(BACKLOG_SENDERS, PACKET_WORDS)) : 0,
    flowLimit: mode === 'interrupt' ? own('flow limit table', FLOW_LIMIT_BYTES) : 0,
    flows: topFlows ? own(FLOW_TABLE, flowTableBytes(FLOW_BUCKETS)) : 0,
    counters: counters(arena, role, CPU_COUNTERS),
    pollCounters: blocks(queues, 'queue', POLL_COUNTERS),
    taskCounters: blocks(tasks, 'task', TASK_COUNTERS),
  };
}

function backlogLayout({ backlog, flowLimit }: ReturnType<typeof reserveCpu>, cpu: number): BacklogLayout {
  return { address: backlog, cpu, senders: [cpu], slotWords: PACKET_WORDS, flowLimit };
}

/** What the NIC has of its own. */
function reserveNic(arena: Arena, { queues, frames }: PlanNeeds) {
  return {
    counters: counters(arena, 'nic 0', NIC_COUNTERS),
    queueCounters: each(arena, queues, 'counters of nic 0 for queue', counterBlockBytes(NIC_QUEUE_COUNTERS)),
    state: arena.reserve('state and offers of nic 0', NIC_BYTES),
    rss: arena.reserve('RSS tables of nic 0', RSS_BYTES),
    frames: arena.reserve('frames of the device', frames),
  };
}

/** What NIC and driver have in common; the buffers last, which are the most. */
function reserveQueues(arena: Arena, needs: PlanNeeds) {
  const { queues, ring } = needs;
  const poolCapacity = buffersPerQueue(needs);
  const count = queues * poolCapacity;
  return {
    poolCapacity,
    rings: each(arena, queues, `Rx ring of ${ring} descriptors, queue`, rxRingBytes(ring)),
    pools: each(arena, queues, `pool of ${poolCapacity} buffer ids, queue`, bufferPoolBytes(poolCapacity)),
    links: arena.reserve('link words of buffers', count * 4),
    buffers: arena.reserve(`${queues} × ${poolCapacity} buffers`, count * BUFFER_BYTES, BUFFER_ALIGNMENT),
  };
}

/** Buffers per queue: enough for every place that can hold some of them at once. */
function buffersPerQueue({ ring, mode }: PlanNeeds): number {
  let buffers = 0;
  buffers += ring; //                                                                 posted, or filled
  buffers += 64 * FRAME_BUFFERS_MAX; //                                               in the holder's hands
  if (mode === 'interrupt') buffers += BACKLOG_FRAMES_MAX * FRAME_BUFFERS_MAX; //        in its CPU's backlog
  return buffers;
}

function tooLarge({ queues, ring }: PlanNeeds, bytes: number): SoftirqOptionError {
  const gib = (bytes / 2 ** 30).toFixed(1);
  const expected = `needs ${gib} GiB of shared memory with ring=${ring}, and 4 GiB is the most: use fewer queues`;
  return new SoftirqOptionError('queues', queues, expected);
}
