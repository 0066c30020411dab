// Cold. Runs on: main.
// Starts the threads, watches them, and ends them: in order when the traffic is over, at once when one has died.
//
//   starting → running    all threads have met at the barrier
//   running → draining    the source ran dry · time is up · somebody asked
//   draining → ended      nothing is in flight any more, or nothing has moved for a second
//   draining → failed     the source ended before its end: all before is delivered, and then told
//   any → failed          a thread died: every other one is ended too
// With onCpuLoss=migrate a CPU that dies, or is locked up and ended, is gone without, as long as there is another.

import { leaveMachine } from '../memory/bells.js';
import { ContextWords, END_SOURCE } from '../memory/context.js';
import { CPU_COUNTERS, readCounters } from '../memory/counters.js';
import { Barrier } from '../memory/sync/barrier.js';
import type { Views } from '../memory/views.js';
import type { NicSettings } from '../nic/build.js';
import type { SourceFault } from '../nic/devices/device.js';
import { readNic } from '../nic/nic.js';
import { Attachments } from './attachments.js';
import { CpuDead } from './cpu-dead.js';
import { Cpus, type HotplugNeeds } from './cpus.js';
import { Drain } from './drain.js';
import { captureError, InvariantError, RoleError } from './errors.js';
import { Lockups } from './lockups.js';
import type { Machine } from './machine.js';
import { NapiWorkerThreads } from './napi-workers.js';
import type { Config } from './options.js';
import type { Plan } from './plan.js';
import { workerCount } from './recording-paths.js';
import { Recordings } from './recordings.js';
import { type Meeting, RoleTasks } from './role-tasks.js';
import { type RoleEvents, Roles } from './roles.js';
import { type SnapshotSource, takeSnapshot } from './snapshot.js';
import type { Snapshot } from './snapshot-types.js';
import { ThreadUses } from './thread-uses.js';
import { verify } from './verify.js';

const NIC = 'nic0';
/** Idle costs nothing: main looks seldom while traffic runs, and often once it is over. */
const WATCH_MS = 100;
const WATCH_DRAIN_MS = 5;
const START_TIMEOUT_MS = 40_000;
/** How long threads have to leave their loops after STOP before they are ended. */
const LEAVE_MS = 2000;
const LEAVE_AFTER_FAILURE_MS = 200;

export class Supervisor implements RoleEvents {
  readonly done: Promise<Snapshot>;
  readonly source: SnapshotSource;
  /** For operations on CPUs. */
  readonly hotplug: HotplugNeeds;
  /** True when no thread runs any more. */
  ended = false;
  private readonly machine: Machine;
  private readonly plan: Plan;
  private readonly config: Config;
  private readonly recordings: Recordings;
  private readonly uses = new ThreadUses();
  private readonly nic: ContextWords;
  /** Of the NIC, then of the CPUs. */
  private readonly contexts: readonly ContextWords[];
  private readonly tasks: RoleTasks;
  private readonly drain: Drain;
  private readonly roles: Roles;
  private readonly workers: NapiWorkerThreads;
  readonly attachments: Attachments;
  private readonly cpus: Cpus;
  private readonly lockups: Lockups;
  /** CPUs that are locked up and about to be ended. */
  private readonly locked = new Set<number>();
  private resolve!: (snapshot: Snapshot) => void;
  private reject!: (error: Error) => void;
  private timer: NodeJS.Timeout | null = null;
  private failure: Error | null = null;
  /** Threads are asked to leave: nothing can be changed any more. */
  stopping = false;
  private met = false;
  private draining = false;
  private deadlineMs = Number.POSITIVE_INFINITY;

  constructor(machine: Machine, plan: Plan, config: Config, nicSettings: NicSettings) {
    this.machine = machine;
    this.plan = plan;
    this.config = config;
    this.recordings = new Recordings(machine.views, plan, config);
    const { recordings, uses } = this;
    const dead = new CpuDead(machine.views, plan);
    this.cpus = new Cpus(plan.cpus.length, dead);
    const { cpus } = this;
    const pollers = () => [...this.workers.infos(), ...this.attachments.infos()];
    const ofThreads = { recordings, uses, pollers, cpus, lost: dead.lost, fault: null };
    this.source = { machine, plan, config: visible(config), ...ofThreads };
    this.nic = new ContextWords(machine.views, plan.nicContext);
    this.contexts = [this.nic, ...contextsAt(machine.views, plan.cpuContexts)];
    this.drain = new Drain(machine.views, plan);
    this.tasks = new RoleTasks(machine, plan, config, nicSettings, recordings);
    this.roles = new Roles(config.execArgv, this);
    this.workers = this.workersOf(config);
    this.attachments = new Attachments(machine, plan, config, recordings);
    const pollerContexts = contextsAt(machine.views, plan.pollerContexts);
    const contexts = [...this.contexts, ...pollerContexts];
    const start = (cpu: number) => this.startCpu(cpu, null);
    this.hotplug = { cpus, dead, roles: this.roles, contexts, start, nowMs: () => performance.now() };
    this.lockups = new Lockups(this.contexts.slice(1), config.lockupSeconds, 2 * WATCH_MS);
    this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.done.catch(() => {}); // A failure reaches whoever awaits done or stop(), and must not end the process before.
  }

