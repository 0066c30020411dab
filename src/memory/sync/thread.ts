// Cold. Runs on: every thread.
// A thread as a word of shared memory knows it, and the one place where such words learn of its death.

import { isMainThread, threadId, type Worker } from 'node:worker_threads';

/** No thread. */
export const NOBODY = 0;

/** This thread. Node.js gives no threadId twice in a process, so a word that names a dead thread names nobody else, ever. */
export const ME = wordOf(threadId);

/** What stands in a word for the thread with this `threadId`; 0 is nobody, so main, whose threadId is 0, is 1. */
export function wordOf(threadId: number): number {
  return threadId + 1;
}

export function threadIdOf(word: number): number {
  return word - 1;
}

/** For messages. */
export function nameOf(word: number): string {
  if (word === NOBODY) return 'nobody';
  if (word === ME) return 'this thread';
  return word === wordOf(0) ? 'main' : `thread ${threadIdOf(word)}`;
}

/** Main must stay free for its workers' events. */
export function refuseOnMain(what: string, twin: string): void {
  if (isMainThread) throw new Error(`${what} would block the main thread; use ${twin}`);
}

/** What a thread can leave behind in a state that others would wait on for ever. */
export interface Mortal {
  /**
   * The thread with this `threadId` has ended, wherever it was: what it held goes to whoever comes next, and everybody who waits
   * looks again, which heals the wake-ups that it still owed or had swallowed. Never for a thread that lives.
   */
  threadDied(threadId: number): void;
}

/**
 * Tells `primitives` when `worker` ends, for whatever reason. In the thread that started it, before it can end; once is enough
 * for all threads. That thread must come back to its event loop, where it learns of the death, so main is the best for it.
 * @throws Error for a worker that has ended already: nobody knows any more which thread it was
 */
export function watchWorker(worker: Worker, primitives: readonly Mortal[]): void {
  const { threadId } = worker; // Is -1 once it has ended.
  if (threadId < 0) throw new Error('watchWorker: the worker has ended already; watch it before it can');
  worker.once('exit', () => {
    for (const primitive of primitives) primitive.threadDied(threadId);
  });
}
