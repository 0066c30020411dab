// Hot. Runs on: CPU n, in process context.
// epoll_wait for a task of the application: what it waits for, how it busy-polls meanwhile, and that it sleeps when nothing comes.

import type { BusyPollParams, Capabilities } from '../napi/busy-params.js';
import type { NapiWait } from '../napi/wait.js';
import type { TaskSleep } from './task-sleep.js';

/**
 * A task's wait over several events, made by `napi.wait()`. As long as it prefers busy polling and finds events, interrupts stay
 * off for irq_suspend_timeout; when it finds none they are resumed (fs/eventpoll.c: ep_poll).
 */
export class TaskWait {
  private readonly inner: NapiWait;
  private readonly sleep: TaskSleep;
  private readonly capabilities: Capabilities;

  /** @internal By TaskNapi.wait(). */
  constructor(inner: NapiWait, sleep: TaskSleep, capabilities: Capabilities) {
    this.inner = inner;
    this.sleep = sleep;
    this.capabilities = capabilities;
  }

  /** Indices of the events that the last wait() found: the first ones, as many as it returned. */
  get found(): Int32Array {
    return this.inner.found;
  }

  /** The instance that brought the last events, which the next wait() busy-polls; 0: none is known. */
  get napiId(): number {
    return this.inner.napiId;
  }

  /**
   * EPIOCSPARAMS: all at once; what is left away is 0, 8 and false. Default: no busy polling, unless
   * net.core.busy_poll, which counts where `usecs` is 0, says otherwise. Let `usecs` be some milliseconds at most: moving a line
   * may have to wait for its end.
   * @throws ErrnoError EINVAL · EPERM for a budget over 64 without CAP_NET_ADMIN
   */
  setParams(params: Partial<BusyPollParams>): void {
    this.inner.setParams(params, this.capabilities);
  }

  /**
   * epoll_wait. Returns at once what is ready; else it busy-polls for `usecs`, if that is on. Found nothing, it returns 0, and the
   * task should leave its step with 0 or false: it then sleeps until an event comes or the time is over.
   * @param timeoutMs ms, 0 … Infinity; 0: only looks, and neither busy-polls nor sleeps. An event that any thread of the
   *   machine signals, or main, or an attached thread, ends the sleep at once; a signal of a thread that is none of these is seen when
   *   the time is over, or the CPU wakes for something else
   * @returns how many events are ready, and taken thereby
   * @throws RangeError
   */
  wait(timeoutMs = 1): number {
    if (!(timeoutMs >= 0)) throw new RangeError(`wait: timeoutMs=${timeoutMs}: must be from 0 to Infinity`);
    const ready = this.collect(timeoutMs > 0);
    if (ready === 0 && timeoutMs > 0) this.sleep.on(this.inner, timeoutMs * 1e6);
    return ready;
  }

  /** Interrupts are resumed, and the instance is forgotten: for whoever will not wait again. */
  close(): void {
    this.inner.close();
  }

  private collect(block: boolean): number {
    try {
      return this.inner.wait(block);
    } catch (error) {
      return this.sleep.fail(error);
    }
  }
}
