// Cold. Runs on: main.
// The attached threads of a round: started when its machine runs, waited for when it has ended.

import { Worker } from 'node:worker_threads';
import type { RunningHost } from '../coordinator/host.js';
import type { AttachedTask } from './attached-thread.js';

const module = new URL('./attached-thread.js', import.meta.url);
const END_MS = 10_000;

interface Thread {
  readonly name: string;
  readonly worker: Worker;
  /** What went wrong in it; null: nothing. */
  readonly ended: Promise<string | null>;
}

/** As many as there are places. The first one has CAP_NET_ADMIN. */
export function attachThreads(host: RunningHost, record: SharedArrayBuffer): Thread[] {
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

/** @returns one line for each thing that is wrong with those threads, when the machine has ended and none runs any more */
export async function threadsEnd(threads: readonly Thread[]): Promise<string[]> {
  const faults = await Promise.all(
    threads.map(async ({ name, worker, ended }) => {
      const timer = setTimeout(() => void worker.terminate(), END_MS);
      const began = performance.now();
      const fault = await ended;
      clearTimeout(timer);
      const late = performance.now() - began >= END_MS ? `it had not ended ${END_MS / 1000} s after the machine` : null;
      return (fault ?? late) === null ? [] : [`${name}: ${fault ?? late}`];
    }),
  );
  return faults.flat();
}
