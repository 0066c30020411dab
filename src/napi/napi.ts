// Hot. Runs on: CPU n.
// One CPU's softnet data and its NET_RX softirq (net/core/dev.c: ____napi_schedule, napi_complete_done, __napi_poll,
// net_rx_action).
//
//   0   POLL_LIST          scheduled here                                  this CPU
//   2   LOCAL              net_rx_action's list of this invocation         this CPU
//   4   REPOLL             used their whole weight: polled again           this CPU
//   6   IN_NET_RX_ACTION   1 = a schedule need not raise NET_RX            this CPU

import { CACHE_LINE_BYTES, DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { type Clock, usecsToJiffies } from '../runtime/clock.js';
import { NET_RX_SOFTIRQ, type SoftirqAction, type Softirqs } from '../softirq/softirq.js';
import { POLL_LIST_BYTES, PollList } from './poll-list.js';
import { type NapiState, NO_HOLDER } from './state.js';

const POLL_LIST = 0;
const LOCAL = POLL_LIST + POLL_LIST_BYTES;
const REPOLL = LOCAL + POLL_LIST_BYTES;
const IN_NET_RX_ACTION = (REPOLL + POLL_LIST_BYTES) / 4;
export const SOFTNET_BYTES = CACHE_LINE_BYTES;

/**
 * A NAPI instance as net_rx_action sees it: the driver's poll, or the backlog's.
 * Returns at most `budget`. Exactly `budget`: there may be more, the instance stays scheduled. Less: it has completed.
 */
export interface Poll {
  poll(budget: number): number;
}

export interface SoftnetSettings {
  /** net.core.netdev_budget: packets per net_rx_action. */
  readonly budget: number;
  /** net.core.netdev_budget_usecs: µs per net_rx_action; measured in jiffies. */
  readonly budgetUsecs: number;
  /** Packets per poll. */
  readonly weight: number;
}

/** Byte addresses of the counters (doubles) that this file writes. */
export interface SoftnetCounters {
  readonly timeSqueeze: number;
  /** Not a count: when a poll last found packets, in ns of the clock. */
  readonly lastPollNs: number;
}

export class Softnet implements SoftirqAction {
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly base: number;
  private readonly context: number;
  private readonly states: readonly NapiState[];
  private readonly polls: (Poll | null)[];
  private readonly pollList: PollList;
  private readonly local: PollList;
  private readonly repoll: PollList;
  private readonly softirqs: Softirqs;
  private readonly clock: Clock;
  private readonly deliver: () => number;
  private readonly budget: number;
  private readonly budgetJiffies: number;
  private readonly weight: number;
  private readonly timeSqueeze: number;
  private readonly lastPollNs: number;

  /**
   * @param context id of this CPU
   * @param states all NAPI instances of the machine, by id
   * @param deliver takes pending interrupts; a delivery point lies between two polls
   */
  constructor(
    views: Views,
    address: number,
    context: number,
    states: readonly NapiState[],
    softirqs: Softirqs,
    clock: Clock,
    deliver: () => number,
    settings: SoftnetSettings,
    counters: SoftnetCounters,
  ) {
    this.words = views.words;
    this.doubles = views.doubles;
    this.base = address / 4;
    this.context = context;
    this.states = states;
    this.polls = states.map(() => null);
    this.pollList = new PollList(views, address + POLL_LIST, states);
    this.local = new PollList(views, address + LOCAL, states);
    this.repoll = new PollList(views, address + REPOLL, states);
    this.softirqs = softirqs;
    this.clock = clock;
    this.deliver = deliver;
    this.budget = settings.budget;
    this.budgetJiffies = usecsToJiffies(settings.budgetUsecs);
    this.weight = settings.weight;
    this.timeSqueeze = counters.timeSqueeze / DOUBLE_BYTES;
    this.lastPollNs = counters.lastPollNs / DOUBLE_BYTES;
    softirqs.open(NET_RX_SOFTIRQ, this);
  }

  /** Main, before any thread runs. */
  static create(views: Views, address: number): void {
    for (const list of [POLL_LIST, LOCAL, REPOLL]) new PollList(views, address + list, []).create();
  }

  /** netif_napi_add, this CPU's part: how instance `id` is polled here. */
  add(id: number, poll: Poll): void {
    this.polls[id] = poll;
  }

  /** napi_schedule. @returns true when the instance was idle and is now on this CPU's poll list */
  schedule(id: number): boolean {
    if (!this.states[id]!.schedulePrep(this.context)) return false;
    this.enlist(id);
    return true;
  }

  /** True while some context holds SCHED. */
  isScheduled(id: number): boolean {
    return this.states[id]!.holder() !== NO_HOLDER;
  }

  /** napi_complete_done. @returns false when the instance was put on the poll list once more, because of MISSED */
  completeDone(id: number): boolean {
    if (this.states[id]!.complete()) return true;
    this.enlist(id);
    return false;
  }

  /** ____napi_schedule: the caller holds SCHED. */
  private enlist(id: number): void {
    this.pollList.append(id);
    if (this.words[this.base + IN_NET_RX_ACTION] === 0) this.softirqs.raise(NET_RX_SOFTIRQ);
  }

  /** The NET_RX vector. */
  run(): void {
    this.netRxAction();
  }

  private netRxAction(): void {
    const timeLimit = (this.clock.jiffies + this.budgetJiffies) | 0;
    let budget = this.budget;
    this.words[this.base + IN_NET_RX_ACTION] = 1;
    this.local.splice(this.pollList);
    for (;;) {
      if (this.local.isEmpty()) {
        if (!this.repoll.isEmpty() || this.pollList.isEmpty()) break;
        this.local.splice(this.pollList); // All completed and new ones came: go on, with what is left of budget and time.
      }
      const work = this.napiPoll(this.local.shift());
      budget -= work;
      this.clock.tick();
      if (work > 0) this.doubles[this.lastPollNs] = this.clock.nowNs;
      this.deliver();
      if (budget <= 0 || ((this.clock.jiffies - timeLimit) | 0) >= 0) {
        this.doubles[this.timeSqueeze] = this.doubles[this.timeSqueeze]! + 1;
        break;
      }
    }
    this.leave();
  }

  /** What is left is polled in the next pass: first the unpolled, then the newly scheduled, then those with more to do. */
  private leave(): void {
    this.local.splice(this.pollList);
    this.local.splice(this.repoll);
    this.pollList.splice(this.local);
    if (this.pollList.isEmpty()) this.words[this.base + IN_NET_RX_ACTION] = 0;
    else this.softirqs.raise(NET_RX_SOFTIRQ);
  }

  /** napi_poll: at most its weight; on the repoll list when it used all of it. @returns the work done */
  private napiPoll(id: number): number {
    const work = this.polls[id]!.poll(this.weight);
    if (work >= this.weight) this.repoll.append(id);
    return work;
  }
}
