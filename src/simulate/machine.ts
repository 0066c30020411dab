// Cold. Runs on: main.
// The deterministic machine: CPUs, interrupts, softirqs and NAPI of a real machine on one thread, under a virtual clock and a
// seed. A test brings the driver, and decides what runs where and when.

import type { CpuCore } from '../cpu/core.js';
import type { LineFlow } from '../irq/line.js';
import { ContextWords } from '../memory/context.js';
import { type Views, viewsOf } from '../memory/views.js';
import { NapiIds } from '../napi/control.js';
import { NapiDevice, type SysfsName } from '../napi/device.js';
import { Softnet } from '../napi/softnet.js';
import type { NapiState } from '../napi/state.js';
import { Sysctls } from '../napi/sysctl.js';
import { NapiThreads } from '../napi/threaded.js';
import { EVENT_BYTES, WaitEvent } from '../napi/wait-event.js';
import type { BacklogLayout } from '../net/backlog-layout.js';
import { VirtualClock } from '../runtime/clock.js';
import { ErrnoError } from '../runtime/errno.js';
import { Printk } from '../runtime/printk.js';
import { PacketTable } from './backlog.js';
import { assertOneOf, assertWhole } from './check.js';
import { SimulatedCpu } from './cpu.js';
import { Executions } from './execution.js';
import { Hotplug } from './hotplug.js';
import { EVENTS_MAX, LINES_MAX, layOut, NAPIS_MAX, type SimulationLayout } from './layout.js';
import { assertTarget, SimulatedLine } from './line.js';
import { type NapiOptions, type PollFunction, SimulatedNapi } from './napi.js';
import { assertOptions, type SimulateOptions } from './options.js';
import type { Vector } from './reading.js';
import { SimulatedRemains } from './remains.js';
import type { CpuThread } from './thread.js';
import { CpuTrace, TraceLog, type TraceNames } from './trace.js';
import { Turns } from './turns.js';

const FLOWS: readonly LineFlow[] = ['latch', 'nolatch', 'level'];

/** Makes a machine at rest, at time 0. @throws RangeError naming the option that makes no sense */
export function simulate(options: SimulateOptions = {}): Simulation {
  assertOptions(options);
  return new Simulation(options);
}

export class Simulation extends Turns {
  /** By number. */
  override readonly cpus: readonly SimulatedCpu[];
  /** What the kernel would have printed, line by line. */
  readonly log: string[] = [];
  /** All that happened, with the kernel's tracepoint names. */
  readonly trace = new TraceLog();
  /** net.core.*: every CPU's next net_rx_action goes by what is set. */
  readonly sysctls: Sysctls;
  /** How many NAPI threads there can be: the creation of one more fails, with ENOMEM. Default: no limit. */
  threadsMax = Number.POSITIVE_INFINITY;
  /** @internal */
  override readonly hotplug: Hotplug;
  /** @internal */
  override readonly executions = new Executions<CpuThread>();
  /** @internal */
  readonly views: Views;
  /** @internal */
  readonly printk = new Printk((line) => this.log.push(line));
  /** @internal */
  readonly ids: NapiIds;
  /** @internal */
  readonly packets = new PacketTable();
  /** @internal Of the backlogs. */
  readonly layouts: readonly BacklogLayout[];
  private readonly devices = new Map<string, NapiDevice>();
  private readonly threads = new NapiThreads((name) => this.createThread(name));
  private readonly napis: { readonly napi: SimulatedNapi; readonly poll: PollFunction }[] = [];
  /** By line; the CPUs' own come first. */
  private readonly lines: { readonly name: string; readonly handler: () => void }[];
  private readonly words: readonly NapiState[];
  private readonly eventsAddress: number;
  private events = 0;

  /** @internal Use simulate(). */
  constructor(options: SimulateOptions) {
    const { cpus = 1, seed = 1, hz = 1000, turnNs = [0], budget, budgetUsecs } = options;
    super(new VirtualClock(hz), seed, turnNs);
    const layout = layOut(cpus);
    this.views = viewsOf(new SharedArrayBuffer(layout.bytes));
    this.layouts = layout.backlogs;
    this.eventsAddress = layout.events;
    this.sysctls = new Sysctls(this.views, layout.cpus[0]!.sysctls, hz);
    this.sysctls.create();
    if (budget !== undefined) this.sysctls.set('net.core.netdev_budget', budget);
    if (budgetUsecs !== undefined) this.sysctls.set('net.core.netdev_budget_usecs', budgetUsecs);
    for (const { softnet } of layout.cpus) Softnet.create(this.views, softnet);
    this.lines = layout.cpus.map((_, cpu) => ({ name: `cpu${cpu}`, handler: () => {} }));
    this.cpus = this.makeCpus(layout, options.threadIrqs ?? false);
    const states = this.cpu.core.softnet.napis.map(({ state }) => state);
    for (const backlog of states.slice(NAPIS_MAX)) backlog.create();
    this.words = states.slice(0, NAPIS_MAX);
    this.ids = new NapiIds(this.words, cpus);
    this.hotplug = new Hotplug(this.cpus, this.remainsOf(layout, states));
  }

  private makeCpus(layout: SimulationLayout, threadIrqs: boolean): SimulatedCpu[] {
    const { views, clock, printk } = this;
    const common = { views, clock, printk, settings: { threadIrqs } };
    const names = this.traceNames();
    return layout.cpus.map((core, cpu) => {
      const trace = new CpuTrace(this.trace, clock, cpu, names);
      const parts = { ...common, layout: core, trace, irqs: layout.irqs[cpu]! };
      return new SimulatedCpu(this, new ContextWords(views, layout.contexts[cpu]!), parts, layout.tasks[cpu]!);
    });
  }

