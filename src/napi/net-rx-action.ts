// Hot. Runs on: CPU n.
// The NET_RX softirq (net/core/dev.c: net_rx_action, napi_poll).

import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { type Clock, usecsToJiffies } from '../runtime/clock.js';
import { NET_RX_SOFTIRQ, type SoftirqAction } from '../softirq/softirq.js';
import type { NapiPoller } from './poll.js';
import type { Softnet } from './softnet.js';
import type { Sysctls } from './sysctl.js';

/** Byte addresses of the counters (doubles) that this file writes. */
export interface SoftnetCounters {
  readonly timeSqueeze: number;
}

export interface NetRxSeams {
  readonly clock: Clock;
  /** Takes pending interrupts; a delivery point lies between two polls. */
  deliver(): number;
}

export class NetRxAction implements SoftirqAction {
  private readonly doubles: Float64Array;
  private readonly softnet: Softnet;
  private readonly poller: NapiPoller;
  private readonly clock: Clock;
  private readonly seams: NetRxSeams;
  private readonly sysctls: Sysctls;
  private readonly timeSqueeze: number;

  constructor(
    views: Views,
    softnet: Softnet,
    poller: NapiPoller,
    seams: NetRxSeams,
    sysctls: Sysctls,
    counters: SoftnetCounters,
  ) {
    this.doubles = views.doubles;
    this.softnet = softnet;
    this.poller = poller;
    this.clock = seams.clock;
    this.seams = seams;
    this.sysctls = sysctls;
    this.timeSqueeze = counters.timeSqueeze / DOUBLE_BYTES;
    softnet.softirqs.open(NET_RX_SOFTIRQ, this);
  }

  /** The NET_RX vector. */
  run(): void {
    this.netRxAction();
  }

  private netRxAction(): void {
    const { softnet, clock } = this;
    const { local, repoll, pollList } = softnet;
    const timeLimit = (clock.jiffies + usecsToJiffies(this.sysctls.budgetUsecs, clock.hz)) | 0;
    let { budget } = this.sysctls;
    softnet.inNetRxAction = true;
    local.splice(pollList);
    for (;;) {
      if (local.isEmpty()) {
        if (!repoll.isEmpty() || pollList.isEmpty()) break;
        local.splice(pollList); // All completed and new ones came: go on, with what is left of budget and time.
      }
      const work = this.napiPoll(local.shift());
      budget -= work;
      this.seams.deliver();
      if (budget <= 0 || ((clock.jiffies - timeLimit) | 0) >= 0) {
        this.doubles[this.timeSqueeze] = this.doubles[this.timeSqueeze]! + 1;
        break;
      }
    }
    this.leave();
    softnet.netRpsAction();
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

  /** napi_poll: the instance joins the repoll list when there is more to do. @returns the work done */
  private napiPoll(id: number): number {
    const napi = this.softnet.napis[id]!;
    const work = this.poller.poll(napi);
    if (this.poller.repoll) this.softnet.repoll.append(napi.state.link);
    return work;
  }
}
