// Cold. Runs on: main.
// Everything that a machine records: which thread writes where, what has come of it, and the files at the end.

import { release, type as system } from 'node:os';
import {
  type InterfaceStatistics,
  interfaceDescription,
  interfaceStatistics,
  sectionHeader,
  type Timestamp,
} from '../capture/pcapng-write.js';
import type { CpuRecorderTask, NicRecorderTask } from '../capture/write-build.js';
import { monotonicEpoch, timestampOf } from '../capture/write-time.js';
import { CPU_COUNTERS, NIC_COUNTERS, NIC_QUEUE_COUNTERS, readCounters } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { MonotonicClock } from '../runtime/clock.js';
import { RecordingError } from './errors.js';
import type { Config } from './options.js';
import type { Plan } from './plan.js';
import { RecordingFile } from './recording-file.js';
import { recordingTargets } from './recording-paths.js';
import type { RecordingSnapshot } from './snapshot-types.js';
import { version } from './version.js';

/** How many write areas a machine with these options needs: one for each thread and file. */
export function writerCount(config: Config): number {
  return recordingTargets(config).reduce((count, { roles }) => count + roles.length, 0);
}

export class Recordings {
  /** What goes on when the threads have ended; null = nothing. */
  activity: string | null = null;
  private readonly views: Views;
  private readonly plan: Plan;
  private readonly files: readonly RecordingFile[];
  private readonly epoch: Timestamp;
  private openedNs = 0;

  constructor(views: Views, plan: Plan, config: Config) {
    this.views = views;
    this.plan = plan;
    let next = 0;
    this.files = recordingTargets(config).map((target) => {
      const first = next;
      next += target.roles.length;
      return new RecordingFile(views, target, plan.writers.slice(first, next));
    });
    this.epoch = next > 0 ? monotonicEpoch() : { high: 0, low: 0 };
  }

  /** @throws RecordingError; then no file is open */
  open(): void {
    this.openedNs = new MonotonicClock().nowNs;
    try {
      for (const file of this.files) file.open(this.prelude(file));
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** A thread has died of a file. */
  faulty(): boolean {
    return this.files.some((file) => file.faulty());
  }

  /** Before any thread has run: no file stays open. */
  abandon(): void {
    for (const file of this.files) file.abandon();
  }

  /** @param role of a CPU, or of another context that polls */
  cpuTask(role: string): CpuRecorderTask | null {
    if (this.files.length === 0) return null;
    const task = (kind: 'delivered' | 'dropped') => this.files.find(({ target }) => target[kind])?.taskOf(role) ?? null;
    return { epoch: this.epoch, delivered: task('delivered'), dropped: task('dropped') };
  }

  nicTask(): NicRecorderTask | null {
    const dropped = this.files.find(({ target }) => target.dropped)?.taskOf('nic0') ?? null;
    return dropped === null ? null : { epoch: this.epoch, dropped, device: this.queues };
  }

  snapshot(): RecordingSnapshot[] {
    return this.files.map((file) => file.snapshot());
  }

  /**
   * When no thread runs any more: every file whole, as far as that can be.
   * @param failure why the machine stopped, if it was not in order
   * @returns why it failed in the end: `failure`, unless that came of a file, or a file that cannot be written now
   */
  async finish(failure: Error | null): Promise<Error | null> {
    let result = failure;
    for (const file of this.files) {
      try {
        await file.finish(this.trailer(file), (done) => this.tell(file, done));
      } catch (error) {
        if (!(error instanceof RecordingError)) throw error;
        result = worse(result, error, file.faulty());
      }
    }
    this.activity = null;
    return result;
  }

  private tell({ target }: RecordingFile, done: number): void {
    this.activity = `putting ${target.path} in order of time: ${Math.floor(100 * done)} %`;
  }

  private get queues(): number {
    return this.plan.nic.rings.length;
  }

  /** An interface for each queue; where drops are recorded one more, for frames that no queue was picked for. */
  private prelude({ target }: RecordingFile): Buffer {
    const names = this.plan.nic.rings.map((_, queue) => `nic0/${queue}`);
    if (target.dropped) names.push('nic0');
    const section = sectionHeader(`softirq ${version}`, `${system()} ${release()}`);
    return Buffer.concat([section, ...names.map((name) => interfaceDescription(name))]);
  }

  private trailer({ target }: RecordingFile): Buffer {
    const { views, plan } = this;
    const { rxLengthErrors } = readCounters(views, NIC_COUNTERS, plan.nic.counters);
    const queues = plan.nic.queueCounters.map((block) => readCounters(views, NIC_QUEUE_COUNTERS, block));
    const counts = queues.map(({ rxPackets, rxMissedErrors }) => [rxPackets, rxMissedErrors] as const);
    if (target.dropped) counts.push([0, rxLengthErrors]);
    const blocks = counts.map(([taken, dropped], id) => interfaceStatistics(id, this.statistics(taken, dropped)));
    return Buffer.concat(blocks);
  }

  /** From the moment when the files were opened, be it that no packet ever came. */
  private statistics(taken: number, dropped: number): InterfaceStatistics {
    const { endNs } = readCounters(this.views, NIC_COUNTERS, this.plan.nic.counters);
    const polls = this.plan.polling.map(({ counters }) => readCounters(this.views, CPU_COUNTERS, counters).lastPollNs);
    return {
      start: timestampOf(this.epoch, this.openedNs),
      end: timestampOf(this.epoch, Math.max(this.openedNs, endNs, ...polls)),
      received: taken + dropped,
      dropped,
    };
  }
}

/** @param isCause a thread died of it */
function worse(failure: Error | null, lost: RecordingError, isCause: boolean): Error {
  if (failure === null || (isCause && !(failure instanceof RecordingError))) return lost;
  failure.message += `; ${lost.message}`;
  return failure;
}
