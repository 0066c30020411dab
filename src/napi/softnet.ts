// Hot. Runs on: CPU n.
// One CPU's softnet data, and what a NAPI instance is scheduled and completed by (net/core/dev.c).
//
//   0   POLL_LIST          scheduled here                                  this CPU
//   3   LOCAL              net_rx_action's list of this invocation         this CPU
//   6   REPOLL             used their whole weight: polled again           this CPU
//   9   IN_NET_RX_ACTION   1 = a schedule need not raise NET_RX            this CPU
//   10  RPS_IPI_LIST       CPUs to be called (rps-ipi.ts)                  this CPU

import { CACHE_LINE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { NET_RX_SOFTIRQ, type Softirqs } from '../softirq/softirq.js';
import { Napi, type NapiParts } from './napi.js';
import { LINK_BYTES, PollList } from './poll-list.js';
import { RPS_IPI_BYTES, RpsIpiList } from './rps-ipi.js';
import { type NapiState, NO_HOLDER } from './state.js';

const POLL_LIST = 0;
const LOCAL = POLL_LIST + LINK_BYTES;
const REPOLL = LOCAL + LINK_BYTES;
const IN_NET_RX_ACTION = (REPOLL + LINK_BYTES) / 4;
const RPS_IPI_LIST = (IN_NET_RX_ACTION + 1) * 4;
export const SOFTNET_BYTES = CACHE_LINE_BYTES;
if (RPS_IPI_LIST + RPS_IPI_BYTES > SOFTNET_BYTES) throw new Error('softnet: its words do not fit a cache line');

const SCHED = 1 << 0;
const NPSVC = 1 << 3;
const IN_BUSY_POLL = 1 << 6;
const THREADED = 1 << 8;
const SCHED_THREADED = 1 << 9;

/** Calls a CPU whose backlog this CPU has scheduled. */
export type CallBacklog = (cpu: number) => void;
const NO_CALLS: CallBacklog = (cpu) => {
  throw new Error(`softnet: cpu${cpu} is to be called, and here nobody can`);
};

export class Softnet {
  /** This CPU's context id. */
  readonly context: number;
  /** All instances of the machine, by their number in it. */
  readonly napis: readonly Napi[];
  readonly pollList: PollList;
  readonly local: PollList;
  readonly repoll: PollList;
  readonly rpsIpiList: RpsIpiList;
  readonly softirqs: Softirqs;
  /** softnet_data.in_napi_threaded_poll: whoever sends to another CPU need not raise NET_RX. */
  inNapiThreadedPoll = false;
  /** Why the last completion here returned false. True: MISSED, it is polled again by us; false: by a timer, or by who busy-polls. */
  rescheduled = false;
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly callBacklog: CallBacklog;

  /** @param states all instances of the machine, by their number in it */
  constructor(
    views: Views,
    address: number,
    context: number,
    states: readonly NapiState[],
    softirqs: Softirqs,
    callBacklog = NO_CALLS,
  ) {
    this.words = views.words;
    this.base = address / 4;
    this.context = context;
    this.napis = states.map((state) => new Napi(state));
    this.pollList = new PollList(views, address + POLL_LIST);
    this.local = new PollList(views, address + LOCAL);
    this.repoll = new PollList(views, address + REPOLL);
    this.rpsIpiList = rpsIpiListOf(views, address);
    this.softirqs = softirqs;
    this.callBacklog = callBacklog;
  }

  /** Main, while no thread runs the CPU. */
  static create(views: Views, address: number): void {
    for (const list of [POLL_LIST, LOCAL, REPOLL]) new PollList(views, address + list).create();
    views.words[address / 4 + IN_NET_RX_ACTION] = 0;
  }

  /** netif_napi_add, this CPU's part: how the instance is polled here. */
  add(id: number, parts: Partial<NapiParts>): void {
    this.napis[id]!.fill(parts);
  }

  get inNetRxAction(): boolean {
    return this.words[this.base + IN_NET_RX_ACTION] !== 0;
  }

  set inNetRxAction(value: boolean) {
    this.words[this.base + IN_NET_RX_ACTION] = value ? 1 : 0;
  }

  // ── scheduling ──

  /** napi_schedule_prep. @returns true when the caller now holds the instance and must call napiScheduleHeld() */
  napiSchedulePrep(id: number): boolean {
    return this.napis[id]!.state.schedulePrep(this.context);
  }

  /** napi_schedule, napi_schedule_irqoff. @returns true when the instance was idle and is now on this CPU's poll list */
  napiSchedule(id: number): boolean {
    if (!this.napiSchedulePrep(id)) return false;
    this.napiScheduleHeld(id);
    return true;
  }

  /** __napi_schedule (____napi_schedule): the caller holds SCHED. */
  napiScheduleHeld(id: number): void {
    const { state, thread } = this.napis[id]!;
    if (thread !== null && (state.load() & THREADED) !== 0) {
      state.set(SCHED_THREADED); // Before the thread is woken: it looks for this bit.
      thread.wake();
      return;
    }
    this.pollList.append(state.link);
    state.listOwner = this.context;
    if (!this.inNetRxAction) this.softirqs.raise(NET_RX_SOFTIRQ);
  }

  /**
   * Another context has given SCHED to this CPU, and calls it. A call can come late: this CPU has died since, another one has taken
   * the instance over, and this one runs again. Then the instance is somebody else's, or scheduled here already.
   */
  napiScheduleCalled(id: number): void {
    const { state } = this.napis[id]!;
    if (state.holder() !== this.context || state.isLinked()) return;
    if ((state.load() & IN_BUSY_POLL) === 0) this.napiScheduleHeld(id);
  }

  // ── sending to other CPUs' backlogs ──

  /** napi_schedule_rps, for another CPU: it is called when this CPU's softirq, or its NAPI thread's round, is over. */
  napiScheduleRps(cpu: number, backlog: NapiState): void {
    if ((backlog.load() & SCHED) !== 0) return; // Pairs with the and in releaseBacklog(), as in scheduleBacklog().
    this.rpsIpiList.add(cpu); // before SCHED is taken, so that there is never nobody to call
    if (!backlog.scheduleBacklog(cpu)) this.rpsIpiList.remove(cpu);
    else if (!this.inNetRxAction && !this.inNapiThreadedPoll) this.softirqs.mark(NET_RX_SOFTIRQ);
  }

  /** net_rps_action_and_irq_enable */
  netRpsAction(): void {
    if (!this.rpsIpiList.isEmpty()) this.rpsIpiList.send(this.callBacklog);
  }

  /** dev_cpu_dead, of `address`: the softnet words of a CPU that is no more. What it was about to call is called. */
  inheritRpsIpis(views: Views, address: number): void {
    rpsIpiListOf(views, address).send(this.callBacklog);
  }

  /** True while some context holds SCHED. */
  isScheduled(id: number): boolean {
    return this.napis[id]!.state.holder() !== NO_HOLDER;
  }

  // ── suspending ──

  /** napi_suspend_irqs: while the application is served, the timer alone would poll, after irq_suspend_timeout. */
  napiSuspendIrqs(id: number): void {
    const { state, timer } = this.napis[id]!;
    const timeoutNs = state.irqSuspendTimeoutNs;
    if (timeoutNs !== 0) timer.start(timeoutNs);
  }

  /** napi_resume_irqs: a poll at once, which ends in the usual deferral, or with the interrupt on. */
  napiResumeIrqs(id: number): void {
    if (this.napis[id]!.state.irqSuspendTimeoutNs === 0) return;
    this.softirqs.localBhDisable();
    this.napiSchedule(id);
    this.softirqs.localBhEnable();
  }

  // ── completing ──

  /**
   * napi_complete_done. After it has returned true, the caller touches nothing but the line.
   * @param work what the poll has done
   * @returns false: leave the line masked, somebody will poll again: netpoll, a busy poller, the timer, or we, because of MISSED
   * @throws NapiError when the instance is not scheduled
   */
  napiCompleteDone(id: number, work: number): boolean {
    const { state, gro, timer } = this.napis[id]!;
    const seen = state.load();
    this.rescheduled = false;
    if ((seen & (NPSVC | IN_BUSY_POLL)) !== 0) return false;
    let timeoutNs = 0;
    let unmask = true;
    if (work !== 0) {
      if (gro.held !== 0) timeoutNs = state.groFlushTimeoutNs;
      state.deferCount = state.deferHardIrqs;
    }
    const { deferCount } = state;
    if (deferCount > 0) {
      state.deferCount = deferCount - 1;
      timeoutNs = state.groFlushTimeoutNs;
      unmask = timeoutNs === 0;
    }
    gro.flush(timeoutNs !== 0);
    if (state.isLinked()) state.unlink();
    state.listOwner = -1;
    if (!state.complete(seen)) {
      this.rescheduled = true;
      this.napiScheduleHeld(id);
      return false;
    }
    if (timeoutNs !== 0) timer.start(timeoutNs);
    return unmask;
  }
}

function rpsIpiListOf(views: Views, address: number): RpsIpiList {
  return new RpsIpiList(views, address + RPS_IPI_LIST);
}
