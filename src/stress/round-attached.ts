// Cold. Runs on: main.
// The attached threads of a round: started when its machine runs, waited for when it has ended.

import { Worker } from 'node:worker_threads';
import type { RunningHost } from '../coordinator/host.js';
import type { AttachedTask } from './attached-thread.js';

const module = new URL('./attached-thread.js', import.meta.url);
const END_MS = 10_000;

export interface RoundThread {
  readonly name: string;
  readonly worker: Pick<Worker, 'terminate'>;
  /** What went wrong in it; null: nothing. */
  readonly ended: Promise<string | null>;
}

/** As many as there are places. The first one has CAP_NET_ADMIN. */
export function attachThreads(host: RunningHost, record: SharedArrayBuffer): RoundThread[] {
  return Array.from({ length: host.config.attachments }, (_, number) => {
    const admin = number === 0;
    const handle = host.attach({ capabilities: admin ? ['CAP_NET_ADMIN'] : [] });
    const task: AttachedTask = { handle, number, record, seed: host.config.seed, admin };
    const worker = new Worker(module, { workerData: task, execArgv: [] });
    const ended = new Promise<string | null>((resolve) => {
      worker.once('error', (error) => resolve(String(error)));
      worker.once('exit', () => resolve(null));
    });
    return { name: handle.name, worker, ended };
  });
}

/**
 * Resolves when the machine has ended and none of these threads runs any more.
 * @param patienceMs then they are ended
 * @returns one line for each thing that is wrong with them
 */
export async function threadsEnd(threads: readonly RoundThread[], patienceMs = END_MS): Promise<string[]> {
  const faults = await Promise.all(threads.map((thread) => threadEnds(thread, patienceMs)));
  return faults.flat();
}

async function threadEnds({ name, worker, ended }: RoundThread, patienceMs: number): Promise<string[]> {
  let late: string | null = null;
  const timer = setTimeout(() => {
    late = `it had not ended ${patienceMs / 1000} s after the machine`;
    void worker.terminate();
  }, patienceMs);
  const fault = (await ended) ?? late;
  clearTimeout(timer);
  return fault === null ? [] : [`${name}: ${fault}`];
}
