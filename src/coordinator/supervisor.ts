// Cold. Runs on: main.
// Starts the threads, has them watched, and decides what it means that one is down.
//
//   starting → running    all threads have met at the barrier
//   running → draining    the source ran dry · time is up · somebody asked             (machine-watch.ts)
//   draining → ended      nothing is in flight any more, or nothing has moved for a second
//   draining → failed     the source ended before its end: all before is delivered, and then told
//   any → failed          a thread died: every other one is ended too                  (machine-end.ts)
// With onCpuLoss=migrate a CPU that dies, or is locked up and ended, is gone without, as long as there is another.

import { ContextWords, END_SOURCE } from '../memory/context.js';
import { CPU_COUNTERS, readCounters } from '../memory/counters.js';
import { Barrier } from '../memory/sync/barrier.js';
import type { Views } from '../memory/views.js';
import type { NicSettings } from '../nic/build.js';
import type { SourceFault } from '../nic/devices/device.js';
import { Attachments } from './attachments.js';
import { CpuDead } from './cpu-dead.js';
import { Cpus, type HotplugNeeds } from './cpus.js';
import { RoleError } from './errors.js';
import type { Machine } from './machine.js';
import { MachineEnd } from './machine-end.js';
import { MachineWatch } from './machine-watch.js';
import { NapiWorkerThreads } from './napi-workers.js';
import type { Config } from './options.js';
import type { Plan } from './plan.js';
import { workerCount } from './recording-paths.js';
import { Recordings } from './recordings.js';
import { type Meeting, RoleTasks } from './role-tasks.js';
import { type RoleEvents, Roles } from './roles.js';
import type { SnapshotSource } from './snapshot.js';
import type { Snapshot } from './snapshot-types.js';
import { ThreadUses } from './thread-uses.js';

