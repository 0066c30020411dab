// Cold. Runs on: CPU n, once; the deterministic machine.
// Wires what every CPU has, whatever driver it runs: interrupts, softirqs, NAPI.

import { CpuInterrupts, type InterruptHandler } from '../driver/interrupt.js';
import {
  CALL_CPU_DEAD,
  CALL_RPS,
  CALL_SCHEDULE,
  CALL_TIMER,
  type CallHandler,
  Calls,
  PendingCalls,
} from '../irq/call.js';
import { type IrqLayout, IrqLine, PendingLines } from '../irq/line.js';
import { CPU_COUNTERS, counterAddresses } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { BusyPoller } from '../napi/busy-poll.js';
import { NetRxAction } from '../napi/net-rx-action.js';
import { NapiPoller } from '../napi/poll.js';
import { Softnet } from '../napi/softnet.js';
import { NapiState } from '../napi/state.js';
import { Sysctls } from '../napi/sysctl.js';
import { NapiTimers } from '../napi/timers.js';
import { NAPI_BYTES } from '../napi/words.js';
import type { Backlog } from '../net/backlog.js';
import type { Clock } from '../runtime/clock.js';
import type { Printk } from '../runtime/printk.js';
import type { Trace } from '../runtime/trace.js';
import { Softirqs } from '../softirq/softirq.js';
import { NapiThreadTask } from './napi-thread.js';
import { Scheduler } from './scheduler.js';

/** Where the parts that every CPU has lie, in byte addresses. */
export interface CoreLayout {
  /** Its number, which is its context id. (Of a context that is no CPU: its id.) */
  readonly cpu: number;
  readonly irq: IrqLayout;
  /** NAPI instance 0; all instances of the machine lie one behind the other. */
  readonly napis: number;
  readonly napiCount: number;
  readonly softirq: number;
  readonly softnet: number;
  /** The CPU's timers, of timersBytes(napiCount). */
  readonly timers: number;
  /** Those of all contexts, by id. */
  readonly timersOf: readonly number[];
  /** The machine's. */
  readonly sysctls: number;
  /** The CPU's block of CPU_COUNTERS. */
  readonly counters: number;
}

export interface CoreSettings {
  /** Softirqs after interrupts are left to ksoftirqd, as with the kernel's parameter of this name. */
  readonly threadIrqs: boolean;
}

/** What comes from outside. */
export interface CoreSeams {
  readonly clock: Clock;
  readonly printk: Printk;
  readonly trace: Trace | null;
  /** Says so beside the scheduler; for tests. */
  readonly needResched: () => boolean;
}

export interface CpuCore {
  readonly softirqs: Softirqs;
  readonly softnet: Softnet;
  readonly timers: NapiTimers;
  readonly busyPoller: BusyPoller;
  readonly interrupts: CpuInterrupts;
  readonly scheduler: Scheduler;
  readonly lines: readonly IrqLine[];
  /** By line; to be filled by the driver before the first interrupt. */
  readonly handlers: InterruptHandler[];
  /** By kind of call; a backlog adds its own. */
  readonly calls: CallHandler[];
  /** A delivery point: takes the interrupts that are pending on this CPU. @returns handlers run */
  readonly deliver: () => number;
  readonly sysctls: Sysctls;
  /** An instance's thread, as far as it runs here. */
  readonly threadOf: (id: number) => NapiThreadTask;
}

