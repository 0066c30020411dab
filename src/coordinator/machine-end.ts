// Cold. Runs on: main.
// The end of a machine, which comes once: every thread leaves its loop or is ended, recordings are finished, the run checks itself,
// and `done` is settled.
//
//   end()      the traffic is over: a snapshot, or what is wrong with it
//   fail()     something has died: its error. The first one counts; while threads are ended already, it is told by whoever ends them
//   abandon()  there was no start: `done` stays open, for nobody has it

import { leaveMachine } from '../memory/bells.js';
import type { Attachments } from './attachments.js';
import type { Cpus } from './cpus.js';
import { captureError, InvariantError, RoleError } from './errors.js';
import type { NapiWorkerThreads } from './napi-workers.js';
import type { Recordings } from './recordings.js';
import type { Roles } from './roles.js';
import { type SnapshotSource, takeSnapshot } from './snapshot.js';
import type { Snapshot } from './snapshot-types.js';
import { verify } from './verify.js';

/** How long threads have to leave their loops after STOP before they are ended. */
const LEAVE_MS = 2000;
const LEAVE_AFTER_FAILURE_MS = 200;

/** What ends. */
export interface EndParts {
  readonly source: SnapshotSource;
  readonly mode: 'napi' | 'interrupt';
  readonly cpus: Cpus;
  readonly recordings: Recordings;
  readonly roles: Roles;
  readonly workers: NapiWorkerThreads;
  readonly attachments: Attachments;
}

export class MachineEnd {
  readonly done: Promise<Snapshot>;
  /** Threads are asked to leave: nothing can be changed any more. */
  stopping = false;
  /** True when no thread runs any more. */
  ended = false;
  private readonly parts: EndParts;
  /** Called once, before the first thread is asked to leave. */
  private readonly begins: () => void;
  private resolve!: (snapshot: Snapshot) => void;
  private reject!: (error: Error) => void;
  private failure: Error | null = null;

  constructor(parts: EndParts, begins: () => void) {
    this.parts = parts;
    this.begins = begins;
    this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.done.catch(() => {}); // A failure reaches whoever awaits done or stop(), and must not end the process before.
  }

  get failed(): boolean {
    return this.failure !== null;
  }

  async end(): Promise<void> {
    const { source, mode, cpus, recordings } = this.parts;
    const stuck = await this.endThreads(LEAVE_MS);
    const failure = await recordings.finish(this.failure ?? stuckError(stuck));
    if (failure !== null) {
      this.reject(failure);
      return;
    }
    const snapshot = takeSnapshot(source, true);
    const violations = verify(source.machine, source.plan, snapshot, mode, cpus.accidents);
    if (violations.length > 0) this.reject(new InvariantError(violations, snapshot));
    else if (source.fault !== null) this.reject(captureError(source.fault, snapshot));
    else this.resolve(snapshot);
  }

  fail(error: RoleError): void {
    if (this.failure !== null) return;
    this.failure = error;
    if (this.stopping) return; // Whoever ends the threads already tells it.
    void this.endFailed(error);
  }

  async abandon(): Promise<void> {
    await this.endThreads(0);
    this.parts.recordings.abandon();
  }

  private async endFailed(error: Error): Promise<void> {
    await this.endThreads(LEAVE_AFTER_FAILURE_MS);
    this.reject((await this.parts.recordings.finish(error)) ?? error);
  }

  /**
   * Asks every thread to leave its loop, waits for it at most `patienceMs`, then ends what still runs.
   * @returns the roles that had to be ended
   */
  private async endThreads(patienceMs: number): Promise<string[]> {
    const { source, roles, workers, attachments } = this.parts;
    this.stopping = true;
    this.begins();
    const [attached, ...stuck] = await Promise.all([
      attachments.endAll(patienceMs),
      roles.endAll(patienceMs),
      workers.endAll(patienceMs),
    ]);
    this.failure ??= attached;
    this.ended = true;
    leaveMachine(source.machine.handle.generation);
    return stuck.flat();
  }
}

function stuckError(roles: readonly string[]): RoleError | null {
  if (roles.length === 0) return null;
  return new RoleError(roles.join(', '), `did not leave its loop within ${LEAVE_MS} ms and was ended`);
}
