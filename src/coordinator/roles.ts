// Cold. Runs on: main.
// The threads of a machine's roles: each can be started, asked to leave, ended and started anew while the others go on.
//
// who       from → to         why
// start     down → up         a fresh thread, in a pool of its own
// leave     up → down         STOP stands in its context words; what is still in its loop after that is ended
// end       up → down         wherever it is, at once: no accident, for main wants it
// thread    up → down         its function returned, or it died: told to whoever supervises, who knows whether that is right
// never     told as down      before the thread, and the one by which piscina replaces a dead one, have certainly ended
// As long as a role is down its context is gone: no grace period waits for it, and nobody wakes it.

import { setTimeout as delay } from 'node:timers/promises';
import { type ContextWords, STOP } from '../memory/context.js';
import { RoleThread, type WorkerFile } from './threads.js';

/** What is told of a role that is down. Not of one that main has ended by end(), or at the end of all. */
export interface RoleEvents {
  /** Its function returned. @param asked it was asked to leave */
  returned(role: string, result: unknown, asked: boolean): void;
  /** It threw, or its thread died. */
  died(role: string, error: unknown): void;
}

interface Up {
  readonly thread: RoleThread;
  readonly context: ContextWords;
  /** Its QUIESCENT when it was started. */
  readonly turns: number;
  asked: boolean;
  ending: boolean;
  /** Its function has returned, or its thread is dead. */
  over: boolean;
}

const LOOK_MS = 1;

export class Roles {
  private readonly execArgv: readonly string[] | null;
  private readonly events: RoleEvents;
  private readonly up = new Map<string, Up>();
  /** By role, what settles when all of it has been told. */
  private readonly downs = new Map<string, Promise<void>>();

  constructor(execArgv: readonly string[] | null, events: RoleEvents) {
    this.execArgv = execArgv;
    this.events = events;
  }

  /**
   * @param context its words; no thread may use them now
   * @throws Error when the role is up; Error of Node's when there can be no such thread, by execArgv
   */
  start(role: string, worker: WorkerFile, context: ContextWords, task: object): void {
    if (this.up.has(role)) throw new Error(`role ${role}: it is up`);
    context.begin();
    const thread = new RoleThread(role, worker, task, this.execArgv);
    const up: Up = { thread, context, turns: context.quiescent(), asked: false, ending: false, over: false };
    this.up.set(role, up);
    this.downs.set(role, this.follow(role, up));
  }

  isUp(role: string): boolean {
    return this.up.has(role);
  }

  /** A role that was started runs its loop. */
  runsNow(role: string): boolean {
    const up = this.up.get(role);
    // Its first turn may end in sleep, and QUIESCENT moves after that.
    return up !== undefined && !up.over && (up.context.quiescent() !== up.turns || up.context.asleep());
  }

  /** Resolves when a role that was started runs its loop. @returns false when it went down, or `timeoutMs` passed, before */
  async runs(role: string, timeoutMs: number): Promise<boolean> {
    for (const deadline = performance.now() + timeoutMs; this.isUp(role); await delay(LOOK_MS)) {
      if (this.runsNow(role)) return true;
      if (performance.now() > deadline) return false;
    }
    return false;
  }

  /** Asks it to leave its loop. isUp() tells when it has. */
  ask(role: string): void {
    const up = this.up.get(role);
    if (up === undefined) return;
    up.asked = true;
    up.context.ask(STOP);
  }

  /** Asks it to leave its loop, and ends it when it has not within `patienceMs`. @returns false when it had to be ended */
  async leave(role: string, patienceMs: number): Promise<boolean> {
    const up = this.up.get(role);
    if (up === undefined) return true;
    this.ask(role);
    await within(this.downs.get(role)!, patienceMs);
    if (up.over) await this.downs.get(role);
    else await this.end(role);
    return !up.ending;
  }

  /** Ends its thread wherever it is. Resolves when the role is down. */
  async end(role: string): Promise<void> {
    const up = this.up.get(role);
    if (up === undefined) return;
    up.ending = true;
    await up.thread.destroy();
    await this.downs.get(role);
  }

  /** Resolves when the role is down. */
  async whenDown(role: string): Promise<void> {
    if (this.up.has(role)) await this.downs.get(role);
  }

  /** @internal For tests: ends one thread as an accident would; one that is down stays so. */
  async kill(role: string): Promise<void> {
    await this.up.get(role)?.thread.kill();
  }

  /** Asks every role to leave, waits at most `patienceMs`, then ends what still runs. @returns the roles that had to be ended */
  async endAll(patienceMs: number): Promise<string[]> {
    for (const role of this.up.keys()) this.ask(role);
    await within(Promise.all(this.downs.values()), patienceMs);
    const stuck = [...this.up].filter(([, { over }]) => !over).map(([role]) => role);
    await Promise.all([...this.up.keys()].map((role) => this.end(role)));
    return stuck;
  }

  private async follow(role: string, up: Up): Promise<void> {
    const end = await up.thread.finished.then(
      (result) => ({ result, died: false }),
      (error: unknown) => ({ result: error, died: true }),
    );
    up.over = true;
    await up.thread.destroy();
    up.context.end();
    this.up.delete(role);
    if (!end.died) this.events.returned(role, end.result, up.asked);
    else if (!up.ending) this.events.died(role, end.result);
  }
}

/** Waits for `promise`, at most so long. */
async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const enough = new AbortController();
  await Promise.race([promise, delay(ms, undefined, { signal: enough.signal }).catch(() => {})]);
  enough.abort();
}