/** @param irqs byte address of the counter of each line's interrupts on this CPU */
export function buildCore(
  views: Views,
  layout: CoreLayout,
  settings: CoreSettings,
  seams: CoreSeams,
  irqs: readonly number[],
): CpuCore {
  const { clock, printk, trace, needResched } = seams;
  const counters = counterAddresses(CPU_COUNTERS, layout.counters, CPU_COUNTERS);
  const states = Array.from({ length: layout.napiCount }, (_, id) => napiState(views, layout.napis, id));
  // Softirqs need the delivery point, and interrupts, at their exit, the softirqs.
  const deliver = (): number => interrupts.deliver();
  const resched = (): boolean => needResched() || scheduler.needResched();
  const softirqSeams = { deliver, needResched: resched, printk, trace, ...settings };
  const softirqs = new Softirqs(views, layout.softirq, clock, softirqSeams, counters);
  const scheduler: Scheduler = new Scheduler(softirqs, clock);
  const out = new Calls(views, layout.irq);
  const callBacklog = (cpu: number) => out.call(cpu, CALL_RPS, layout.cpu);
  const softnet = new Softnet(views, layout.softnet, layout.cpu, states, softirqs, callBacklog);
  const timers = new NapiTimers(views, layout.timers, softnet, clock, trace, counters.timerIrqs);
  const poller = new NapiPoller(views, softnet, { clock, printk, trace }, counters.lastPollNs);
  const sysctls = new Sysctls(views, layout.sysctls, clock.hz);
  new NetRxAction(views, softnet, poller, { clock, deliver }, sysctls, counters);
  const threadOf = (id: number) => new NapiThreadTask(id, { softnet, poller, scheduler, calls: out, clock, trace });
  const busySeams = { clock, trace, deliver, needResched: resched, condResched: () => scheduler.condResched() };
  const busyPoller = new BusyPoller(views, softnet, busySeams, counters.busyPollRxPackets);
  const parts = { softirqs, timers, trace, irqs, calls: callHandlers(softnet, timers, layout) };
  const { lines, handlers, interrupts } = interruptsOf(views, layout, parts, counters.hardirqs);
  return { ...parts, softnet, busyPoller, scheduler, interrupts, lines, handlers, deliver, threadOf, sysctls };
}

/** By kind. */
function callHandlers(softnet: Softnet, timers: NapiTimers, { timersOf, irq }: CoreLayout): CallHandler[] {
  const handlers: CallHandler[] = [];
  handlers[CALL_SCHEDULE] = (id) => softnet.napiScheduleCalled(id);
  handlers[CALL_CPU_DEAD] = (cpu) => timers.adoptAll(cpu, timersOf[cpu]!);
  handlers[CALL_TIMER] = (id) => {
    const from = softnet.napis[id]!.state.timerCpu();
    if (from >= irq.cpus) timers.adopt(id, from, timersOf[from]!); // or it was cancelled, or a CPU has armed it since
  };
  return handlers;
}

interface InterruptParts {
  readonly softirqs: Softirqs;
  readonly timers: NapiTimers;
  readonly trace: Trace | null;
  readonly irqs: readonly number[];
  readonly calls: CallHandler[];
}

/**
 * CALL_CPU_DEAD: also the dead CPU's backlog, if main has given it to this one and not to another since.
 * @param first NAPI instance of CPU 0's backlog
 */
export function inheritBacklogs({ calls, softnet }: CpuCore, backlog: Backlog, first: number): void {
  const adoptTimers = calls[CALL_CPU_DEAD]!;
  calls[CALL_CPU_DEAD] = (dead) => {
    adoptTimers(dead);
    if (softnet.napis[first + dead]!.state.holder() === softnet.context) backlog.inherit(dead);
  };
}

function interruptsOf(views: Views, { irq, cpu }: CoreLayout, parts: InterruptParts, hardirqs: number) {
  const { softirqs, timers, trace, irqs } = parts;
  const lines = irqs.map((_, id) => new IrqLine(views, irq, id));
  const calls = new PendingCalls(views, irq, cpu, parts.calls);
  const handlers: InterruptHandler[] = [];
  const pending = new PendingLines(views, irq, cpu);
  const interrupts = new CpuInterrupts(
    views,
    { cpu, context: softirqs, trace, pending, calls, timers, lines, handlers },
    { irqs, hardirqs },
  );
  return { lines, handlers, interrupts };
}

export function napiState(views: Views, napis: number, id: number): NapiState {
  return new NapiState(views, napis + id * NAPI_BYTES, id);
}
