// Cold. Runs on: main.
// Reads a machine's counters into a snapshot.

import { loadavg } from 'node:os';
import type { CpuLayout } from '../cpu/build.js';
import { ContextWords } from '../memory/context.js';
import {
  CAPTURE_COUNTERS,
  CAPTURE_FORMATS,
  CPU_COUNTERS,
  MALFORMED_REASONS,
  NIC_COUNTERS,
  NIC_QUEUE_COUNTERS,
  POLL_COUNTERS,
  readCounters,
  sumCounters,
  TASK_COUNTERS,
} from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { backlogDropped, backlogInput, backlogWaiting } from '../net/backlog-counts.js';
import type { SourceFault } from '../nic/devices/device.js';
import { readNic } from '../nic/nic.js';
import { readRxRing } from '../ring/rx-ring.js';
import { MonotonicClock } from '../runtime/clock.js';
import type { ThreadUse } from '../runtime/thread.js';
import type { CpuState } from './cpus.js';
import type { Machine } from './machine.js';
import type { Plan } from './plan.js';
import { readProtocols } from './protocols.js';
import { type PollerInfo, threadSnapshots } from './snapshot-threads.js';
import type {
  CaptureSnapshot,
  CpuSnapshot,
  NicSnapshot,
  QueueSnapshot,
  RecordingSnapshot,
  Snapshot,
  StackSnapshot,
  TaskSnapshot,
} from './snapshot-types.js';
import type { ThreadUses } from './thread-uses.js';
import { topFlowsSnapshot } from './top-flows.js';
import { version } from './version.js';

export interface SnapshotSource {
  readonly machine: Machine;
  readonly plan: Plan;
  readonly config: Readonly<Record<string, unknown>>;
  readonly recordings: { snapshot(): readonly RecordingSnapshot[] };
  /** What each role's thread had used when traffic began, by role. */
  readonly uses: Pick<ThreadUses, 'since'>;
  /** Who each of the plan's pollers is now. */
  readonly pollers: () => readonly PollerInfo[];
  readonly cpus: { stateOf(cpu: number): CpuState };
  /** Frames that went with CPUs, by queue. */
  readonly lost: readonly number[];
  /** Why the source ended too early; known when its thread has left. */
  fault: SourceFault | null;
}

type CpuCounters = Record<(typeof CPU_COUNTERS)[number], number>;
type NicCounters = Record<(typeof NIC_COUNTERS)[number], number>;

/** @param final true when no thread runs any more: only then can the conservation law be checked */
export function takeSnapshot(source: SnapshotSource, final: boolean): Snapshot {
  const { machine, plan } = source;
  const { views } = machine;
  const nic = readCounters(views, NIC_COUNTERS, plan.nic.counters);
  const polling = plan.polling.map((layout) => readPolling(views, plan, layout));
  const cpus = polling.slice(0, plan.cpus.length);
  const total = sumCounters(polling, CPU_COUNTERS);
  const queues = plan.nic.rings.map((_, id) => queueSnapshot(source, id));
  const nics = [nicSnapshot(source, nic, queues, final)];
  const durationSeconds = duration(nic, polling, final);
  const { rxMissedErrors, rxLengthErrors, rxPackets, irqs } = nics[0]!;
  const dropped = rxMissedErrors + rxLengthErrors + total.dropped + sum(MALFORMED_REASONS.map((name) => total[name]));
  const inFlight = countInFlight(machine, plan);
  const offered = nic.offeredPackets;
  const lostWithCpu = sum(source.lost);
  return {
    version,
    node: process.version,
    config: source.config,
    durationSeconds,
    nics,
    cpus: cpus.map((counters, id) => cpuSnapshot(source, counters, id, final)),
    threads: threadSnapshots(source),
    tasks: taskSnapshots(source),
    stack: stackSnapshot(source, total),
    rates: {
      offeredPps: ratio(offered, offerSeconds(nic, durationSeconds)),
      deliveredPps: ratio(total.delivered, durationSeconds),
      irqsPerPacket: ratio(irqs, rxPackets),
      packetsPerPoll: ratio(sum(pollTotals(source, 'taken')), sum(pollTotals(source, 'polls'))),
    },
    conservation: {
      offered,
      delivered: total.delivered,
      dropped,
      lostWithCpu,
      inFlight,
      holds: final ? offered === total.delivered + dropped + lostWithCpu + inFlight : null,
    },
    recordings: source.recordings.snapshot(),
    noise: { loadAverage: loadavg()[0]!, involuntarySwitches: involuntarySwitches(source, nic, polling, final) },
  };
}

