// Cold. Runs on: a thread of the application, attached to a round's machine.
// Busy-polls any queue in any of the ways there are, suspends and resumes interrupts, and lets go now and then; until the machine ends.

import { setTimeout as delay } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { type AttachedHost, type AttachHandle, attachHost } from '../cpu/attached.js';
import { Random } from '../runtime/random.js';
import { CPUS_MAX } from './flow-record.js';
import flowSink from './flow-sink.js';
import { busyPolls } from './stress-task.js';

export interface AttachedTask {
  readonly handle: AttachHandle;
  /** Of the round's attached threads. */
  readonly number: number;
  readonly record: SharedArrayBuffer;
  readonly seed: number;
  /** It has CAP_NET_ADMIN. */
  readonly admin: boolean;
}

const NAP_MS = 1;

async function suspendOnce(host: AttachedHost, random: Random): Promise<void> {
  const { ids } = host;
  if (ids.length === 0) return;
  const id = ids[random.below(ids.length)]!;
  host.suspendIrqs(id);
  await delay(NAP_MS);
  host.resumeIrqs(id);
}

const { handle, number, record, seed, admin } = workerData as AttachedTask;
const random = new Random(seed + number);
using host = attachHost(handle, { sink: flowSink({ cpu: CPUS_MAX + number, data: record }) });
const step = busyPolls(random, host, admin);
while (!host.ended) {
  if (!step()) await delay(NAP_MS);
  else if (random.below(64) === 0) await suspendOnce(host, random);
}
