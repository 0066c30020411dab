// Cold. Runs on: main.
// A CPU of the deterministic machine: the agent that runs on a thread elsewhere, and a test's hands on it.

import type { Step, TaskFactory } from '../cpu/application-task.js';
import type { CpuCore } from '../cpu/core.js';
import { CALL_CPU_DEAD } from '../irq/call.js';
import type { ContextWords } from '../memory/context.js';
import type { BusyLoop } from '../napi/busy-poll.js';
import { pollNapi } from '../napi/netpoll.js';
import { NapiWait, type WaitSeams } from '../napi/wait.js';
import type { Waitable } from '../napi/wait-event.js';
import type { ControlOperation } from '../runtime/operation.js';
import { type BacklogWorld, SimulatedBacklog } from './backlog.js';
import { type ContextsWorld, CpuContexts } from './contexts.js';
import { type ApplicationOptions, CpuTasks, type TaskUse } from './tasks.js';
import type { ThreadParts } from './thread.js';

/** What a CPU needs of its machine. */
export interface CpuWorld extends BacklogWorld, ContextsWorld {
  readonly cpus: readonly SimulatedCpu[];
  /** As a thread of it begins: the machine's instances and lines are known there. */
  attach(core: CpuCore): void;
  /** The instance's name. */
  nameOf(napi: number): string;
  /** Gives the CPUs turns until the operation is complete. */
  wait(operation: ControlOperation): void;
}

export class SimulatedCpu extends CpuContexts {
  /** signal_pending, by hand: as if the host had asked something of this CPU. It ends busy loops and waits of tasks. */
  signalPending = false;
  /** What other CPUs, and this one, set aside for it. */
  readonly backlog: SimulatedBacklog;
  /** @internal */
  readonly context: ContextWords;
  private readonly world: CpuWorld;
  private readonly tasks: CpuTasks;

  /** @internal @param taskBlocks of TASK_COUNTERS */
  constructor(
    world: CpuWorld,
    context: ContextWords,
    parts: Omit<ThreadParts, 'needResched'>,
    taskBlocks: readonly number[],
  ) {
    super(parts, world);
    const { layout, views, clock } = parts;
    this.world = world;
    this.context = context;
    this.backlog = new SimulatedBacklog(world, this.core, layout.counters);
    this.tasks = new CpuTasks(views, clock, this, taskBlocks);
    this.attach();
  }

  // ── process context ──

  /**
   * A task of the application, from now on: turn() and run() give it the CPU by fair share, as they do ksoftirqd. `step` does a little
   * work, and returns how much; after 0 or false it is asked again a millisecond later.
   * @param weight its share, against 1024 of ksoftirqd
   * @returns what it has used
   */
  addTask(name: string, step: Step, weight?: number): TaskUse {
    return this.addApplication(name, () => step, weight === undefined ? {} : { weight });
  }

  /** Likewise, from its factory, which is given what a task's module is given, and called anew when this CPU is online again. */
  addApplication(name: string, factory: TaskFactory, options: ApplicationOptions = {}): TaskUse {
    this.assertUp('addApplication');
    return this.tasks.add(this.core, name, factory, options);
  }

  /** napi_busy_loop, by NAPI id, in process context. Without `loopEnd` it polls once, and once more to end it. */
  busyLoop(napiId: number, options: Partial<BusyLoop> = {}): void {
    const loopEnd = options.loopEnd ? this.guard(options.loopEnd) : null;
    this.on('busyLoop', () => this.core.busyPoller.napiBusyLoop(napiId, { ...options, loopEnd }));
  }

  /** A wait over these events (ep_poll), by code of this CPU; call it in task(). */
  napiWait(events: readonly Waitable[]): NapiWait {
    return new NapiWait(this.core.busyPoller, events, this.waitSeams);
  }

  /** poll_napi() of netpoll, over these instances. */
  netpoll(...napis: readonly { readonly id: number }[]): void {
    const views = napis.map(({ id }) => this.core.softnet.napis[id]!);
    this.on('netpoll', () => pollNapi(views, this.id, this.parts.printk, this.parts.trace));
  }

  // ── packets ──

  /** netif_rx: to this CPU's own backlog. @returns false when that is full, or its flow over the limit: NET_RX_DROP */
  netifRx(packet: unknown, hash = 0): boolean {
    const rx = () => this.enqueueToBacklog(this.id, packet, hash);
    return this.inInterrupt ? rx() : this.bhDisabled(rx);
  }

  /**
   * enqueue_to_backlog, by this CPU, to the backlog of CPU `target`, which may be itself: in irq(), in bhDisabled(), or in a poll, as in
   * the kernel, so that a softirq follows that calls `target`.
   * @param packet anything; `target`'s backlog.onPacket is given it @param hash of its flow, 0 … 2^32 - 1: for flow limits
   * @returns false when that backlog is full, or the flow over this CPU's limit: NET_RX_DROP
   * @throws Error when `target` is offline
   */
  enqueueToBacklog(target: number, packet: unknown, hash = 0): boolean {
    return this.on('enqueueToBacklog', () => this.backlog.enqueue(target, packet, hash));
  }

