// Cold. Runs on: main.
// The deterministic machine: CPUs, interrupts, softirqs and NAPI of a real machine on one thread, under a virtual clock and a
// seed. A test brings the driver, and decides what runs where and when.

import type { CoreSettings } from '../cpu/core.js';
import type { IrqLine, LineFlow } from '../irq/line.js';
import { type Views, viewsOf } from '../memory/views.js';
import { NapiIds } from '../napi/control.js';
import { NapiDevice, type SysfsName } from '../napi/device.js';
import { Softnet } from '../napi/softnet.js';
import type { NapiState } from '../napi/state.js';
import { Sysctls } from '../napi/sysctl.js';
import { NapiThreads } from '../napi/threaded.js';
import { EVENT_BYTES, WaitEvent } from '../napi/wait-event.js';
import { VirtualClock } from '../runtime/clock.js';
import { ErrnoError } from '../runtime/errno.js';
import type { ControlOperation } from '../runtime/operation.js';
import { Printk } from '../runtime/printk.js';
import { Random } from '../runtime/random.js';
import { PacketTable } from './backlog.js';
import { assertOneOf, assertTime, assertWhole } from './check.js';
import { SimulatedCpu } from './cpu.js';
import { EVENTS_MAX, LINES_MAX, layOut, NAPIS_MAX } from './layout.js';
import { type NapiOptions, type PollFunction, SimulatedNapi } from './napi.js';
import { CpuTrace, TraceLog, type TraceNames } from './trace.js';

export interface SimulateOptions {
  /** 1 … 63. Default 1. */
  readonly cpus?: number;
  /** Decides whose turn it is. Default 1. */
  readonly seed?: number;
  /** Jiffies per second. Default 1000. */
  readonly hz?: number;
  /** ns that a turn of run() takes: one of these, drawn by the seed. Default: time stands still unless a test moves it. */
  readonly turnNs?: readonly number[];
  /** net.core.netdev_budget. Default 300. */
  readonly budget?: number;
  /** net.core.netdev_budget_usecs. Default 2 jiffies. */
  readonly budgetUsecs?: number;
  /** `threadirqs`: softirqs after interrupts are left to ksoftirqd. Default false. */
  readonly threadIrqs?: boolean;
}

const OPTIONS = ['cpus', 'seed', 'hz', 'turnNs', 'budget', 'budgetUsecs', 'threadIrqs'];

const FLOWS: readonly LineFlow[] = ['latch', 'nolatch', 'level'];
const TURNS_MAX = 10_000;

/** Makes a machine at rest. @throws RangeError when an option makes no sense */
export function simulate(options: SimulateOptions = {}): Simulation {
  return new Simulation(options);
}

export class Simulation {
  readonly cpus: readonly SimulatedCpu[];
  /** What the kernel would have printed. */
  readonly log: string[] = [];
  readonly trace = new TraceLog();
  /** Every CPU's next net_rx_action goes by what is set. */
  readonly sysctls: Sysctls;
  /** @internal */
  readonly views: Views;
  /** @internal */
  readonly clock: VirtualClock;
  /** @internal */
  readonly printk = new Printk((line) => this.log.push(line));
  /** How many NAPI threads there can be: the creation of one more fails, with ENOMEM. Default: no limit. */
  threadsMax = Number.POSITIVE_INFINITY;
  /** @internal */
  readonly ids: NapiIds;
  /** @internal */
  readonly packets = new PacketTable();
  private readonly devices = new Map<string, NapiDevice>();
  private readonly threads = new NapiThreads((name) => this.createThread(name));
  private readonly random: Random;
  private readonly turnNs: readonly number[];
  private readonly napis: SimulatedNapi[] = [];
  private readonly lineNames: string[] = [];
  private readonly words: readonly NapiState[];
  private readonly eventsAddress: number;
  private events = 0;
  private current: SimulatedCpu | null = null;

