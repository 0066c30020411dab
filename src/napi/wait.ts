// Hot. Runs on: CPU n, in process context.
// A wait over several events that busy-polls, and suspends and resumes interrupts around the application's work (fs/eventpoll.c:
// ep_poll, ep_busy_loop, ep_suspend_napi_irqs). Sockets stand on it.
//
// what was found                     and what is done
//   events                           interrupts stay off for irq_suspend_timeout while the application works (only if preferred)
//   none, time to wait               the instance that brought the last ones is busy-polled: events → from the start
//   none all the same                interrupts are resumed, the instance is forgotten; the caller sleeps
// Who stops without another wait calls close(), or the interrupts stay off until the safety timer.
//
// An event's words, in shared memory:
//   0  COUNT     what has come so far; wraps                             its producer
//   1  NAPI_ID   of the instance that brought the last of it, or 0       its producer, before COUNT

import type { Views } from '../memory/views.js';
import type { Clock } from '../runtime/clock.js';
import { type BusyPollParams, type Capabilities, NO_BUSY_POLL, waitParams } from './busy-params.js';
import { type BusyPoller, busyLoopTimedOut } from './busy-poll.js';

const COUNT = 0;
const NAPI_ID = 1;
export const EVENT_BYTES = 8;

export class WaitEvent {
  private readonly words: Int32Array;
  private readonly at: number;
  private seen: number;

  /** Nothing has come yet, from the waiter's point of view. */
  constructor(views: Views, address: number) {
    this.words = views.words;
    this.at = address / 4;
    this.seen = Atomics.load(this.words, this.at + COUNT);
  }

  /** The producer's side: something came, by way of instance `napiId` (sk_mark_napi_id). */
  signal(napiId: number): void {
    this.words[this.at + NAPI_ID] = napiId;
    Atomics.add(this.words, this.at + COUNT, 1); // Pairs with the load in isReady().
  }

  isReady(): boolean {
    return Atomics.load(this.words, this.at + COUNT) !== this.seen;
  }

  /** Takes what has come. @returns the id of the instance that brought it */
  take(): number {
    this.seen = Atomics.load(this.words, this.at + COUNT);
    return this.words[this.at + NAPI_ID]!;
  }
}

export class NapiWait {
  /** Indices of the events that the last wait() found; the first `ready` of them stand. */
  readonly found: Int32Array;
  private readonly poller: BusyPoller;
  private readonly clock: Clock;
  private readonly events: readonly WaitEvent[];
  private params = NO_BUSY_POLL;
  private id = 0;
  private readonly loopEnd = (startNs: number): boolean => this.anyReady() || this.timedOut(startNs);

  constructor(poller: BusyPoller, clock: Clock, events: readonly WaitEvent[]) {
    this.poller = poller;
    this.clock = clock;
    this.events = events;
    this.found = new Int32Array(events.length);
  }

  /** The instance that will be busy-polled; 0: none is known. */
  get napiId(): number {
    return this.id;
  }

  /** EPIOCSPARAMS. @throws ErrnoError EINVAL · EPERM */
  setParams(params: Partial<BusyPollParams>, capabilities: Capabilities): void {
    this.params = waitParams({ ...NO_BUSY_POLL, ...params }, capabilities);
  }

  /**
   * ep_poll, up to where it sleeps. @param block false: only looks (a time-out of 0)
   * @returns how many events are ready; 0: there are none, and the caller may sleep until one is
   */
  wait(block: boolean): number {
    for (;;) {
      const ready = this.collect();
      if (ready > 0) {
        if (this.params.prefer) this.poller.napiSuspendIrqs(this.id);
        return ready;
      }
      if (!block || !this.busyLoop()) return 0;
    }
  }

  /** ep_free: interrupts are resumed. */
  close(): void {
    if (this.params.prefer) this.poller.napiResumeIrqs(this.id);
    this.id = 0;
  }

  /** ep_send_events: takes what is ready, and remembers who brought it. */
  private collect(): number {
    let ready = 0;
    for (const [index, event] of this.events.entries()) {
      if (!event.isReady()) continue;
      this.found[ready] = index;
      ready += 1;
      const id = event.take();
      if (id > 0) this.id = id;
    }
    return ready;
  }

  /** ep_busy_loop. @returns true when there are events now */
  private busyLoop(): boolean {
    const { prefer, budget, usecs } = this.params;
    if (this.id === 0 || (usecs === 0 && !prefer)) return false;
    this.poller.napiBusyLoop(this.id, { loopEnd: this.loopEnd, budget, prefer });
    if (this.anyReady()) return true;
    this.close();
    return false;
  }

  private anyReady(): boolean {
    return this.events.some((event) => event.isReady());
  }

  private timedOut(startNs: number): boolean {
    const { usecs } = this.params;
    return usecs === 0 || busyLoopTimedOut(startNs, this.clock.nowNs, usecs);
  }
}
