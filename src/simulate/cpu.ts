// Cold. Runs on: main.
// A CPU of the deterministic machine: the agent that runs on a thread elsewhere, and a test's hands on it.

import { ApplicationTask, type Step, type TaskFactory } from '../cpu/application-task.js';
import { buildCore, type CoreLayout, type CoreSettings, type CpuCore } from '../cpu/core.js';
import { Cpu } from '../cpu/cpu.js';
import { NICE_0_WEIGHT } from '../cpu/scheduler.js';
import { TaskNapi } from '../cpu/task-napi.js';
import { TaskSleep } from '../cpu/task-sleep.js';
import { CPU_COUNTERS, counterAddresses, readCounters, SOFTIRQ_VECTORS, TASK_COUNTERS } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { type Capability, capabilitiesOf } from '../napi/busy-params.js';
import type { BusyLoop } from '../napi/busy-poll.js';
import { pollNapi } from '../napi/netpoll.js';
import type { PollList } from '../napi/poll-list.js';
import { NapiWait, type WaitSeams } from '../napi/wait.js';
import type { Waitable } from '../napi/wait-event.js';
import type { BacklogLayout } from '../net/backlog-layout.js';
import type { Clock } from '../runtime/clock.js';
import type { Printk } from '../runtime/printk.js';
import { type PacketTable, SimulatedBacklog } from './backlog.js';
import { vectorOf } from './check.js';
import { NAPIS_MAX } from './layout.js';
import type { CpuTrace } from './trace.js';

export type Vector = (typeof SOFTIRQ_VECTORS)[number];

/** What a CPU needs of its machine. */
export interface CpuWorld {
  readonly views: Views;
  readonly clock: Clock;
  readonly printk: Printk;
  readonly packets: PacketTable;
  /** Runs `run` with this CPU as the one that executes. */
  on<T>(cpu: SimulatedCpu, run: () => T): T;
  /** The instance's name. */
  nameOf(napi: number): string;
}

/** What a task has used. */
export interface TaskUse {
  readonly steps: number;
  readonly runNs: number;
}

export interface ApplicationOptions {
  /** Default 1024. */
  readonly weight?: number;
  readonly data?: unknown;
  /** Default: none. */
  readonly capabilities?: readonly Capability[];
  /** What its `napi.packets` are: m.event() of the test's own. Default: none. */
  readonly packets?: readonly Waitable[];
}

export class SimulatedCpu {
  readonly id: number;
  /** need_resched, by hand. */
  needResched = false;
  /** signal_pending, by hand: as if the host had asked something of this CPU. */
  signalPending = false;
  readonly backlog: SimulatedBacklog;
  /** @internal */
  readonly core: CpuCore;
  private readonly world: CpuWorld;
  private readonly layout: CoreLayout;
  private readonly trace: CpuTrace;
  private readonly agent: Cpu;
  /** What the test's own interrupts do, innermost last. */
  private readonly handlers: (() => void)[] = [];
  /** Blocks of TASK_COUNTERS that no task has yet. */
  private readonly taskCounters: number[];

  /** @internal */
  constructor(
    world: CpuWorld,
    layout: CoreLayout,
    settings: CoreSettings,
    trace: CpuTrace,
    irqs: readonly number[],
    taskCounters: readonly number[],
    backlogs: readonly BacklogLayout[],
  ) {
    const { views, clock, printk } = world;
    this.id = layout.cpu;
    this.world = world;
    this.layout = layout;
    this.trace = trace;
    this.taskCounters = [...taskCounters];
    const seams = { clock, printk, trace, needResched: () => this.needResched };
    this.core = buildCore(views, layout, settings, seams, irqs);
    const { interrupts, softirqs, scheduler, timers } = this.core;
    this.agent = new Cpu(`cpu${this.id}`, interrupts, softirqs, scheduler, timers);
    // Line n is the test's own interrupt of CPU n: level, so that it can come while its handler runs.
    this.core.lines[this.id]!.create('level', this.id);
    this.core.handlers[this.id] = { handle: () => this.handlers.pop()?.() };
    this.backlog = new SimulatedBacklog(views, backlogs, NAPIS_MAX, this.core, world.packets, layout.counters);
  }