  /** @internal Use simulate(). */
  constructor(options: SimulateOptions) {
    assertOptions(options);
    const { cpus = 1, seed = 1, hz = 1000, turnNs = [0], threadIrqs = false, budget, budgetUsecs } = options;
    const layout = layOut(cpus);
    this.views = viewsOf(new SharedArrayBuffer(layout.bytes));
    this.clock = new VirtualClock(hz);
    this.eventsAddress = layout.events;
    this.random = new Random(seed);
    this.turnNs = turnNs;
    const settings: CoreSettings = { threadIrqs };
    this.sysctls = new Sysctls(this.views, layout.cpus[0]!.sysctls, hz);
    this.sysctls.create();
    if (budget !== undefined) this.sysctls.set('net.core.netdev_budget', budget);
    if (budgetUsecs !== undefined) this.sysctls.set('net.core.netdev_budget_usecs', budgetUsecs);
    const names = this.traceNames();
    for (const { softnet } of layout.cpus) Softnet.create(this.views, softnet);
    this.cpus = layout.cpus.map((core, cpu) => {
      this.lineNames.push(`cpu${cpu}`);
      const trace = new CpuTrace(this.trace, this.clock, cpu, names);
      return new SimulatedCpu(this, core, settings, trace, layout.irqs[cpu]!, layout.tasks[cpu]!, layout.backlogs);
    });
    const states = this.cpus[0]!.core.softnet.napis.map(({ state }) => state);
    for (const backlog of states.slice(NAPIS_MAX)) backlog.create();
    this.words = states.slice(0, NAPIS_MAX);
    this.ids = new NapiIds(this.words, cpus);
  }

  private traceNames(): TraceNames {
    return {
      napi: (id) => this.nameOf(id),
      device: (id) => this.cpu.core.softnet.napis[id]!.device,
      thread: (id) => this.napis[id]!.thread ?? '',
      irq: (line) => this.lineNames[line]!,
    };
  }

  /** CPU 0. */
  get cpu(): SimulatedCpu {
    return this.cpus[0]!;
  }

  // ── a driver ──

  /** A NAPI instance whose poll is `poll`; enabled, unless the options say otherwise. It can be polled on every CPU. */
  napi(name: string, poll: PollFunction, options: NapiOptions = {}): SimulatedNapi {
    const id = this.napis.length;
    assertWhole('napis', id + 1, 1, NAPIS_MAX);
    const napi = new SimulatedNapi(this, this.words[id]!, name, options);
    this.napis.push(napi);
    for (const { core } of this.cpus) core.softnet.add(id, { ...napi.parts(poll), thread: core.threadOf(id) });
    return napi;
  }

  /** A write to /sys/class/net/DEVICE/FILE: blocks, while the CPUs go on. @throws ErrnoError */
  sysfs(device: string, file: SysfsName, value: number): void {
    this.wait(this.device(device).write(file, value));
  }

  /** @internal */
  device(name: string): NapiDevice {
    const device = this.devices.get(name) ?? new NapiDevice(name, NAPIS_MAX, this.ids, this.threads);
    this.devices.set(name, device);
    return device;
  }

  private createThread(name: string): void {
    if (this.threads.count >= this.threadsMax) throw new ErrnoError('ENOMEM', name, 'no thread can be made');
  }

  /** An interrupt line, enabled; `handler` runs on the CPU that it targets, at that CPU's next delivery point. */
  line(name: string, handler: () => void, flow: LineFlow = 'latch', cpu = 0): IrqLine {
    const id = this.lineNames.length;
    assertWhole('lines', id + 1, 1, LINES_MAX);
    assertOneOf('flow', flow, FLOWS);
    assertWhole('cpu', cpu, 0, this.cpus.length - 1);
    this.lineNames.push(name);
    for (const { core } of this.cpus) core.handlers[id] = { handle: handler };
    const line = this.cpus[0]!.core.lines[id]!;
    line.create(flow, cpu);
    return line;
  }

  /** Something that can be waited for, by NapiWait. */
  event(): WaitEvent {
    const index = this.events;
    assertWhole('events', index + 1, 1, EVENTS_MAX);
    this.events += 1;
    return new WaitEvent(this.views.words.buffer, this.eventsAddress + index * EVENT_BYTES);
  }

  // ── time ──

  /** Setting it moves the clock to that jiffy's first ns. */
  get jiffies(): number {
    return this.clock.jiffies;
  }