/** Of a CPU with the packets for it that others have dropped, each of which counts for itself. */
function readPolling(views: Views, { backlogs }: Plan, { cpu, counters }: CpuLayout): CpuCounters {
  const own = readCounters(views, CPU_COUNTERS, counters);
  const backlog = backlogs[cpu];
  return backlog === undefined ? own : { ...own, dropped: own.dropped + backlogDropped(views, backlog) };
}

/** @param total the counters of all that poll, added up */
function stackSnapshot({ machine, plan, config }: SnapshotSource, total: CpuCounters): StackSnapshot {
  return {
    delivered: total.delivered,
    deliveredBytes: total.deliveredBytes,
    ...readProtocols(machine.views, plan.polling),
    malformed: pick(total, MALFORMED_REASONS),
    dropped: { backlog: total.dropped },
    topFlows: topFlowsSnapshot(machine.views, plan, config.topFlows),
  };
}

function queueSnapshot({ machine, plan, lost }: SnapshotSource, id: number): QueueSnapshot {
  const { views, lines, states, device } = machine;
  const state = states[id];
  const nic = readCounters(views, NIC_QUEUE_COUNTERS, plan.nic.queueCounters[id]!);
  const polls = plan.polling.map(({ pollCounters }) => readCounters(views, POLL_COUNTERS, pollCounters[id]!));
  const total = sumCounters(polls, POLL_COUNTERS);
  return {
    id,
    irqLine: lines[id]!.id,
    cpu: lines[id]!.target(),
    napiId: state === undefined ? null : device.idOf(state),
    threaded: state === undefined ? 'disabled' : device.threadedOf(state),
    rxPackets: nic.rxPackets,
    rxMissedErrors: nic.rxMissedErrors,
    irqs: total.irqs,
    polls: total.polls,
    completions: total.completions,
    fullBudgetPolls: total.fullBudgetPolls,
    missedReschedules: total.missedReschedules,
    deferredPolls: total.deferredPolls,
    unaskedPolls: total.unaskedPolls,
    lostWithCpu: lost[id]!,
  };
}

function nicSnapshot(
  source: SnapshotSource,
  nic: NicCounters,
  queues: readonly QueueSnapshot[],
  final: boolean,
): NicSnapshot {
  const { views } = source.machine;
  const perQueue = source.plan.nic.queueCounters.map((block) => readCounters(views, NIC_QUEUE_COUNTERS, block));
  const use = final ? recordedUse(nic) : liveUse(source, source.plan.nicContext, 'nic0');
  return {
    name: 'nic0',
    device: String(source.config.device),
    offeredPackets: nic.offeredPackets,
    offeredBytes: nic.offeredBytes,
    ...sumCounters(perQueue, NIC_QUEUE_COUNTERS),
    rxLengthErrors: nic.rxLengthErrors,
    pauses: nic.pauses,
    irqs: sum(queues.map((queue) => queue.irqs)),
    cpuSeconds: use === null ? null : use.cpuNs / 1e9,
    queues,
    capture: captureSnapshot(source),
  };
}

/** Null for a generator. */
function captureSnapshot({ machine, plan, config, fault }: SnapshotSource): CaptureSnapshot | null {
  if (config.device === 'pktgen') return null;
  const { format, gzip, ...counts } = readCounters(machine.views, CAPTURE_COUNTERS, plan.nic.frames);
  return { format: CAPTURE_FORMATS[format - 1] ?? null, gzip: gzip === 1, ...counts, error: fault?.problem ?? null };
}

