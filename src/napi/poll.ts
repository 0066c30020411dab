// Hot. Runs on: whoever polls: CPUs, workers, attached threads.
// How an instance is polled, by the softirq and by its thread (net/core/dev.c: __napi_poll; netpoll_poll_lock).

import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Clock } from '../runtime/clock.js';
import type { Printk } from '../runtime/printk.js';
import type { Trace } from '../runtime/trace.js';
import type { Napi } from './napi.js';
import { netpollPollLock } from './netpoll.js';
import type { Softnet } from './softnet.js';

const SCHED = 1 << 0;
const DISABLE = 1 << 2;
const PREFER_BUSY_POLL = 1 << 7;

/** From this on, a jiffy is short enough that GRO may hold what came in the current one. */
export const HZ_FINE = 1000;

export interface PollSeams {
  readonly clock: Clock;
  readonly printk: Printk;
  readonly trace: Trace | null;
}

export class NapiPoller {
  /** The last one used all of its weight, and is to be polled again. */
  repoll = false;
  private readonly doubles: Float64Array;
  private readonly softnet: Softnet;
  private readonly clock: Clock;
  private readonly printk: Printk;
  private readonly trace: Trace | null;
  private readonly lastPollNs: number;

  /** @param lastPollNs byte address of that counter: when a poll last found packets, in ns of the clock */
  constructor(views: Views, softnet: Softnet, seams: PollSeams, lastPollNs: number) {
    this.doubles = views.doubles;
    this.softnet = softnet;
    this.clock = seams.clock;
    this.printk = seams.printk;
    this.trace = seams.trace;
    this.lastPollNs = lastPollNs / DOUBLE_BYTES;
  }

  /** An instance that is on no list. Says in `repoll` whether there is more to do. @returns the work done */
  poll(napi: Napi): number {
    if (napi.netpoll) netpollPollLock(napi, this.softnet.context);
    const { weight } = napi; // as it is now: process_backlog changes its own for the next poll
    const work = this.once(napi, weight);
    this.repoll = work >= weight && this.goesOn(napi, work, weight);
    if (napi.netpoll) napi.state.releasePollOwner();
    this.clock.tick();
    if (work > 0) this.doubles[this.lastPollNs] = this.clock.nowNs;
    return work;
  }

  /** __napi_poll, first half. SCHED can be clear when netpoll, or a driver that is wrong, has completed it. */
  private once(napi: Napi, weight: number): number {
    const { state } = napi;
    if ((state.load() & SCHED) === 0) return 0;
    const work = napi.poll.poll(weight);
    if (this.trace !== null) this.trace.napiPoll(state.id, work, weight);
    return work;
  }

  /** __napi_poll, second half: all of its weight was used. @returns true when it is to be polled again */
  private goesOn(napi: Napi, work: number, weight: number): boolean {
    const { state, name, device } = napi;
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