  set jiffies(jiffies: number) {
    this.clock.nowNs = (jiffies * 1e9) / this.clock.hz;
    this.clock.advance(0);
  }

  get nowNs(): number {
    return this.clock.nowNs;
  }

  /** Time passes, and nobody does anything. */
  advance(ns: number): void {
    assertTime('advance', ns);
    this.clock.advance(ns);
  }

  // ── turns ──

  /** Gives one of the CPUs that have something to do a turn; the seed says which. @returns false when none has */
  turn(): boolean {
    const ready = this.cpus.filter((cpu) => cpu.isReady);
    if (ready.length === 0) return this.sleep();
    ready[this.random.below(ready.length)]!.turn();
    this.advance(this.turnNs[this.random.below(this.turnNs.length)]!);
    return true;
  }

  /** Nobody has anything to do: time passes until somebody has. @returns false when nobody ever will */
  private sleep(): boolean {
    const next = this.nextNs();
    if (next === Number.POSITIVE_INFINITY) return false;
    this.advance(Math.ceil(next - this.nowNs));
    return true;
  }

  private nextNs(): number {
    return Math.min(...this.cpus.map((cpu) => cpu.nextNs()));
  }

  /** Turns until nothing moves any more. @returns how many @throws Error when there is no end */
  run(turnsMax = TURNS_MAX): number {
    for (let turns = 0; turns < turnsMax; turns += 1) if (!this.turn()) return turns;
    const busy = this.cpus.filter(({ isReady }) => isReady).map(({ id }) => `cpu${id}`);
    throw new Error(`no rest after ${turnsMax} turns: ${busy.join(', ')} still busy`);
  }

  /** Turns for `ns`: who is ready has them first, then time passes, from timer to timer. */
  runFor(ns: number): void {
    const end = this.nowNs + ns;
    for (let turns = 0; turns < TURNS_MAX; turns += 1) {
      const ready = this.cpus.some((cpu) => cpu.isReady);
      if (!ready && this.nextNs() > end) {
        this.advance(Math.max(0, end - this.nowNs));
        return;
      }
      this.turn();
    }
    throw new Error(`no rest after ${TURNS_MAX} turns in ${ns} ns`);
  }

  /** @internal */
  wait(operation: ControlOperation): void {
    if (this.current?.inInterrupt) throw operation.stuck('it sleeps, and this is no process context');
    operation.begin();
    for (let turns = 0; !operation.step(); turns += 1) {
      if (turns === TURNS_MAX) throw operation.stuck(`not within ${TURNS_MAX} turns`);
      if (!this.turn()) throw operation.stuck('nothing moves any more');
    }
  }

  /** @internal */
  on<T>(cpu: SimulatedCpu, run: () => T): T {
    const before = this.current;
    this.current = cpu;
    try {
      return run();
    } finally {
      this.current = before;
    }
  }

  /** @internal */
  softnet(call: string): Softnet {
    if (this.current === null) throw new Error(`${call}: on which CPU? Call it in cpu.irq(), cpu.task() or a poll`);
    return this.current.core.softnet;
  }

  /** @internal */
  nameOf(napi: number): string {
    return napi < NAPIS_MAX ? this.napis[napi]!.name : `backlog${napi - NAPIS_MAX}`;
  }
}

function assertOptions(options: SimulateOptions): void {
  for (const name of Object.keys(options)) assertOneOf('option', name, OPTIONS);
  const { cpus = 1, seed = 1, hz = 1000, turnNs = [0], budget = 300, budgetUsecs = 0 } = options;
  assertWhole('cpus', cpus, 1, LINES_MAX - 1);
  assertWhole('seed', seed, Number.MIN_SAFE_INTEGER);
  assertWhole('hz', hz, 1, 10_000);
  assertWhole('turnNs.length', turnNs.length, 1);
  for (const ns of turnNs) assertTime('turnNs', ns);
  assertWhole('budget', budget, -(2 ** 31), 2 ** 31 - 1); // The kernel checks no range either.
  assertTime('budgetUsecs', budgetUsecs);
}
