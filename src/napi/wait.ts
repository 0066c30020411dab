// Hot. Runs on: CPU n, in process context.
// A wait over several events that busy-polls, and suspends and resumes interrupts around the application's work (fs/eventpoll.c:
// ep_poll, ep_busy_loop, ep_suspend_napi_irqs).
//
// what was found                     and what is done
//   events                           interrupts stay off for irq_suspend_timeout while the application works (only if preferred)
//   none, time to wait               the instance that brought the last ones is busy-polled: events → from the start
//   none all the same                interrupts are resumed, the instance is forgotten; the caller sleeps
// Who stops without another wait calls close(), or the interrupts stay off until the safety timer.

import type { Bell } from '../memory/bells.js';
import type { Clock } from '../runtime/clock.js';
import { type BusyPollParams, type Capabilities, NO_BUSY_POLL, waitParams } from './busy-params.js';
import { type BusyPoller, busyLoopTimedOut } from './busy-poll.js';
import type { Sysctls } from './sysctl.js';
import { type Waitable, WaitEvent } from './wait-event.js';

/** What comes from outside. */
export interface WaitSeams {
  readonly clock: Clock;
  readonly sysctls: Sysctls;
  /** True: somebody wants this thread for something else, and it must not busy-poll on. */
  readonly signalPending: () => boolean;
}

export class NapiWait {
  /** Indices of the events that the last wait() found; the first `ready` of them stand. */
  readonly found: Int32Array;
  private readonly poller: BusyPoller;
  private readonly events: readonly Waitable[];
  private readonly sources: readonly WaitEvent[];
  private readonly seams: WaitSeams;
  private params = NO_BUSY_POLL;
  private id = 0;
  private readonly loopEnd = (startNs: number): boolean =>
    this.isReady() || this.timedOut(startNs) || this.seams.signalPending();

  constructor(poller: BusyPoller, events: readonly Waitable[], seams: WaitSeams) {
    this.poller = poller;
    this.events = events;
    this.sources = events.filter((event) => event instanceof WaitEvent);
    this.seams = seams;
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

  /** One of the events has something that no wait() has found yet. */
  isReady(): boolean {
    return this.events.some((event) => event.isReady());
  }

  /** Who signals one of the events from here on rings. Before the last look at isReady(), behind which the caller may sleep. */
  arm(bell: Bell): void {
    for (const event of this.sources) event.arm(bell);
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
    const { prefer, budget } = this.params;
    if (this.id === 0 || (this.usecs === 0 && !prefer)) return false;
    this.poller.napiBusyLoop(this.id, { loopEnd: this.loopEnd, budget, prefer });
    if (this.isReady()) return true;
    this.close();
    return false;
  }

  private timedOut(startNs: number): boolean {
    const { usecs } = this;
    return usecs === 0 || busyLoopTimedOut(startNs, this.seams.clock.nowNs, usecs);
  }

  private get usecs(): number {
    return this.params.usecs || this.seams.sysctls.busyPollUsecs;
  }
}