  private remainsOf(layout: SimulationLayout, states: readonly NapiState[]): SimulatedRemains {
    const { irq } = layout.cpus[0]!;
    const lines = this.cpu.core.lines.slice(this.cpus.length);
    const parts = { irq, states, lines, doorbells: layout.contexts, cpus: layout.cpus };
    return new SimulatedRemains(this.views, parts, layout.backlogs, {
      executing: () => this.executions.current?.core.softnet.context ?? null,
      owesCalls: (cpu) => !this.cpus[cpu]!.core.softnet.rpsIpiList.isEmpty(),
    });
  }

  private traceNames(): TraceNames {
    return {
      napi: (id) => this.nameOf(id),
      device: (id) => this.cpu.core.softnet.napis[id]!.device,
      thread: (id) => this.napis[id]!.napi.thread ?? '',
      irq: (line) => this.lines[line]!.name,
    };
  }

  /** CPU 0. */
  get cpu(): SimulatedCpu {
    return this.cpus[0]!;
  }

  /** The CPU that executes now, e.g. in a poll; null: none does. */
  get smpProcessorId(): number | null {
    return this.executions.current?.core.softnet.context ?? null;
  }

  // ── a driver ──

  /**
   * A NAPI instance whose poll is `poll`; enabled, unless the options say otherwise. It can be polled on every CPU.
   * @throws RangeError: an option makes no sense, or there are 64 already
   */
  napi(name: string, poll: PollFunction, options: NapiOptions = {}): SimulatedNapi {
    const id = this.napis.length;
    assertWhole('napis', id + 1, 1, NAPIS_MAX);
    const napi = new SimulatedNapi(this, this.words[id]!, name, options);
    const guarded = this.executions.guard(poll);
    this.napis.push({ napi, poll: guarded });
    for (const { core } of this.cpus) attachNapi(core, napi, guarded);
    return napi;
  }

  /**
   * An interrupt line, enabled; `handler` runs on the CPU that it targets, at that CPU's next delivery point.
   * @param flow what it does with an event while it is masked: `latch` remembers it, once; `nolatch` does not; `level` is never masked
   * @throws RangeError: no such flow or CPU, or no room: 64 less the CPUs · ErrnoError EINVAL: that CPU is offline
   */
  line(name: string, handler: () => void, flow: LineFlow = 'latch', cpu = 0): SimulatedLine {
    const id = this.lines.length;
    assertWhole('lines', id + 1, 1, LINES_MAX);
    assertOneOf('flow', flow, FLOWS);
    assertTarget(this, name, cpu);
    const guarded = this.executions.guard(handler);
    this.lines.push({ name, handler: guarded });
    for (const { core } of this.cpus) core.handlers[id] = { handle: guarded };
    const line = this.cpu.core.lines[id]!;
    line.create(flow, cpu);
    return new SimulatedLine(this, line, name);
  }

  /** open_softirq, on every CPU: `run` is what the vector does from now on, and is given the CPU that runs it. */
  open(vector: Vector, run: (cpu: SimulatedCpu) => void): void {
    for (const cpu of this.cpus) cpu.open(vector, () => run(cpu));
  }

  /** Something to wait for: `napiWait()`, `napi.wait()` of a task. `signal(napiId)` is the producer's. */
  event(): WaitEvent {
    const index = this.events;
    assertWhole('events', index + 1, 1, EVENTS_MAX);
    this.events += 1;
    return new WaitEvent(this.views.words.buffer, this.eventsAddress + index * EVENT_BYTES);
  }

  /** A write to /sys/class/net/DEVICE/FILE: blocks, while the CPUs go on. @throws ErrnoError */
  sysfs(device: string, file: SysfsName, value: number): void {
    this.wait(this.device(device).write(file, value));
  }

  // ── for its parts ──

  /** @internal */
  device(name: string): NapiDevice {
    const device = this.devices.get(name) ?? new NapiDevice(name, NAPIS_MAX, this.ids, this.threads);
    this.devices.set(name, device);
    return device;
  }

  private createThread(name: string): void {
    if (this.threads.count >= this.threadsMax) throw new ErrnoError('ENOMEM', name, 'no thread can be made');
  }

  /** @internal */
  attach(core: CpuCore): void {
    for (const { napi, poll } of this.napis) attachNapi(core, napi, poll);
    for (const [id, { handler }] of this.lines.entries()) core.handlers[id] ??= { handle: handler };
  }

  /** @internal */
  assertOnline(call: string, cpu: number): void {
    if (!this.hotplug.isUp(cpu)) throw new Error(`${call}: target=${cpu}: cpu${cpu} is ${this.hotplug.stateOf(cpu)}`);
  }

  /** @internal */
  softnet(call: string): Softnet {
    const { current } = this.executions;
    if (current === null) throw new Error(`${call}: on which CPU? Call it in cpu.irq(), cpu.task() or a poll`);
    this.executions.goOn();
    return current.core.softnet;
  }

  /** @internal */
  nameOf(napi: number): string {
    return napi < NAPIS_MAX ? this.napis[napi]!.napi.name : `backlog${napi - NAPIS_MAX}`;
  }
}

function attachNapi(core: CpuCore, napi: SimulatedNapi, poll: PollFunction): void {
  core.softnet.add(napi.id, { ...napi.parts(poll), thread: core.threadOf(napi.id) });
}
