// Cold. Runs on: main.
// One role, one thread, one piscina pool of exactly one: so each role has a name, a profile and an end of its own.

import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { workerExecArgv } from './profile.js';

/** Name of a file under workers/. */
export type WorkerFile = 'nic' | 'cpu' | 'napi';

export class RoleThread {
  readonly role: string;
  /** Settles when the role's function returns, with what it returns, or its thread dies. */
  readonly finished: Promise<unknown>;
  private readonly pool: Piscina;
  private readonly exited: Promise<unknown>;
  private destroyed: Promise<void> | null = null;

  /**
   * @param execArgv null: those of this process, with a profile named for the role
   */
  constructor(role: string, worker: WorkerFile, task: object, execArgv: readonly string[] | null) {
    this.role = role;
    const extension = extname(import.meta.url);
    this.pool = new Piscina({
      filename: fileURLToPath(new URL(`../../workers/${worker}${extension}`, import.meta.url)),
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled', // 'sync' would park the thread where its timers and ports stand still.
      recordTiming: false,
      execArgv: execArgv === null ? workerExecArgv(role) : [...execArgv],
    });
    this.exited = once(this.pool.threads[0]!, 'exit').catch(() => {}); // An error of the worker ends it, too.
    this.finished = this.pool.run(task);
    this.finished.catch(() => {}); // Whoever supervises the role looks at it; nobody else must.
  }

  /**
   * Ends the thread wherever it is, and the idle one by which piscina replaces a dead thread. Resolves when neither runs any
   * more. Once only: a second destroy() of a pool would let it replace the threads that the first one ends.
   */
  destroy(): Promise<void> {
    this.destroyed ??= this.end();
    return this.destroyed;
  }

  /** @internal Kills the thread as an accident would; for tests. */
  async kill(): Promise<void> {
    await Promise.all(this.pool.threads.map((thread) => thread.terminate()));
  }

  private async end(): Promise<void> {
    await this.pool.destroy();
    await this.exited;
  }
}
