// Cold. Runs on: main.
// Starts the threads, watches them, and ends them: in order when the traffic is over, at once when one has died.
//
//   starting → running    all threads have met at the barrier
//   running → draining    the source ran dry · time is up · somebody asked
//   draining → ended      nothing is in flight any more, or nothing has moved for a second
//   draining → failed     the source ended before its end: all before is delivered, and then told
//   any → failed          a thread died: every other one is ended too

import { CaptureError } from '../capture/capture-error.js';
import { ContextWords, END_SOURCE } from '../memory/context.js';
import { CPU_COUNTERS, readCounters } from '../memory/counters.js';
import { Barrier } from '../memory/sync/barrier.js';
import { backlogWaiting } from '../net/backlog-queue.js';
import type { NicSettings } from '../nic/build.js';
import type { SourceFault } from '../nic/devices/device.js';
import { readNic } from '../nic/nic.js';
import { ringWaiting } from '../ring/rx-ring.js';
import { type ThreadUse, threadUse } from '../runtime/thread.js';
import { Attachments } from './attachments.js';
import { BrokenCaptureError, InvariantError, RoleError } from './errors.js';
import type { Machine } from './machine.js';
import { NapiWorkerThreads } from './napi-workers.js';
import type { Config } from './options.js';
import type { Plan } from './plan.js';
import { workerCount } from './recording-paths.js';
import { Recordings } from './recordings.js';
import { type RoleTasks, roleTasks } from './role-tasks.js';
import { Roles } from './roles.js';
import { type SnapshotSource, takeSnapshot } from './snapshot.js';
import type { Snapshot } from './snapshot-types.js';
import { verify } from './verify.js';

const NIC = 'nic0';
/** Idle costs nothing: main looks seldom while traffic runs, and often once it is over. */
const WATCH_MS = 100;
const WATCH_DRAIN_MS = 5;
const START_TIMEOUT_MS = 40_000;
/** A drain ends when nothing was processed for this long. */
const STALLED_MS = 1000;
/** How long threads have to leave their loops after STOP before they are ended. */
const LEAVE_MS = 2000;
const LEAVE_AFTER_FAILURE_MS = 200;

export class Supervisor {
  readonly done: Promise<Snapshot>;
  readonly source: SnapshotSource;
  /** True when no thread runs any more. */
  ended = false;
  private readonly machine: Machine;
  private readonly plan: Plan;
  private readonly config: Config;
  private readonly recordings: Recordings;
  private readonly useAtStart = new Map<string, ThreadUse>();
  private readonly nic: ContextWords;
  private readonly contexts: readonly ContextWords[];
  private readonly tasks: RoleTasks;
  private readonly roles: Roles;
  private readonly workers: NapiWorkerThreads;
  readonly attachments: Attachments;
  private resolve!: (snapshot: Snapshot) => void;
  private reject!: (error: Error) => void;
  private timer: NodeJS.Timeout | null = null;
  private failure: Error | null = null;
  private stopping = false;
  private draining = false;
  private deadlineMs = Number.POSITIVE_INFINITY;
  private movedAtMs = 0;
  private processed = -1;

  constructor(machine: Machine, plan: Plan, config: Config, nicSettings: NicSettings) {
    this.machine = machine;
    this.plan = plan;
    this.config = config;
    this.recordings = new Recordings(machine.views, plan, config);
    const { recordings, useAtStart } = this;
    const pollers = () => [...this.workers.infos(), ...this.attachments.infos()];
    this.source = { machine, plan, config: visible(config), recordings, useAtStart, pollers, fault: null };
    this.nic = new ContextWords(machine.views, plan.nicContext);
    this.contexts = [this.nic, ...plan.cpuContexts.map((address) => new ContextWords(machine.views, address))];
    this.tasks = roleTasks(machine, plan, config, nicSettings, recordings);
    this.roles = new Roles(config.execArgv, {
      returned: (role, result) => this.left(role, result),
      died: (role, error) => this.fail(new RoleError(role, error)),
    });
    this.workers = new NapiWorkerThreads(machine, plan, workerCount(config), config.execArgv, {
      task: (queue, name) => this.tasks.worker(queue, name),
      fail: (error) => this.fail(error),
    });
    if (workerCount(config) > 0) machine.threads.provide(this.workers);
    this.attachments = new Attachments(machine, plan, config, recordings);
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.done.catch(() => {}); // A failure reaches whoever awaits done or stop(), and must not end the process before.
  }

  /**
   * Resolves when all threads have met; one that dies after that, be it at once, is told by `done` alone.
   * @param prepare what is done when files can be recorded and before the threads start
   * @throws RecordingError before any thread starts · RoleError when a thread died before all had met
   */
  async start(prepare: () => Promise<void>): Promise<void> {
    const parties = 1 + this.contexts.length;
    const barrier = new Barrier(this.machine.views.words.buffer, this.plan.barrier, parties);
    this.recordings.open();
    await this.tryStartThreads(prepare, parties);
    const met = await barrier.waitAsync(START_TIMEOUT_MS, () => this.failure !== null);
    if (!met) {
      barrier.breakUp(); // The others wake, and find STOP.
      await this.done; // Rejects.
    }
    for (const [index, role] of this.names().entries()) {
      const use = threadUse(this.contexts[index]!.tid());
      if (use !== null) this.useAtStart.set(role, use);
    }
    if (this.config.duration !== null) this.deadlineMs = performance.now() + this.config.duration * 1000;
    if (!this.stopping) this.watchLater();
  }

