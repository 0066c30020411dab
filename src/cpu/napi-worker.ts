// Hot. Runs on: a NAPI's own worker.
// The thread of a threaded NAPI instance as a thread of its own (net/core/dev.c: napi_threaded_poll, napi_thread_wait,
// napi_threaded_poll_loop). Whoever schedules the instance on a CPU makes this context the holder of SCHED, then rings; moving the
// line does not move the worker.
//
// It has neither netdev_budget nor a time limit, and no CPU to share: one poll a turn, so that it sees what main asks.

import type { Agent } from '../runtime/agent.js';
import type { NapiRound } from './napi-round.js';

export class NapiWorker implements Agent {
  readonly role: string;
  private readonly round: NapiRound;

  /** @param role `napi/nic0-4` */
  constructor(role: string, round: NapiRound) {
    this.role = role;
    this.round = round;
  }

  doWork(): number {
    if (!this.round.isScheduled) return 0;
    return Math.max(1, this.round.run());
  }

  nextNs(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** napi_thread_wait. Pairs with handOver() and the ring behind it: whoever has scheduled the instance either sees us asleep, or is seen here. */
  workArrived(): boolean {
    return this.round.isScheduled;
  }

  handle(): void {
    // END_SOURCE is the NIC's matter: a worker goes on until STOP.
  }
}