function cpuSnapshot(source: SnapshotSource, counters: CpuCounters, id: number, final: boolean): CpuSnapshot {
  const context = source.plan.cpuContexts[id]!;
  const tid = new ContextWords(source.machine.views, context).tid();
  const isUp = source.cpus.stateOf(id) === 'online';
  const use = final || !isUp ? recordedUse(counters) : liveUse(source, context, `cpu${id}`);
  return {
    id,
    online: isUp,
    tid: tid === 0 ? null : tid,
    hardirqs: counters.hardirqs,
    timerIrqs: counters.timerIrqs,
    busyPollRxPackets: counters.busyPollRxPackets,
    netRxSoftirqs: counters.NET_RX,
    processed: counters.processed,
    dropped: counters.dropped,
    timeSqueeze: counters.timeSqueeze,
    receivedRps: counters.receivedRps,
    flowLimitCount: counters.flowLimitCount,
    ...backlogQueues(source, id),
    ksoftirqdRuns: counters.ksoftirqdRuns,
    sleeps: counters.sleeps,
    cpuSeconds: use === null ? null : use.cpuNs / 1e9,
  };
}

/** While threads run, packets can go from one to the other, or away, between the two looks. */
function backlogQueues({ machine, plan }: SnapshotSource, cpu: number) {
  const backlog = plan.backlogs[cpu];
  if (backlog === undefined) return { inputPktQueue: 0, processQueue: 0 };
  const inputPktQueue = backlogInput(machine.views, backlog);
  return { inputPktQueue, processQueue: Math.max(0, backlogWaiting(machine.views, backlog) - inputPktQueue) };
}

function taskSnapshots({ machine, plan, config }: SnapshotSource): TaskSnapshot[] {
  const names = ((config.task ?? []) as readonly { readonly name: string }[]).map(({ name }) => name);
  return plan.cpus.flatMap(({ cpu, taskCounters }) =>
    taskCounters.map((block, index) => {
      const { steps, runNs } = readCounters(machine.views, TASK_COUNTERS, block);
      return { name: names[index]!, cpu, steps, cpuSeconds: runNs / 1e9 };
    }),
  );
}

/** From the first offer to the last poll that found packets; while traffic runs, until now. */
function duration(nic: NicCounters, cpus: readonly CpuCounters[], final: boolean): number {
  if (nic.startNs === 0) return 0;
  const last = Math.max(nic.endNs, ...cpus.map((cpu) => cpu.lastPollNs));
  const end = final ? last : new MonotonicClock().nowNs;
  return Math.max(0, end - nic.startNs) / 1e9;
}

function offerSeconds(nic: NicCounters, durationSeconds: number): number {
  return nic.endNs > 0 ? (nic.endNs - nic.startNs) / 1e9 : durationSeconds;
}

function pollTotals({ machine, plan }: SnapshotSource, name: (typeof POLL_COUNTERS)[number]): number[] {
  return plan.polling.flatMap(({ pollCounters }) =>
    pollCounters.map((block) => readCounters(machine.views, POLL_COUNTERS, block)[name]),
  );
}

function countInFlight({ views }: Machine, plan: Plan): number {
  const rings = plan.nic.rings.map((ring) => readRxRing(views, ring).frames);
  const backlogs = plan.backlogs.map((backlog) => backlogWaiting(views, backlog));
  return readNic(views, plan.nic.state).held + sum(rings) + sum(backlogs);
}

/** What the thread wrote down when it left its loop; null where the system did not tell it. */
function recordedUse({ cpuNs, involuntarySwitches }: { cpuNs: number; involuntarySwitches: number }): ThreadUse | null {
  return cpuNs === 0 ? null : { cpuNs, involuntarySwitches };
}

function liveUse({ machine, uses }: SnapshotSource, context: number, role: string): ThreadUse | null {
  return uses.since(role, new ContextWords(machine.views, context).tid());
}

function involuntarySwitches(
  source: SnapshotSource,
  nic: NicCounters,
  polling: readonly CpuCounters[],
  final: boolean,
): number | null {
  const uses = final
    ? [nic, ...polling].map(recordedUse)
    : [
        liveUse(source, source.plan.nicContext, 'nic0'),
        ...source.plan.cpuContexts.map((context, id) => liveUse(source, context, `cpu${id}`)),
      ];
  return uses.every((use) => use === null) ? null : sum(uses.map((use) => use?.involuntarySwitches ?? 0));
}

function pick<const N extends readonly string[]>(values: Record<N[number], number>, names: N): Record<string, number> {
  return Object.fromEntries(names.map((name: N[number]) => [name, values[name]]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
