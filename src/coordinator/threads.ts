// Cold. Runs on: main.
// One role, one thread, one piscina pool of exactly one: so each role has a name, a profile and an end of its own.

import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { workerExecArgv } from './profile.js';

export class RoleThread {
  readonly role: string;
  /** Settles when the role's function returns, with what it returns, or its thread dies. */
  readonly finished: Promise<unknown>;
  private readonly pool: Piscina;

  /**
   * @param worker name of the file under workers/
   * @param execArgv null: those of this process, with a profile named for the role
   */
  constructor(role: string, worker: 'nic' | 'cpu', task: object, execArgv: readonly string[] | null) {
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
    this.finished = this.pool.run(task);
    this.finished.catch(() => {}); // Whoever supervises the role looks at it; nobody else must.
  }

  /** Ends the thread wherever it is, at once. Also the idle one by which piscina replaces a dead thread. */
  async destroy(): Promise<void> {
    await this.pool.destroy();
  }

  /** @internal Kills the thread as an accident would; for tests. */
  async kill(): Promise<void> {
    await Promise.all(this.pool.threads.map((thread) => thread.terminate()));
  }
}
