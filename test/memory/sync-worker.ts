// Cold. Runs on: a worker of sync.test.ts.
// Does one thing with a Barrier or a Once, as told, and posts how it ended.

import { parentPort, workerData } from 'node:worker_threads';
import { viewsOf } from '../../src/memory/views.js';
import { Barrier, Once, SpinLock } from '../../src/sync.js';
import { COUNT_AT, SYNC_AT, type SyncTask } from './sync-task.js';

const SLOW_MS = 400;

const task: SyncTask = workerData;
const views = viewsOf(task.buffer);

function initialise(): void {
  Atomics.add(views.words, COUNT_AT / 4, 1);
  if (task.what === 'once-throws') throw new Error('initialise failed');
  if (task.what === 'once-slow') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLOW_MS);
}

/** After each round every party has counted once for it, and none for the next but one. @returns the counts seen */
function meet(): number[] {
  const barrier = new Barrier(views.words.buffer, SYNC_AT, task.parties);
  return Array.from({ length: task.rounds }, () => {
    Atomics.add(views.words, COUNT_AT / 4, 1);
    barrier.wait(task.timeoutMs);
    return Atomics.load(views.words, COUNT_AT / 4);
  });
}

/** Tried without a limit; what is refused must not have arrived, or locked. */
function wrongly(): number[] {
  if (task.what === 'barrier-wrong') new Barrier(task.buffer, SYNC_AT, task.parties).wait(Number.NaN);
  else new SpinLock(task.buffer, SYNC_AT).lock(Number.NaN);
  return [];
}

function run(): number[] {
  if (task.what === 'barrier') return meet();
  if (task.what.endsWith('-wrong')) return wrongly();
  new Once(views.words.buffer, SYNC_AT).run(initialise, task.timeoutMs);
  return [Atomics.load(views.words, COUNT_AT / 4)];
}

try {
  parentPort!.postMessage({ seen: run() });
} catch (error) {
  const { name, message } = error as Error;
  parentPort!.postMessage({ error: `${name}: ${message}` });
}