  // ── code on this CPU ──

  /**
   * A hard interrupt, here and now: `handler` runs in it; at its exit pending softirqs run, unless it interrupted one. An error
   * that leaves an interrupt or a softirq leaves the CPU in that context, like an oops.
   */
  irq(handler: () => void = () => {}): void {
    this.world.on(this, () => {
      this.handlers.push(handler);
      this.core.lines[this.id]!.raise();
      this.core.deliver();
    });
  }

  /** Process context. @returns what `run` returned */
  task<T>(run: () => T): T {
    return this.world.on(this, run);
  }

  /**
   * A task of the application, from now on: turn() and run() give it the CPU by fair share, as they do ksoftirqd.
   * @returns what it has used
   */
  addTask(name: string, step: Step, weight = NICE_0_WEIGHT): TaskUse {
    return this.addApplication(name, () => step, { weight });
  }

  /** Likewise, from its factory, which is given what a task's module is given. */
  addApplication(name: string, factory: TaskFactory, options: ApplicationOptions = {}): TaskUse {
    const { views, clock } = this.world;
    const { weight = NICE_0_WEIGHT, data = null, capabilities = [], packets = [] } = options;
    const block = this.taskCounters.shift();
    if (block === undefined) throw new RangeError(`simulate: task ${name}: a CPU has no room for more`);
    const counters = counterAddresses(TASK_COUNTERS, block, TASK_COUNTERS);
    const { interrupts, busyPoller, scheduler } = this.core;
    const sleep = new TaskSleep(null);
    const cpu = { ...this.waitSeams, busyPoller, packets };
    const napi = new TaskNapi(cpu, capabilitiesOf(capabilities), sleep);
    const step = this.task(() => factory({ cpu: this.id, data, napi }));
    const interrupted = () => interrupts.any();
    scheduler.add(new ApplicationTask(views, name, step, sleep, weight, clock, interrupted, counters));
    const read = () => readCounters(views, TASK_COUNTERS, block);
    return {
      get steps() {
        return read().steps;
      },
      get runNs() {
        return read().runNs;
      },
    };
  }

  /** Process context with bottom halves disabled around `run`; at local_bh_enable() pending softirqs run. */
  bhDisabled<T>(run: () => T): T {
    return this.task(() => {
      this.core.softirqs.localBhDisable();
      const result = run();
      this.core.softirqs.localBhEnable();
      return result;
    });
  }

  /** napi_busy_loop, by NAPI id, in process context. */
  busyLoop(napiId: number, options: Partial<BusyLoop> = {}): void {
    this.task(() => this.core.busyPoller.napiBusyLoop(napiId, options));
  }

  private get waitSeams(): WaitSeams {
    const { clock } = this.world;
    return { clock, sysctls: this.core.sysctls, signalPending: () => this.signalPending };
  }

  /** A wait over these events, by code of this CPU; call it in task(). */
  napiWait(events: readonly Waitable[]): NapiWait {
    return new NapiWait(this.core.busyPoller, events, this.waitSeams);
  }

  localBhDisable(): void {
    this.task(() => this.core.softirqs.localBhDisable());
  }

  localBhEnable(): void {
    this.task(() => this.core.softirqs.localBhEnable());
  }

  /** One pass of handle_softirqs(): an interrupt, at whose exit a task wants the CPU after each pass. */
  pass(): void {
    const before = this.needResched;
    this.needResched = true;
    this.irq();
    this.needResched = before;
  }

  /** One turn of ksoftirqd, up to its cond_resched(). @returns false when it slept, or found nothing to do */
  ksoftirqd(): boolean {
    return this.task(() => this.ksoftirqdRunnable && this.core.softirqs.runKsoftirqd());
  }

  /** poll_napi() of netpoll, over these instances. */
  netpoll(...napis: readonly { readonly id: number }[]): void {
    const views = napis.map(({ id }) => this.core.softnet.napis[id]!);
    this.task(() => pollNapi(views, this.id, this.world.printk, this.trace));
  }

  // ── packets ──