  /**
   * Resolves when all threads have met; one that dies after that, be it at once, is told by `done` alone.
   * @param prepare what is done when files can be recorded and before the threads start; null: it is done
   * @throws RecordingError before any thread starts · RoleError when a thread died before all had met
   */
  async start(prepare: () => Promise<void> | null): Promise<void> {
    const parties = 1 + this.contexts.length;
    const barrier = new Barrier(this.machine.views.words.buffer, this.plan.barrier, parties);
    this.recordings.open();
    await this.tryStartThreads(prepare, parties);
    const met = await barrier.waitAsync(START_TIMEOUT_MS, () => this.failure !== null);
    if (!met) {
      barrier.breakUp(); // The others wake, and find STOP.
      await this.done; // Rejects.
    }
    this.met = true;
    for (const [index, role] of this.names().entries()) this.uses.begin(role, this.contexts[index]!.tid());
    if (this.config.duration !== null) this.deadlineMs = performance.now() + this.config.duration * 1000;
    if (!this.stopping) this.watchLater();
  }

  /** The source offers no further frame; what is in flight is drained, and the machine ends. */
  endSource(): void {
    if (this.draining || this.stopping) return;
    this.draining = true;
    this.drain.begin(performance.now());
    this.nic.ask(END_SOURCE);
    if (this.timer !== null) this.watchLater();
  }

  /** What goes on when the threads have ended; null = nothing. */
  activity(): string | null {
    return this.recordings.activity;
  }

  /** A CPU has a fresh thread: what that one uses adds to what those before have used. */
  cpuRuns(cpu: number): void {
    const before = readCounters(this.machine.views, CPU_COUNTERS, this.plan.cpus[cpu]!.counters);
    this.uses.begin(`cpu${cpu}`, this.contexts[1 + cpu]!.tid(), before);
  }

  /** @internal For tests: ends one thread as an accident would. */
  kill(role: string): Promise<void> {
    return this.roles.isUp(role) ? this.roles.kill(role) : this.workers.kill(role);
  }

  /** @internal Told by the roles. */
  returned(role: string, result: unknown, asked: boolean): void {
    if (role === NIC) this.source.fault = result as SourceFault | null;
    if (!asked) this.died(role, 'its loop ended although nobody asked');
  }

  /** @internal Likewise. */
  died(role: string, cause: unknown): void {
    const cpu = this.names().indexOf(role) - 1;
    if (cpu < 0 || !this.migrates() || !this.cpus.lose(cpu, cause)) this.fail(new RoleError(role, cause));
  }

  private names(): string[] {
    return [NIC, ...this.plan.cpus.map(({ cpu }) => `cpu${cpu}`)];
  }

  /** @throws Error of Node's when there can be no such thread, by execArgv; then nothing is open and nothing runs */
  private async tryStartThreads(prepare: () => Promise<void> | null, parties: number): Promise<void> {
    try {
      const preparing = prepare();
      if (preparing !== null) await preparing;
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
    for (const { cpu } of this.plan.cpus) this.startCpu(cpu, meeting);
    if (this.draining) this.nic.ask(END_SOURCE); // Somebody has asked before it had a thread.
  }

  private startCpu(cpu: number, meeting: Meeting): void {
    this.roles.start(`cpu${cpu}`, 'cpu', this.contexts[1 + cpu]!, this.tasks.cpu(cpu, meeting));
  }

  private workersOf(config: Config): NapiWorkerThreads {
    const { machine, plan } = this;
    const workers = new NapiWorkerThreads(machine, plan, workerCount(config), config.execArgv, {
      task: (queue, name) => this.tasks.worker(queue, name),
      fail: (error) => this.fail(error),
    });
    if (workerCount(config) > 0) machine.threads.provide(workers);
    return workers;
  }

  private migrates(): boolean {
    return this.config.onCpuLoss === 'migrate' && this.met && !this.recordings.faulty();
  }

  private lookForLockups(nowMs: number): void {
    for (const cpu of this.lockups.look(nowMs)) {
      if (this.cpus.stateOf(cpu) === 'online' && !this.locked.has(cpu)) void this.endLocked(cpu);
    }
  }

  private async endLocked(cpu: number): Promise<void> {
    const role = `cpu${cpu}`;
    const why = `locked up: its loop has not turned for ${this.config.lockupSeconds} s, and it was ended`;
    this.locked.add(cpu);
    if (this.migrates()) await this.roles.end(role);
    this.locked.delete(cpu);
    this.died(role, new Error(why));
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
    this.lookForLockups(now);
    this.cpus.sweep();
    if (this.stopping) return;
    if (this.draining && (this.drain.drained() || this.drain.stalled(now))) {
      void this.end();
      return;
    }
    if (!this.draining && (now >= this.deadlineMs || readNic(this.machine.views, this.plan.nic.state).ended)) {
      this.endSource();
    }
    this.watchLater();
  }

  private async end(): Promise<void> {
    const stuck = await this.endThreads(LEAVE_MS);
    const failure = await this.recordings.finish(this.failure ?? stuckError(stuck));
    if (failure !== null) {
      this.reject(failure);
      return;
    }
    const snapshot = takeSnapshot(this.source, true);
    const violations = verify(this.machine, this.plan, snapshot, this.config.mode, this.cpus.accidents);
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
    leaveMachine(this.machine.handle.generation);
    return stuck.flat();
  }
}

function contextsAt(views: Views, addresses: readonly number[]): ContextWords[] {
  return addresses.map((address) => new ContextWords(views, address));
}

function stuckError(roles: readonly string[]): RoleError | null {
  if (roles.length === 0) return null;
  return new RoleError(roles.join(', '), `did not leave its loop within ${LEAVE_MS} ms and was ended`);
}

/** The configuration as reports print it. */
function visible(config: Config): Record<string, unknown> {
  const { sink, task, execArgv: _, ...rest } = config;
  const tasks = task.map(({ data: _, ...shown }) => shown);
  return { ...rest, sink: sink === null ? null : String(sink.url), task: tasks };
}