const NIC = 'nic0';
const START_TIMEOUT_MS = 40_000;
export class Supervisor implements RoleEvents {
  readonly source: SnapshotSource;
  /** For operations on CPUs. */
  readonly hotplug: HotplugNeeds;
  readonly attachments: Attachments;
  private readonly machine: Machine;
  private readonly plan: Plan;
  private readonly config: Config;
  private readonly recordings: Recordings;
  private readonly uses = new ThreadUses();
  private readonly nic: ContextWords;
  /** Of the NIC, then of the CPUs. */
  private readonly contexts: readonly ContextWords[];
  private readonly tasks: RoleTasks;
  private readonly roles: Roles;
  private readonly workers: NapiWorkerThreads;
  private readonly cpus: Cpus;
  private readonly watch: MachineWatch;
  private readonly end: MachineEnd;
  /** CPUs that are locked up and about to be ended. */
  private readonly locked = new Set<number>();
  private met = false;

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
    this.tasks = new RoleTasks(machine, plan, config, nicSettings, recordings);
    this.roles = new Roles(config.execArgv, this);
    this.workers = this.workersOf(config);
    this.attachments = new Attachments(machine, plan, config, recordings);
    const contexts = [...this.contexts, ...contextsAt(machine.views, plan.pollerContexts)];
    this.hotplug = {
      cpus,
      dead,
      roles: this.roles,
      contexts,
      start: (cpu) => this.startCpu(cpu, null),
      nowMs: () => performance.now(),
    };
    this.watch = this.watchOf(config);
    this.end = this.endOf(config);
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
    const met = await barrier.waitAsync(START_TIMEOUT_MS, () => this.end.failed);
    if (!met) {
      barrier.breakUp(); // The others wake, and find STOP.
      await this.done; // Rejects.
    }
    this.met = true;
    for (const [index, role] of this.names().entries()) this.uses.begin(role, this.contexts[index]!.tid());
    this.watch.begin(this.config.duration);
  }

  get done(): Promise<Snapshot> {
    return this.end.done;
  }

  /** As the table above has it, but that it ends and fails alike. */
  get state(): 'running' | 'draining' | 'ended' {
    if (this.end.ended) return 'ended';
    return this.watch.draining ? 'draining' : 'running';
  }

  /** Threads are asked to leave: nothing can be changed any more. */
  get stopping(): boolean {
    return this.end.stopping;
  }

  /** True when no thread runs any more. */
  get ended(): boolean {
    return this.end.ended;
  }

  /** The source offers no further frame; what is in flight is drained, and the machine ends. */
  endSource(): void {
    this.watch.endSource();
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
    if (cpu < 0 || !this.migrates() || !this.cpus.lose(cpu, cause)) this.end.fail(new RoleError(role, cause));
  }

  private names(): string[] {
    return [NIC, ...this.plan.cpus.map(({ cpu }) => `cpu${cpu}`)];
  }

  /** @throws Error of Node's when there can be no such thread, by execArgv; then nothing is open and nothing runs */
  private async tryStartThreads(prepare: () => Promise<void> | null, parties: number): Promise<void> {
    try {
      const preparing = prepare();
      if (preparing !== null) await preparing;
      if (!this.end.failed) this.startThreads(parties); // or a worker has died meanwhile
    } catch (error) {
      await this.end.abandon();
      throw error;
    }
  }

  private startThreads(parties: number): void {
    const meeting = { barrier: this.plan.barrier, parties };
    this.roles.start(NIC, 'nic', this.nic, this.tasks.nic(meeting));
    for (const { cpu } of this.plan.cpus) this.startCpu(cpu, meeting);
    if (this.watch.draining) this.nic.ask(END_SOURCE); // Somebody has asked before it had a thread.
  }

  private startCpu(cpu: number, meeting: Meeting): void {
    this.roles.start(`cpu${cpu}`, 'cpu', this.contexts[1 + cpu]!, this.tasks.cpu(cpu, meeting));
  }

  private workersOf(config: Config): NapiWorkerThreads {
    const { machine, plan } = this;
    const workers = new NapiWorkerThreads(machine, plan, workerCount(config), config.execArgv, {
      task: (queue, name) => this.tasks.worker(queue, name),
      fail: (error) => this.end.fail(error),
    });
    if (workerCount(config) > 0) machine.threads.provide(workers);
    return workers;
  }

  private watchOf(config: Config): MachineWatch {
    const { machine, plan, nic, attachments, cpus } = this;
    const { lockupSeconds } = config;
    const parts = { machine, plan, nic, contexts: this.contexts.slice(1), lockupSeconds, attachments, cpus };
    return new MachineWatch(parts, {
      died: (error) => this.end.fail(error),
      lockedUp: (cpu) => {
        if (cpus.stateOf(cpu) === 'online' && !this.locked.has(cpu)) void this.endLocked(cpu);
      },
      drained: () => void this.end.end(),
    });
  }

  private endOf({ mode }: Config): MachineEnd {
    const { source, cpus, recordings, roles, workers, attachments } = this;
    return new MachineEnd({ source, mode, cpus, recordings, roles, workers, attachments }, () => this.watch.stop());
  }

  private migrates(): boolean {
    return this.config.onCpuLoss === 'migrate' && this.met && !this.recordings.faulty();
  }

  private async endLocked(cpu: number): Promise<void> {
    const role = `cpu${cpu}`;
    const why = `locked up: its loop has not turned for ${this.config.lockupSeconds} s, and it was ended`;
    this.locked.add(cpu);
    if (this.migrates()) await this.roles.end(role);
    this.locked.delete(cpu);
    this.died(role, new Error(why));
  }
}

function contextsAt(views: Views, addresses: readonly number[]): ContextWords[] {
  return addresses.map((address) => new ContextWords(views, address));
}

/** The configuration as reports print it. */
function visible(config: Config): Record<string, unknown> {
  const { sink, task, execArgv: _, ...rest } = config;
  const tasks = task.map(({ data: _, ...shown }) => shown);
  return { ...rest, sink: sink === null ? null : String(sink.url), task: tasks };
}