  /** The source offers no further frame; what is in flight is drained, and the machine ends. */
  endSource(): void {
    if (this.draining || this.stopping) return;
    this.draining = true;
    this.movedAtMs = performance.now();
    this.nic.ask(END_SOURCE);
    if (this.timer !== null) this.watchLater();
  }

  /** What goes on when the threads have ended; null = nothing. */
  activity(): string | null {
    return this.recordings.activity;
  }

  /** @internal For tests: ends one thread as an accident would. */
  kill(role: string): Promise<void> {
    return this.roles.isUp(role) ? this.roles.kill(role) : this.workers.kill(role);
  }

  private names(): string[] {
    return [NIC, ...this.plan.cpus.map(({ cpu }) => `cpu${cpu}`)];
  }

  /** @throws Error of Node's when there can be no such thread, by execArgv; then nothing is open and nothing runs */
  private async tryStartThreads(prepare: () => Promise<void>, parties: number): Promise<void> {
    try {
      await prepare();
      if (this.failure === null) this.startThreads(parties); // or a worker has died meanwhile
    } catch (error) {
      await this.endThreads(0);
      this.recordings.abandon();
      throw error;
    }
  }

  private startThreads(parties: number): void {
    const meeting = { barrier: this.plan.barrier, parties };
    this.roles.start(NIC, 'nic', this.nic, this.tasks.nic(meeting));
    for (const { cpu } of this.plan.cpus) {
      this.roles.start(`cpu${cpu}`, 'cpu', this.contexts[1 + cpu]!, this.tasks.cpu(cpu, meeting));
    }
  }

  private left(role: string, result: unknown): void {
    if (role === NIC) this.source.fault = result as SourceFault | null;
    if (!this.stopping) this.fail(new RoleError(role, 'its loop ended although nobody asked'));
  }

  private watchLater(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const left = this.deadlineMs - performance.now();
    const ms = this.draining ? WATCH_DRAIN_MS : Math.max(0, Math.min(WATCH_MS, left));
    this.timer = setTimeout(() => this.watch(), ms);
  }

  private watch(): void {
    const dead = this.attachments.dead();
    if (dead !== null) {
      this.fail(dead);
      return;
    }
    const now = performance.now();
    if (this.draining && (this.drained() || this.stalled(now))) {
      void this.end();
      return;
    }
    if (!this.draining && (now >= this.deadlineMs || readNic(this.machine.views, this.plan.nic.state).ended)) {
      this.endSource();
    }
    this.watchLater();
  }

  /** Nothing is in flight. In this order, along the packet's way: what one place gave up, the next has. */
  private drained(): boolean {
    const { views } = this.machine;
    const { held, ended } = readNic(views, this.plan.nic.state);
    if (!ended || held > 0) return false;
    if (this.plan.nic.rings.some((ring) => ringWaiting(views, ring) > 0)) return false;
    return this.plan.backlogs.every((backlog) => backlogWaiting(views, backlog) === 0);
  }

  private stalled(nowMs: number): boolean {
    const processed = this.plan.polling.reduce(
      (total, { counters }) => total + readCounters(this.machine.views, CPU_COUNTERS, counters).processed,
      0,
    );
    if (processed !== this.processed) this.movedAtMs = nowMs;
    this.processed = processed;
    return nowMs - this.movedAtMs > STALLED_MS;
  }

  private async end(): Promise<void> {
    const stuck = await this.endThreads(LEAVE_MS);
    const failure = await this.recordings.finish(this.failure ?? stuckError(stuck));
    if (failure !== null) {
      this.reject(failure);
      return;
    }
    const snapshot = takeSnapshot(this.source, true);
    const violations = verify(this.machine, this.plan, snapshot, this.config.mode);
    if (violations.length > 0) this.reject(new InvariantError(violations, snapshot));
    else if (this.source.fault !== null) this.reject(captureError(this.source.fault, snapshot));
    else this.resolve(snapshot);
  }

  private fail(error: RoleError): void {
    if (this.failure !== null) return;
    this.failure = error;
    if (this.stopping) return; // Whoever ends the threads already tells it.
    void this.endFailed(error);
  }

  private async endFailed(error: Error): Promise<void> {
    await this.endThreads(LEAVE_AFTER_FAILURE_MS);
    this.reject((await this.recordings.finish(error)) ?? error);
  }

  /**
   * Asks every thread to leave its loop, waits for it at most `patienceMs`, then ends what still runs.
   * @returns the roles that had to be ended
   */
  private async endThreads(patienceMs: number): Promise<string[]> {
    this.stopping = true;
    if (this.timer !== null) clearTimeout(this.timer);
    const [attached, ...stuck] = await Promise.all([
      this.attachments.endAll(patienceMs),
      this.roles.endAll(patienceMs),
      this.workers.endAll(patienceMs),
    ]);
    this.failure ??= attached;
    this.ended = true;
    return stuck.flat();
  }
}

function stuckError(roles: readonly string[]): RoleError | null {
  if (roles.length === 0) return null;
  return new RoleError(roles.join(', '), `did not leave its loop within ${LEAVE_MS} ms and was ended`);
}

/** A source that was refused before its first packet has nothing to show. */
function captureError({ path, problem, isRefusal }: SourceFault, snapshot: Snapshot): CaptureError {
  return isRefusal ? new CaptureError(path, problem) : new BrokenCaptureError(path, problem, snapshot);
}

/** The configuration as reports print it. */
function visible(config: Config): Record<string, unknown> {
  const { sink, task, execArgv: _, ...rest } = config;
  const tasks = task.map(({ data: _, ...shown }) => shown);
  return { ...rest, sink: sink === null ? null : String(sink.url), task: tasks };
}
