// Hot. Runs on: CPU n.
// The thread of a threaded NAPI instance (net/core/dev.c: napi_threaded_poll), as far as it runs on this CPU: a task that is
// in the queue while the instance is scheduled for it here. It runs where the instance was scheduled, which is where its line's
// interrupts go; so it moves with its line, and no CPU wakes another.
//
// Its poll has neither netdev_budget nor a time limit, and counts neither time_squeeze nor NET_RX. One poll a turn: what is
// cond_resched() in the kernel is the scheduler's choice here.

import type { Napi, NapiThread } from '../napi/napi.js';
import { HZ_FINE, type NapiPoller } from '../napi/poll.js';
import type { Softnet } from '../napi/softnet.js';
import type { Clock } from '../runtime/clock.js';
import type { Trace } from '../runtime/trace.js';
import type { Softirqs } from '../softirq/softirq.js';
import { Entity, NICE_0_WEIGHT, type Scheduler, type Task } from './scheduler.js';

const DISABLE = 1 << 2;
const IN_BUSY_POLL = 1 << 6;
const THREADED_BUSY_POLL = 1 << 11;

export class NapiThreadTask implements Task, NapiThread {
  readonly weight = NICE_0_WEIGHT;
  private readonly softnet: Softnet;
  private readonly napi: Napi;
  private readonly context: number;
  private readonly poller: NapiPoller;
  private readonly softirqs: Softirqs;
  private readonly scheduler: Scheduler;
  private readonly clock: Clock;
  private readonly trace: Trace | null;
  private readonly entity: Entity = new Entity(this);

  constructor(
    softnet: Softnet,
    id: number,
    poller: NapiPoller,
    softirqs: Softirqs,
    scheduler: Scheduler,
    clock: Clock,
    trace: Trace | null,
  ) {
    this.softnet = softnet;
    this.napi = softnet.napis[id]!;
    this.context = softnet.context;
    this.poller = poller;
    this.softirqs = softirqs;
    this.scheduler = scheduler;
    this.clock = clock;
    this.trace = trace;
  }

  wake(): void {
    if (this.trace !== null) this.trace.napiThreadWaking(this.napi.state.id);
    this.scheduler.enter(this.entity);
  }

  isRunnable(): boolean {
    return true; // or it would not be in the queue
  }

  nextNs(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** One round of napi_threaded_poll_loop, then napi_thread_wait. */
  run(): number {
    const { napi } = this;
    const busy = this.busyPolls();
    this.softirqs.localBhDisable();
    this.softnet.inNapiThreadedPoll = true;
    const work = this.poller.poll(napi);
    this.softnet.inNapiThreadedPoll = false;
    this.softnet.netRpsAction();
    // While it busy-polls, complete_done() flushes nothing.
    if (busy) napi.gro.flush(this.clock.hz >= HZ_FINE);
    this.softirqs.localBhEnable();
    // Not SCHED: that could belong to a busy poller or to napi_disable. Not another CPU's: there it has its own task.
    if (!napi.state.isScheduledForThread(this.context)) this.scheduler.leave(this.entity);
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
