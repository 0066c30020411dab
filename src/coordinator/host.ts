// Cold. Runs on: main.
// The machine as its user sees it: start, look, change, stop.

import type { InspectOptionsStylized } from 'node:util';
import { compileBursts } from '../bursts/load.js';
import type { AttachHandle } from '../cpu/attached.js';
import { ContextWords } from '../memory/context.js';
import type { SysctlName } from '../napi/sysctl.js';
import { deviceBytes } from '../nic/devices/create.js';
import type { ControlOperation } from '../runtime/operation.js';
import { INSPECT, shown } from '../runtime/shown.js';
import type { AttachOptions } from './attachments.js';
import { calibrate } from './calibrate.js';
import { ControlQueue, MoveLine } from './control.js';
import { deviceSettings } from './device-settings.js';
import { SoftirqOptionError } from './errors.js';
import { type HostCpu, RunningCpu } from './host-cpus.js';
import { applySettings } from './kernel-options.js';
import { createMachine, type Machine } from './machine.js';
import { HostNapi, type NapiControl } from './napi-control.js';
import type { Config, HostOptions } from './options.js';
import { pinRoles } from './pin.js';
import { makePlan, type Plan } from './plan.js';
import { checkRecordingPaths, workerCount } from './recording-paths.js';
import { writerCount } from './recordings.js';
import { resolveOptions } from './resolve-options.js';
import { takeSnapshot } from './snapshot.js';
import type { Snapshot } from './snapshot-types.js';
import { Supervisor } from './supervisor.js';

/** `host.sysctl`. */
export interface SysctlControl {
  /** @throws ErrnoError ENOENT when there is no such sysctl here */
  get(name: SysctlName): number;
  /** @throws ErrnoError ENOENT · EINVAL; nothing is changed then */
  set(name: SysctlName, value: number): void;
}

/** A running machine. */
export interface Host {
  /** The options in force, defaults filled in. */
  readonly config: Config;
  /**
   * Resolves with the last snapshot after an orderly end: the source ran dry, time was up, or stop() was called.
   * Rejects with RoleError when a thread died, with BrokenCaptureError when a capture could not be read to its end, with
   * RecordingError when what is recorded could not be written, with InvariantError when the counters contradict each other.
   */
  readonly done: Promise<Snapshot>;
  /** What `done` will not say: the capacity that was calibrated, options that this system cannot honour. */
  readonly notes: readonly string[];
  /** The shared memory, region by region, as a commented sum in bytes. */
  readonly memory: string;
  /** The counters now. Those of different threads are not of one moment. */
  snapshot(): Snapshot;
  /** What goes on after the traffic, if it takes long: capture files are put in order. Null = nothing. */
  activity(): string | null;
  /** Ends the source, lets the CPUs drain what is in flight (a second without progress at most), ends the threads. */
  stop(): Promise<Snapshot>;
  /** Its CPUs, by number. */
  readonly cpus: readonly HostCpu[];
  /** One of them: taken offline and brought online while traffic runs. @throws SoftirqOptionError when there is no such CPU */
  cpu(id: number): HostCpu;
  /** NAPI instances by id: looked at and changed while traffic runs. */
  readonly napi: NapiControl;
  /** net.core.*, by the kernel's names: changed while traffic runs, in force with every CPU's next net_rx_action. */
  readonly sysctl: SysctlControl;
  /**
   * Moves an interrupt line, and with it its queue's NAPI, to another CPU while traffic runs. Resolves when no other CPU
   * polls the queue any more for its interrupts. A timer that is armed on the old CPU, and a task there that busy-polls, may poll
   * it there still, as in Linux.
   * @throws SoftirqOptionError when there is no such line or CPU, or in interrupt mode, whose backlog cannot follow; ErrnoError
   *   EINVAL when the CPU is not online
   */
  moveLine(line: number, cpu: number): Promise<void>;
  /**
   * A handle with which one thread of the application attaches itself to the machine, to busy-poll: `attachHost(handle, {sink})` there.
   * Its place is free again when it has called close(), or has ended outside of a call (where the system tells, which Linux does).
   * @throws ErrnoError EOPNOTSUPP: started without `attachments` · EBUSY: all places are given
   */
  attach(options?: AttachOptions): AttachHandle;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a machine: one NIC thread, `cpus` CPU threads, over one shared memory. Resolves when all threads have met and
 * traffic runs; what goes wrong from then on rejects `done` alone.
 * @throws SoftirqOptionError · CaptureError · RecordingError, all before any thread starts · RoleError when a thread died
 *   before all had met
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const config = resolveOptions(options);
  checkRecordingPaths(config);
  const calibrated = await calibrate(config, startHost);
  const device = deviceSettings(config, calibrated.pps);
  const needs = {
    ...config,
    tasks: config.task.length,
    workers: workerCount(config),
    writers: writerCount(config),
  };
  const plan = makePlan({ ...needs, frames: deviceBytes(device) });
  const flow = config.mode === 'interrupt' ? 'level' : config.irq;
  const machine = createMachine(plan, config.ring, flow, compileBursts());
  const { budget, budgetUsecs, sysctl, napi } = config;
  const budgets = { 'net.core.netdev_budget': budget, 'net.core.netdev_budget_usecs': budgetUsecs };
  const supervisor = new Supervisor(machine, plan, config, {
    device,
    full: config.full,
    framesMax: config.packets ?? Number.POSITIVE_INFINITY,
  });
  await supervisor.start(() => applySettings(machine, { ...budgets, ...sysctl }, napi));
  const pinned = config.pin ? pinRoles(machine.views, plan) : [];
  return new RunningHost(machine, plan, config, supervisor, [...calibrated.notes, ...pinned]);
}

