// Cold. Runs on: main.
// What a machine can go through, as far as its counters tell, as a table: one row per state transition or event.

import type { QueueSnapshot, Snapshot } from '../coordinator/snapshot-types.js';

export interface Transition {
  /** As the counters and /proc call it, and what it is. */
  readonly name: string;
  readonly count: (snapshot: Snapshot) => number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const queues = (pick: (queue: QueueSnapshot) => number) => (snapshot: Snapshot) =>
  sum(snapshot.nics.flatMap((nic) => nic.queues.map(pick)));
const cpus = (pick: (cpu: Snapshot['cpus'][number]) => number) => (snapshot: Snapshot) => sum(snapshot.cpus.map(pick));
const nics = (pick: (nic: Snapshot['nics'][number]) => number) => (snapshot: Snapshot) => sum(snapshot.nics.map(pick));

type ThreadRow = Snapshot['threads'][number];
const processed = (thread: ThreadRow) => thread.processed;
const isWorker = ({ name }: ThreadRow) => !name.startsWith('attached');
const attached = ({ threads }: Snapshot) => sum(threads.filter((thread) => !isWorker(thread)).map(processed));

export const TRANSITIONS: readonly Transition[] = [
  { name: 'interrupt taken', count: nics((nic) => nic.irqs) },
  { name: 'poll', count: queues((queue) => queue.polls) },
  { name: 'poll completed, line unmasked', count: queues((queue) => queue.completions) },
  { name: 'full budget, polled again', count: queues((queue) => queue.fullBudgetPolls) },
  { name: 'missed, polled again', count: queues((queue) => queue.missedReschedules) },
  { name: 'deferred, line still masked', count: queues((queue) => queue.deferredPolls) },
  { name: 'polled unasked, line was on', count: queues((queue) => queue.unaskedPolls) },
  { name: 'timer interrupt', count: cpus((cpu) => cpu.timerIrqs) },
  { name: 'packet found by busy polling', count: cpus((cpu) => cpu.busyPollRxPackets) },
  { name: 'packet polled by an attached thread', count: attached },
  { name: 'packet polled by a NAPI worker', count: ({ threads }) => sum(threads.filter(isWorker).map(processed)) },
  { name: 'NET_RX softirq', count: cpus((cpu) => cpu.netRxSoftirqs) },
  { name: 'time squeeze', count: cpus((cpu) => cpu.timeSqueeze) },
  { name: 'ksoftirqd run', count: cpus((cpu) => cpu.ksoftirqdRuns) },
  { name: 'CPU asleep', count: cpus((cpu) => cpu.sleeps) },
  { name: 'source held, no buffer', count: nics((nic) => nic.pauses) },
  { name: 'missed frame, no buffer', count: nics((nic) => nic.rxMissedErrors) },
  { name: 'backlog drop', count: cpus((cpu) => cpu.dropped) },
  { name: 'packet recorded', count: ({ recordings }) => sum(recordings.map(({ packets }) => packets)) },
  { name: 'task step', count: ({ tasks }) => sum(tasks.map((task) => task.steps)) },
];
