// Cold. Runs on: main.
// Who owns which region of the shared memory. Everything is sized here, from the options, before the memory exists.

import { BATCH_BYTES, BUFFER_BYTES, FRAME_BUFFERS_MAX, RSS_BYTES, TALLY_BYTES } from '../bursts/layout.js';
import type { CpuLayout } from '../cpu/build.js';
import { irqRegionBytes } from '../irq/line.js';
import { Arena } from '../memory/arena.js';
import { CONTEXT_BYTES } from '../memory/context.js';
import {
  type CounterNames,
  CPU_COUNTERS,
  counterBlockBytes,
  NIC_COUNTERS,
  NIC_QUEUE_COUNTERS,
  POLL_COUNTERS,
} from '../memory/counters.js';
import { HEADER_BYTES } from '../memory/handle.js';
import { CACHE_LINE_BYTES } from '../memory/layout.js';
import { BARRIER_BYTES, ONCE_BYTES } from '../memory/sync.js';
import { SOFTNET_BYTES } from '../napi/napi.js';
import { NAPI_BYTES } from '../napi/state.js';
import { BACKLOG_BYTES, BACKLOG_FRAMES_MAX } from '../net/backlog.js';
import type { NicRegions } from '../nic/build.js';
import { NIC_BYTES } from '../nic/nic.js';
import { bufferPoolBytes } from '../ring/buffer-pool.js';
import { rxRingBytes } from '../ring/rx-ring.js';
import { SOFTIRQ_BYTES } from '../softirq/softirq.js';
import { SoftirqOptionError } from './errors.js';

/** Pages of a 32-bit WebAssembly memory, less one so that its length fits an unsigned 32-bit number. */
const MEMORY_BYTES_MAX = 65_535 * 65_536;
const BUFFER_ALIGNMENT = 4096;

export interface Plan {
  readonly bytes: number;
  /** The commented sum. */
  readonly text: string;
  readonly barrier: number;
  readonly once: number;
  /** Double: iterations of Bursts.work per ns, written by the CPU that calibrates. */
  readonly workSpeed: number;
  readonly poolCapacity: number;
  /** Context words of each CPU, then of the NIC. */
  readonly cpuContexts: readonly number[];
  readonly nicContext: number;
  readonly cpus: readonly CpuLayout[];
  readonly nic: NicRegions;
  readonly backlogs: readonly number[];
}

export interface PlanNeeds {
  readonly cpus: number;
  readonly queues: number;
  readonly ring: number;
  readonly mode: 'napi' | 'interrupt';
  /** Bytes that the device's frames take. */
  readonly frames: number;
}

/** @throws SoftirqOptionError when all of it together does not fit a memory */
export function makePlan(needs: PlanNeeds): Plan {
  const { cpus, queues } = needs;
  const arena = new Arena();
  const each = (count: number, name: string, bytes: number) =>
    Array.from({ length: count }, (_, index) => arena.reserve(`${name} ${index}`, bytes));
  const counters = (name: string, names: CounterNames) => arena.reserve(name, counterBlockBytes(names));

  arena.reserve('header', HEADER_BYTES);
  const barrier = arena.reserve('start barrier', BARRIER_BYTES);
  const once = arena.reserve('work calibration: once', ONCE_BYTES);
  const workSpeed = arena.reserve('work calibration: iterations per ns', CACHE_LINE_BYTES);
  const cpuContexts = each(cpus, 'context of cpu', CONTEXT_BYTES);
  const nicContext = arena.reserve('context of nic 0', CONTEXT_BYTES);
  const irq = {
    address: arena.reserve('interrupt lines, bitmaps of cpus', irqRegionBytes(queues, cpus)),
    lines: queues,
    contexts: cpuContexts[0]!,
  };
  const napiCount = queues + cpus;
  const napis = arena.reserve('napi instances: queues, backlogs', napiCount * NAPI_BYTES);
  const softirqs = each(cpus, 'softirq words of cpu', SOFTIRQ_BYTES);
  const softnets = each(cpus, 'softnet words of cpu', SOFTNET_BYTES);
  const batches = each(cpus, 'batch area of cpu', BATCH_BYTES);
  const tallies = each(cpus, 'tally of cpu', TALLY_BYTES);
  const backlogs = needs.mode === 'interrupt' ? each(cpus, 'backlog of cpu', BACKLOG_BYTES) : [];
  const cpuCounters = Array.from({ length: cpus }, (_, cpu) => counters(`counters of cpu ${cpu}`, CPU_COUNTERS));
  const pollCounters = Array.from({ length: cpus }, (_, cpu) =>
    Array.from({ length: queues }, (_, queue) => counters(`counters of cpu ${cpu} for queue ${queue}`, POLL_COUNTERS)),
  );
  const nicCounters = counters('counters of nic 0', NIC_COUNTERS);
  const queueCounters = each(queues, 'counters of nic 0 for queue', counterBlockBytes(NIC_QUEUE_COUNTERS));
  const state = arena.reserve('state and offers of nic 0', NIC_BYTES);
  const rss = arena.reserve('RSS tables of nic 0', RSS_BYTES);
  const rings = each(queues, `Rx ring of ${needs.ring} descriptors, queue`, rxRingBytes(needs.ring));
  const capacity = poolCapacity(needs);
  const pools = each(queues, `pool of ${capacity} buffer ids, queue`, bufferPoolBytes(capacity));
  const links = arena.reserve('link words of buffers', queues * capacity * 4);
  const frames = arena.reserve('frames of the device', needs.frames);
  const buffers = arena.reserve(`${queues} × ${capacity} buffers`, queues * capacity * BUFFER_BYTES, BUFFER_ALIGNMENT);
  if (arena.bytes > MEMORY_BYTES_MAX) throw tooLarge(needs, arena.bytes);

  const shared = { irq, rings, buffers };
  return {
    bytes: arena.bytes,
    text: arena.describe(),
    barrier,
    once,
    workSpeed,
    poolCapacity: capacity,
    cpuContexts,
    nicContext,
    cpus: cpuContexts.map((_, cpu) => ({
      ...shared,
      cpu,
      napis,
      napiCount,
      softirq: softirqs[cpu]!,
      softnet: softnets[cpu]!,
      batch: batches[cpu]!,
      tally: tallies[cpu]!,
      backlog: backlogs[cpu] ?? 0,
      pools,
      links,
      nicContext,
      counters: cpuCounters[cpu]!,
      pollCounters: pollCounters[cpu]!,
    })),
    nic: { ...shared, nic: 0, state, rss, frames, counters: nicCounters, queueCounters },
    backlogs,
  };
}

/** Buffers per queue: enough for every place that can hold some of them at once. */
function poolCapacity({ ring, mode }: PlanNeeds): number {
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