  /**
   * The backlog's part of dev_cpu_dead alone, on this CPU, for one that gets no turn any more but keeps its thread: its packets, and the
   * calls that it owes. offline() and kill() do this, and all else.
   * @returns packets that were left
   */
  inheritBacklog(dead: SimulatedCpu): number {
    return this.on('inheritBacklog', () => {
      dead.backlog.leaveList();
      this.callFor(dead);
      return this.backlog.inherit(dead.id);
    });
  }

  // ── turns ──

  /** A turn would do something: an interrupt is pending, a timer is due, or somebody is runnable. */
  get isReady(): boolean {
    return this.isUp && (this.world.hotplug.isLeaving(this) || this.thread.isReady);
  }

  /** @internal When the agent will have something to do by itself. */
  nextNs(): number {
    return this.isUp ? this.thread.agent.nextNs() : Number.POSITIVE_INFINITY;
  }

  /**
   * One turn of its loop: interrupts and timers that are due, with their softirqs, then a turn of ksoftirqd or of a task.
   * @returns how much it did
   */
  turn(): number {
    if (this.world.hotplug.leave(this)) return 0;
    return this.on('turn', () => {
      const work = this.thread.agent.doWork();
      this.context.turn();
      return work;
    });
  }

  /** The CPU would go to sleep now: what is only marked is told in m.log. @returns false when there is something to do after all */
  idle(): boolean {
    return this.on('idle', () => !this.thread.agent.workArrived());
  }

  // ── hotplug ──

  /** False from when it is asked to leave until it is online again. */
  get isOnline(): boolean {
    return this.world.hotplug.stateOf(this.id) === 'online';
  }

  /**
   * cpu_device_down: blocks, while the CPUs go on, until it has left its loop and others have what it held. Its lines go to the others; its
   * instances, timers and packets to the CPU that executes this, or else to the first that is online, at that CPU's next delivery
   * point. What was pending of other softirqs, and its tasks, end with it.
   * @throws ErrnoError EINVAL: it is not online · EBUSY: it is the last one · Error: it is itself in the middle of something, which cannot
   *   go on; in a softirq or an interrupt
   */
  offline(): void {
    if (this.isActive)
      throw new Error(`cpu_down: cpu=${this.id}: it is in the middle of something: call this elsewhere`);
    this.world.wait(this.world.hotplug.offline(this));
  }

  /** Begins to take it offline; the caller steps it, and gives the CPU the turn in which it leaves. @throws ErrnoError as offline() */
  beginOffline(): ControlOperation {
    const offline = this.world.hotplug.offline(this);
    offline.begin();
    return offline;
  }

  /** cpu_device_up: a fresh thread. Nothing is pending; lines do not come back by themselves. @throws ErrnoError EINVAL: it is online */
  online(): void {
    this.world.wait(this.world.hotplug.online(this));
  }

  /**
   * It dies here and now, which may be in the middle of its own interrupt, poll or task: whatever that would have done next does not happen.
   * Others take over as when a thread dies: every instance is scheduled once, since nobody knows what it was about to do.
   * @throws ErrnoError EINVAL: it is not online, nor leaving · EBUSY: it is the last one
   */
  kill(): void {
    this.world.hotplug.kill(this);
    this.world.executions.current?.execution.goOn();
  }

  /** @internal A fresh thread; what was registered of it is registered there. */
  begin(): void {
    this.beginThread();
    this.backlog.attach(this.core);
    this.attach();
    this.tasks.beginAnew(this.core);
  }

  private attach(): void {
    const { calls } = this.core;
    const takeOver = calls[CALL_CPU_DEAD]!;
    calls[CALL_CPU_DEAD] = (dead) => {
      this.callFor(this.world.cpus[dead]!);
      takeOver(dead);
    };
    this.world.attach(this.core);
  }

  /** Whom `dead` was to call, as it has sent packets there. */
  private callFor(dead: SimulatedCpu): void {
    this.core.softnet.inheritRpsIpis(this.views, dead.parts.layout.softnet);
  }

  // ── for its own parts ──

  /** @internal */
  get timersAddress(): number {
    return this.parts.layout.timers;
  }

  /** @internal */
  get waitSeams(): WaitSeams {
    const signalPending = () => {
      this.world.executions.goOn(); // A task's busyLoop() may have caught the end of this CPU.
      return this.signalPending;
    };
    return { clock: this.parts.clock, sysctls: this.core.sysctls, signalPending };
  }

  protected override nameOf(napi: number): string {
    return this.world.nameOf(napi);
  }
}
