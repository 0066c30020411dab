// Hot. Runs on: CPU n.
// The NET_RX softirq (net/core/dev.c: net_rx_action, napi_poll, __napi_poll).

import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { type Clock, usecsToJiffies } from '../runtime/clock.js';
import type { Printk } from '../runtime/printk.js';
import type { Trace } from '../runtime/trace.js';
import { NET_RX_SOFTIRQ, type SoftirqAction } from '../softirq/softirq.js';
import type { Napi } from './napi.js';
import { netpollPollLock } from './netpoll.js';
import type { Softnet } from './softnet.js';

const SCHED = 1 << 0;
const DISABLE = 1 << 2;
const PREFER_BUSY_POLL = 1 << 7;

/** From this on, a jiffy is short enough that GRO may hold what came in the current one. */
export const HZ_FINE = 1000;

export interface SoftnetSettings {
  /** net.core.netdev_budget: packets per net_rx_action. */
  readonly budget: number;
  /** net.core.netdev_budget_usecs: µs per net_rx_action; measured in jiffies. */
  readonly budgetUsecs: number;
}

/** Byte addresses of the counters (doubles) that this file writes. */
export interface SoftnetCounters {
  readonly timeSqueeze: number;
  /** Not a count: when a poll last found packets, in ns of the clock. */
  readonly lastPollNs: number;
}

export interface NetRxSeams {
  readonly clock: Clock;
  readonly printk: Printk;
  readonly trace: Trace | null;
  /** Takes pending interrupts; a delivery point lies between two polls. */
  deliver(): number;
}

export class NetRxAction implements SoftirqAction {
  private readonly doubles: Float64Array;
  private readonly softnet: Softnet;
  private readonly clock: Clock;
  private readonly printk: Printk;
  private readonly trace: Trace | null;
  private readonly seams: NetRxSeams;
  private readonly budget: number;
  private readonly budgetJiffies: number;
  private readonly timeSqueeze: number;
  private readonly lastPollNs: number;

  constructor(views: Views, softnet: Softnet, seams: NetRxSeams, settings: SoftnetSettings, counters: SoftnetCounters) {
    this.doubles = views.doubles;
    this.softnet = softnet;
    this.clock = seams.clock;
    this.printk = seams.printk;
    this.trace = seams.trace;
    this.seams = seams;
    this.budget = settings.budget;
    this.budgetJiffies = usecsToJiffies(settings.budgetUsecs, seams.clock.hz);
    this.timeSqueeze = counters.timeSqueeze / DOUBLE_BYTES;
    this.lastPollNs = counters.lastPollNs / DOUBLE_BYTES;
    softnet.softirqs.open(NET_RX_SOFTIRQ, this);
  }

  /** net_rx_action */
  run(): void {
    const { softnet, clock } = this;
    const { local, repoll, pollList } = softnet;
    const timeLimit = (clock.jiffies + this.budgetJiffies) | 0;
    let budget = this.budget;
    softnet.inNetRxAction = true;
    local.splice(pollList);
    for (;;) {
      if (local.isEmpty()) {
        if (!repoll.isEmpty() || pollList.isEmpty()) break;
        local.splice(pollList); // All completed and new ones came: go on, with what is left of budget and time.
      }
      const work = this.napiPoll(local.shift());
      budget -= work;
      clock.tick();
      if (work > 0) this.doubles[this.lastPollNs] = clock.nowNs;
      this.seams.deliver();
      if (budget <= 0 || ((clock.jiffies - timeLimit) | 0) >= 0) {
        this.doubles[this.timeSqueeze] = this.doubles[this.timeSqueeze]! + 1;
        break;
      }
    }
    this.leave();
  }

  /** What is left is polled in the next pass: first the unpolled, then the newly scheduled, then those with more to do. */
  private leave(): void {
    const { local, repoll, pollList, softirqs } = this.softnet;
    local.splice(pollList);
    local.splice(repoll);
    pollList.splice(local);
    if (pollList.isEmpty()) this.softnet.inNetRxAction = false;
    else softirqs.mark(NET_RX_SOFTIRQ);
  }

  /** napi_poll: the instance is on no list, and joins the repoll list when there is more to do. @returns the work done */
  private napiPoll(id: number): number {
    const napi = this.softnet.napis[id]!;
    if (napi.netpoll) netpollPollLock(napi, this.softnet.context);
    const work = this.poll(napi);
    if (work >= napi.weight && this.goesOn(napi, work)) this.softnet.repoll.append(napi.state.link);
    if (napi.netpoll) napi.state.releasePollOwner();
    return work;
  }

  /** __napi_poll, first half. SCHED can be clear when netpoll, or a driver that is wrong, has completed it. */
  private poll(napi: Napi): number {
    const { state, weight } = napi;
    if ((state.load() & SCHED) === 0) return 0;
    const work = napi.poll.poll(weight);
    if (this.trace !== null) this.trace.napiPoll(state.id, work, weight);
    return work;
  }

  /** __napi_poll, second half: all of its weight was used. @returns true when it is to be polled again */
  private goesOn(napi: Napi, work: number): boolean {
    const { state, weight, name, device } = napi;
    if (work > weight) {
      const line = `NAPI poll function ${name} returned ${work}, exceeding its budget of ${weight}.`;
      this.printk.once('exceeding', line);
    }
    const seen = state.load();
    if ((seen & DISABLE) !== 0) {
      this.softnet.napiCompleteDone(state.id, 0);
      return false;
    }
    if ((seen & PREFER_BUSY_POLL) !== 0) {
      // The driver is not told: whoever busy-polls can claim it now, and if nobody does, it is polled again.
      if (this.softnet.napiCompleteDone(state.id, work)) this.softnet.napiSchedule(state.id);
      return false;
    }
    napi.gro.flush(this.clock.hz >= HZ_FINE);
    if (!state.isLinked()) return true;
    this.printk.once('rescheduled', `${device}: Budget exhausted after napi rescheduled`);
    return false;
  }
}
