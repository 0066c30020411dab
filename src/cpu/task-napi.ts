// Hot. Runs on: CPU n, in process context.
// What a task of the application can do with NAPI: the handle that its factory is given.

import { type Capabilities, NO_BUSY_POLL, socketParams } from '../napi/busy-params.js';
import { BUSY_POLL_BUDGET, type BusyLoop, type BusyPoller } from '../napi/busy-poll.js';

export class TaskNapi {
  private readonly task: string;
  private readonly capabilities: Capabilities;
  private poller: BusyPoller | null = null;

  /** @param task its name, for messages */
  constructor(task: string, capabilities: Capabilities) {
    this.task = task;
    this.capabilities = capabilities;
  }

  /** @internal The CPU on which it runs is built. */
  attach(poller: BusyPoller): void {
    this.poller = poller;
  }

  /** NAPI ids of the enabled instances that can be busy-polled, by queue. */
  get ids(): readonly number[] {
    return this.polling().ids();
  }

  /**
   * napi_busy_loop: polls the instance here until `loopEnd` is true; without one, once. Blocks this CPU's tasks and requests of the
   * host: let it end within milliseconds.
   * @throws ErrnoError EINVAL · EPERM for a budget over 8, or `prefer`, without CAP_NET_ADMIN
   */
  busyLoop(napiId: number, options: Partial<BusyLoop> = {}): void {
    const { budget = BUSY_POLL_BUDGET, prefer = false } = options;
    socketParams(NO_BUSY_POLL, { budget, prefer }, this.capabilities);
    this.polling().napiBusyLoop(napiId, options);
  }

  private polling(): BusyPoller {
    if (this.poller === null)
      throw new Error(`task ${this.task}: napi is there from the first step on, not in the factory`);
    return this.poller;
  }
}
