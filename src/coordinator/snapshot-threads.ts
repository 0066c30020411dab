// Cold. Runs on: main.
// What a snapshot tells of the threads that poll and are no CPUs.

import { CPU_COUNTERS, POLL_COUNTERS, readCounters } from '../memory/counters.js';
import { threadUse } from '../runtime/thread.js';
import type { SnapshotSource } from './snapshot.js';
import type { ThreadSnapshot } from './snapshot-types.js';

/** Who polls in a context that is no CPU. */
export interface PollerInfo {
  readonly name: string;
  /** null: of no instance alone. */
  readonly napiId: number | null;
  /** 0: no thread has this context now, or the system does not tell. */
  readonly tid: number;
  /** CPU time that its thread had used when it began, ns; null where the system does not tell. */
  readonly startNs: number | null;
}

export function threadSnapshots(source: SnapshotSource): ThreadSnapshot[] {
  return source.pollers().map((info, index) => threadSnapshot(source, info, index));
}

function threadSnapshot(source: SnapshotSource, info: PollerInfo, index: number): ThreadSnapshot {
  const { name, napiId, tid } = info;
  const { views } = source.machine;
  const { counters, pollCounters } = source.plan.pollers[index]!;
  const { processed, busyPollRxPackets, sleeps, cpuNs } = readCounters(views, CPU_COUNTERS, counters);
  const polls = pollCounters.map((block) => readCounters(views, POLL_COUNTERS, block).polls);
  return {
    name,
    napiId,
    tid: tid === 0 ? null : tid,
    polls: polls.reduce((sum, n) => sum + n, 0),
    processed,
    busyPollRxPackets,
    sleeps,
    cpuSeconds: cpuSeconds(info, cpuNs),
  };
}

/** What the threads before this one have used, and this one until now. */
function cpuSeconds({ tid, startNs }: PollerInfo, usedNs: number): number | null {
  const now = threadUse(tid);
  const liveNs = now === null || startNs === null ? 0 : now.cpuNs - startNs;
  return usedNs + liveNs === 0 ? null : (usedNs + liveNs) / 1e9;
}