  /** netif_rx: to this CPU's own backlog. @returns false when that is full, or its flow over the limit: NET_RX_DROP */
  netifRx(packet: unknown, hash = 0): boolean {
    const rx = () => this.enqueueToBacklog(this.id, packet, hash);
    return this.inInterrupt ? rx() : this.bhDisabled(rx);
  }

  /**
   * enqueue_to_backlog, by this CPU: in irq(), in bhDisabled(), or in a poll, as in the kernel, so that a softirq follows that
   * calls `target`.
   * @param hash skb_get_hash: what tells one flow from another
   * @returns false when its backlog is full, or the flow over this CPU's limit: NET_RX_DROP
   */
  enqueueToBacklog(target: number, packet: unknown, hash = 0): boolean {
    return this.task(() => this.backlog.enqueue(target, packet, hash));
  }

  /**
   * dev_cpu_dead, on this CPU, for one that gets no turn any more: its backlog, and the calls that it owes.
   * @returns packets that were left
   */
  inheritBacklog(dead: SimulatedCpu): number {
    return this.task(() => {
      dead.backlog.leaveList();
      this.core.softnet.inheritRpsIpis(this.world.views, dead.layout.softnet);
      return this.backlog.inherit(dead.id);
    });
  }

  // ── softirqs ──

  /** open_softirq */
  open(vector: Vector, run: () => void): void {
    this.core.softirqs.open(vectorOf(vector), { run });
  }

  /** raise_softirq */
  raise(vector: Vector): void {
    this.task(() => this.core.softirqs.raise(vectorOf(vector)));
  }

  /** __raise_softirq_irqoff */
  mark(vector: Vector): void {
    this.task(() => this.core.softirqs.mark(vectorOf(vector)));
  }

  // ── turns ──

  /** True when the agent would do something. */
  get isReady(): boolean {
    return this.core.interrupts.any() || this.core.scheduler.isRunnable();
  }

  /** @internal When the agent will have something to do by itself. */
  nextNs(): number {
    return this.agent.nextNs();
  }

  /** One turn of the agent: what a thread's loop does once. @returns how much it did */
  turn(): number {
    return this.task(() => this.agent.doWork());
  }

  /** The CPU would go to sleep now. @returns false when there is something to do after all */
  idle(): boolean {
    return this.task(() => !this.agent.workArrived());
  }

  // ── looking ──

  /** The pending mask, lowest vector first. */
  get pending(): Vector[] {
    const { pending } = this.core.softirqs;
    return SOFTIRQ_VECTORS.filter((_, vector) => (pending & (1 << vector)) !== 0);
  }

  /** softnet_data.poll_list, by name. */
  get pollList(): string[] {
    return this.names(this.core.softnet.pollList);
  }

  /** The list that the present net_rx_action works on. */
  get localList(): string[] {
    return this.names(this.core.softnet.local);
  }

  get repollList(): string[] {
    return this.names(this.core.softnet.repoll);
  }

  get inNetRxAction(): boolean {
    return this.core.softnet.inNetRxAction;
  }

  /** Is runnable, or runs. */
  get ksoftirqdRunnable(): boolean {
    return this.core.softirqs.ksoftirqdRunnable;
  }

  get preemptCount(): number {
    return this.core.softirqs.preempt.value;
  }

  /** @internal */
  get timersAddress(): number {
    return this.layout.timers;
  }

  /** @internal */
  get inInterrupt(): boolean {
    return this.core.softirqs.preempt.inInterrupt;
  }

  /** How often each vector ran: /proc/softirqs. */
  get softirqs(): Record<Vector, number> {
    const counters = this.counters;
    return Object.fromEntries(SOFTIRQ_VECTORS.map((name) => [name, counters[name]])) as Record<Vector, number>;
  }

  get timeSqueeze(): number {
    return this.counters.timeSqueeze;
  }

  /** Everything that this CPU counts. */
  get counters(): Record<(typeof CPU_COUNTERS)[number], number> {
    return readCounters(this.world.views, CPU_COUNTERS, this.layout.counters);
  }

  private names(list: PollList): string[] {
    return list.ids().map((id) => this.world.nameOf(id));
  }
}
