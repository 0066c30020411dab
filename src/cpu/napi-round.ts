// Hot. Runs on: CPU n, a NAPI's own worker.
// One round of the thread of a threaded NAPI instance (net/core/dev.c: napi_threaded_poll_loop), whichever form the thread has.

import type { Napi } from '../napi/napi.js';
import { HZ_FINE, type NapiPoller } from '../napi/poll.js';
import type { Softnet } from '../napi/softnet.js';
import type { Clock } from '../runtime/clock.js';

const DISABLE = 1 << 2;
const IN_BUSY_POLL = 1 << 6;
const THREADED_BUSY_POLL = 1 << 11;

export class NapiRound {
  readonly napi: Napi;
  private readonly softnet: Softnet;
  private readonly poller: NapiPoller;
  private readonly clock: Clock;

  constructor(softnet: Softnet, id: number, poller: NapiPoller, clock: Clock) {
    this.napi = softnet.napis[id]!;
    this.softnet = softnet;
    this.poller = poller;
    this.clock = clock;
  }

  /**
   * What napi_thread_wait waits for. Not SCHED: that could belong to a busy poller or to napi_disable. Not another context's: there it
   * has a thread of its own, or its worker.
   */
  get isScheduled(): boolean {
    return this.napi.state.isScheduledForThread(this.softnet.context);
  }

  /** @returns the work done */
  run(): number {
    const { napi, softnet } = this;
    const busy = this.busyPolls();
    softnet.softirqs.localBhDisable();
    softnet.inNapiThreadedPoll = true;
    const work = this.poller.poll(napi);
    softnet.inNapiThreadedPoll = false;
    softnet.netRpsAction();
    // While it busy-polls, complete_done() flushes nothing.
    if (busy) napi.gro.flush(this.clock.hz >= HZ_FINE);
    softnet.softirqs.localBhEnable();
    return work;
  }

  /** Takes IN_BUSY_POLL, with which no completion lets SCHED go, or gives it back. @returns whether it has it */
  private busyPolls(): boolean {
    const { state } = this.napi;
    const seen = state.load();
    const wanted = (seen & (THREADED_BUSY_POLL | DISABLE)) === THREADED_BUSY_POLL && this.napi.isHome();
    if (wanted !== ((seen & IN_BUSY_POLL) !== 0)) {
      if (wanted) state.set(IN_BUSY_POLL);
      else state.clear(IN_BUSY_POLL);
    }
    return wanted;
  }
}
