// Cold. Runs on: NAPI workers, attached threads, once.
// Wires what every polling context has that is no CPU, whatever driver it runs: no interrupts, no softirqs, no timers, no tasks.

import { Calls } from '../irq/call.js';
import { IrqLine } from '../irq/line.js';
import { CPU_COUNTERS, counterAddresses } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { BusyPoller } from '../napi/busy-poll.js';
import { NapiPoller } from '../napi/poll.js';
import type { Softnet } from '../napi/softnet.js';
import type { Clock } from '../runtime/clock.js';
import type { Printk } from '../runtime/printk.js';
import { Softirqs } from '../softirq/softirq.js';
import { type CoreLayout, napiState } from './core.js';
import { RemoteSoftnet, RemoteTimer } from './remote.js';

/** What comes from outside. */
export interface PollSeams {
  readonly clock: Clock;
  readonly printk: Printk;
  /** Asked by a busy loop between two polls: it is to end, and give back what it holds. */
  readonly isAsked: () => boolean;
  /** Called by a busy loop behind each poll, when it holds nothing but SCHED. */
  readonly turn: () => void;
}

export interface PollCore {
  readonly softnet: Softnet;
  readonly poller: NapiPoller;
  readonly busyPoller: BusyPoller;
  readonly lines: readonly IrqLine[];
}

/** @param lines how many of the instances have a line: the first ones, each that of its own number */
export function buildPollCore(views: Views, layout: CoreLayout, lines: number, seams: PollSeams): PollCore {
  const { clock, printk } = seams;
  const context = layout.cpu;
  const states = Array.from({ length: layout.napiCount }, (_, id) => napiState(views, layout.napis, id));
  const counters = counterAddresses(CPU_COUNTERS, layout.counters, CPU_COUNTERS);
  const none = () => 0;
  const never = () => false;
  const softirqSeams = { deliver: none, needResched: never, printk, trace: null, threadIrqs: false };
  const softirqs = new Softirqs(views, layout.softirq, clock, softirqSeams, counters);
  const home = {
    calls: new Calls(views, layout.irq),
    lines: Array.from({ length: lines }, (_, id) => new IrqLine(views, layout.irq, id)),
  };
  const softnet = new RemoteSoftnet(views, layout.softnet, context, states, softirqs, home);
  for (const state of states.slice(0, lines)) {
    softnet.add(state.id, { timer: new RemoteTimer(views, layout.timers, state, context, clock, home) });
  }
  const poller = new NapiPoller(views, softnet, { clock, printk, trace: null }, counters.lastPollNs);
  const deliver = () => {
    seams.turn();
    return 0;
  };
  const busySeams = { clock, trace: null, deliver, needResched: seams.isAsked, condResched: () => {} };
  const busyPoller = new BusyPoller(views, softnet, busySeams, counters.busyPollRxPackets);
  return { softnet, poller, busyPoller, lines: home.lines };
}