/** @internal */
export class RunningHost implements Host {
  readonly config: Config;
  readonly notes: readonly string[];
  /** @internal For tests that kill threads. */
  readonly supervisor: Supervisor;
  private readonly machine: Machine;
  private readonly plan: Plan;
  readonly napi: NapiControl;
  readonly sysctl: SysctlControl;
  readonly cpus: readonly HostCpu[];
  private readonly control = new ControlQueue();
  /** Of all CPUs. */
  private readonly contexts: readonly ContextWords[];

  constructor(machine: Machine, plan: Plan, config: Config, supervisor: Supervisor, notes: readonly string[]) {
    this.machine = machine;
    this.plan = plan;
    this.config = config;
    this.supervisor = supervisor;
    this.notes = notes;
    this.contexts = plan.cpuContexts.map((address) => new ContextWords(machine.views, address));
    const pollers = plan.pollerContexts.map((address) => new ContextWords(machine.views, address));
    this.napi = new HostNapi(machine, [...this.contexts, ...pollers], (operation) => this.carryOut(operation), true);
    this.sysctl = machine.sysctls;
    this.cpus = plan.cpus.map(
      ({ cpu }) =>
        new RunningCpu(
          cpu,
          supervisor.hotplug,
          (operation) => this.carryOut(operation),
          () => this.cpuRuns(cpu),
        ),
    );
  }

  get done(): Promise<Snapshot> {
    return this.supervisor.done;
  }

  get memory(): string {
    return this.plan.text;
  }

  snapshot(): Snapshot {
    return takeSnapshot(this.supervisor.source, this.supervisor.ended);
  }

  activity(): string | null {
    return this.supervisor.activity();
  }

  stop(): Promise<Snapshot> {
    this.supervisor.endSource();
    return this.done;
  }

  cpu(id: number): HostCpu {
    this.demandCpu(id);
    return this.cpus[id]!;
  }

  async moveLine(line: number, cpu: number): Promise<void> {
    const { lines } = this.machine;
    if (this.config.mode === 'interrupt') {
      throw new SoftirqOptionError('mode', 'interrupt', 'lines can be moved in mode napi only');
    }
    if (lines[line] === undefined) {
      throw new SoftirqOptionError('line', line, `must be an integer from 0 to ${lines.length - 1}`);
    }
    this.demandCpu(cpu);
    const others = this.contexts.filter((_, id) => id !== cpu);
    const { cpus } = this.supervisor.hotplug;
    const demand = () => cpus.demand(['online'], 'irq_set_affinity', cpu);
    await this.carryOut(new MoveLine(lines[line], this.machine.states[line]!, cpu, others, demand));
  }

  private demandCpu(cpu: number): void {
    if (this.plan.cpus[cpu] !== undefined) return;
    throw new SoftirqOptionError('cpu', cpu, `must be an integer from 0 to ${this.plan.cpus.length - 1}`);
  }

  private cpuRuns(cpu: number): void {
    this.supervisor.cpuRuns(cpu);
    if (this.config.pin) pinRoles(this.machine.views, this.plan);
  }

  attach(options: AttachOptions = {}): AttachHandle {
    return this.supervisor.attachments.attach(options);
  }

  private carryOut(operation: ControlOperation): Promise<void> {
    return this.control.run(operation, () => this.supervisor.stopping);
  }

  /** What a look at the machine tells: how far it is, whose packets, what became of them. */
  toJSON(): object {
    const { device, mode } = this.config;
    const { offered, delivered, dropped } = this.snapshot().conservation;
    return { state: this.supervisor.state, device, mode, cpus: this.cpus, offered, delivered, dropped };
  }

  [INSPECT](depth: number | null, options: InspectOptionsStylized): string {
    return shown('Host', this.toJSON(), depth, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
