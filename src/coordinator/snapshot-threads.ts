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
}

export function threadSnapshots(source: SnapshotSource): ThreadSnapshot[] {
  return source.pollers().map((info, index) => threadSnapshot(source, info, index));
}

function threadSnapshot(source: SnapshotSource, { name, napiId, tid }: PollerInfo, index: number): ThreadSnapshot {
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
    cpuSeconds: cpuSeconds(source, name, tid, cpuNs),
  };
}

/** What the threads before this one have used, and this one until now. */
function cpuSeconds({ useAtStart }: SnapshotSource, name: string, tid: number, usedNs: number): number | null {
  const now = threadUse(tid);
  const start = useAtStart.get(name);
  const liveNs = now === null || start === undefined ? 0 : now.cpuNs - start.cpuNs;
  return usedNs + liveNs === 0 ? null : (usedNs + liveNs) / 1e9;
}
