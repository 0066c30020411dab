// Cold. Runs on: main, with a worker that mostly sleeps.
// How late this system is at best: what a thread that only sleeps for 2 ms at a time sees. Who is to be in time is compared with it.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const sleeper = `
  const { parentPort, workerData } = require('node:worker_threads');
  const late = [];
  while (Atomics.load(workerData, 0) === 0) {
    const due = performance.now() + 2;
    Atomics.wait(workerData, 0, 0, 2);
    late.push(performance.now() - due);
  }
  parentPort.postMessage(late.sort((a, b) => a - b)[late.length >> 1]);
`;

/** @returns what `run` returns, and the median lateness meanwhile, in ns */
export async function withLateness<T>(run: () => Promise<T>): Promise<T & { readonly latenessNs: number }> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(sleeper, { eval: true, execArgv: [], workerData: stop });
  await once(worker, 'online');
  try {
    const result = await run();
    const told = once(worker, 'message');
    Atomics.store(stop, 0, 1);
    const [ms] = await told;
    return { ...result, latenessNs: ms * 1e6 };
  } finally {
    await worker.terminate();
  }
}
