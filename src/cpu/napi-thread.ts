// Hot. Runs on: CPU n.
// The thread of a threaded NAPI instance (net/core/dev.c: napi_threaded_poll), as far as it runs on this CPU: a task that is
// in the queue while the instance is scheduled for it here. It runs where the instance was scheduled, which is where its line's
// interrupts go; so it moves with its line, and no CPU wakes another. Or the thread is a worker, which this CPU wakes.
//
// Its poll has neither netdev_budget nor a time limit, and counts neither time_squeeze nor NET_RX. One poll a turn: what is
// cond_resched() in the kernel is the scheduler's choice here.

import type { Calls } from '../irq/call.js';
import type { NapiThread } from '../napi/napi.js';
import type { NapiPoller } from '../napi/poll.js';
import type { Softnet } from '../napi/softnet.js';
import { NO_WORKER } from '../napi/words.js';
import type { Clock } from '../runtime/clock.js';
import type { Trace } from '../runtime/trace.js';
import { NapiRound } from './napi-round.js';
import { Entity, NICE_0_WEIGHT, type Scheduler, type Task } from './scheduler.js';

/** What a thread works with. */
export interface NapiThreadParts {
  readonly softnet: Softnet;
  readonly poller: NapiPoller;
  readonly scheduler: Scheduler;
  /** To workers, which it wakes. */
  readonly calls: Calls;
  readonly clock: Clock;
  readonly trace: Trace | null;
}

export class NapiThreadTask implements Task, NapiThread {
  readonly weight = NICE_0_WEIGHT;
  private readonly round: NapiRound;
  private readonly context: number;
  private readonly scheduler: Scheduler;
  private readonly calls: Calls;
  private readonly trace: Trace | null;
  private readonly entity: Entity = new Entity(this);

  /** @param id of its instance */
  constructor(id: number, { softnet, poller, scheduler, calls, clock, trace }: NapiThreadParts) {
    this.round = new NapiRound(softnet, id, poller, clock);
    this.context = softnet.context;
    this.scheduler = scheduler;
    this.calls = calls;
    this.trace = trace;
  }

  wake(): void {
    const { state } = this.round.napi;
    if (this.trace !== null) this.trace.napiThreadWaking(state.id);
    const { worker } = state;
    if (worker === NO_WORKER) {
      this.scheduler.enter(this.entity);
      return;
    }
    state.handOver(this.context, worker);
    this.calls.wake(worker); // After it: pairs with the look in NapiWorker.workArrived().
  }

  isRunnable(): boolean {
    return true; // or it would not be in the queue
  }

  prepareToWait(): void {
    // As above: it does not wait.
  }

  nextNs(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** One round of napi_threaded_poll_loop, then napi_thread_wait. */
  run(): number {
    const work = this.round.run();
    if (!this.round.isScheduled) this.scheduler.leave(this.entity);
    return work;
  }
}
