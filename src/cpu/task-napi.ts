// Hot. Runs on: CPU n, in process context.
// What a task of the application can do with NAPI: the handle that its factory is given.

import type { InspectOptionsStylized } from 'node:util';
import { type BusyPollParams, type Capabilities, NO_BUSY_POLL, socketParams } from '../napi/busy-params.js';
import { BUSY_POLL_BUDGET, type BusyLoop, type BusyPoller } from '../napi/busy-poll.js';
import { NapiWait, type WaitSeams } from '../napi/wait.js';
import type { Waitable } from '../napi/wait-event.js';
import { INSPECT, shown } from '../runtime/shown.js';
import type { TaskSleep } from './task-sleep.js';
import { TaskWait } from './task-wait.js';

/** What of its CPU a task can see. */
export interface TaskCpu extends WaitSeams {
  readonly busyPoller: BusyPoller;
  /** What each queue brings to this CPU. */
  readonly packets: readonly Waitable[];
}

export class TaskNapi {
  /**
   * Per queue: ready when it has brought packets to this CPU, by whichever poll of this CPU's. What a NAPI's worker or an attached
   * thread polls never counts. For one wait, in place of a sink's own event.
   */
  readonly packets: readonly Waitable[];
  private readonly cpu: TaskCpu;
  private readonly capabilities: Capabilities;
  private readonly sleep: TaskSleep;

  /** @internal */
  constructor(cpu: TaskCpu, capabilities: Capabilities, sleep: TaskSleep) {
    this.packets = cpu.packets;
    this.cpu = cpu;
    this.capabilities = capabilities;
    this.sleep = sleep;
  }

  /** NAPI ids of the enabled instances that can be busy-polled, by queue. */
  get ids(): readonly number[] {
    return this.cpu.busyPoller.ids();
  }

  [INSPECT](depth: number | null, options: InspectOptionsStylized): string {
    return shown('TaskNapi', { ids: this.ids }, depth, options);
  }

  /** True for an enabled instance whose interrupts come to this CPU. */
  isLocal(napiId: number): boolean {
    return this.cpu.busyPoller.napiById(napiId)?.isHome() === true;
  }

  /**
   * napi_busy_loop: polls the instance here until `loopEnd` is true; without one, once. Blocks this CPU's other work but for
   * interrupts and tasks whose turn it is: let it end within milliseconds. A request of the host ends it, too.
   * @throws ErrnoError EINVAL · EPERM for a budget over 8, or `prefer`, without CAP_NET_ADMIN; what `loopEnd` threw, when the
   *   instance has been given back
   */
  busyLoop(napiId: number, options: Partial<BusyLoop> = {}): void {
    const { budget = BUSY_POLL_BUDGET, prefer = false, loopEnd = null, endOnResched = false } = options;
    socketParams(NO_BUSY_POLL, { budget, prefer }, this.capabilities);
    const ends = new LoopEnd(loopEnd, this.cpu);
    try {
      this.cpu.busyPoller.napiBusyLoop(napiId, { budget, prefer, loopEnd: ends.ask, endOnResched });
    } catch (error) {
      this.sleep.fail(error);
    }
    ends.rethrow();
  }

  /**
   * A wait over these events, as an epoll instance.
   * @throws ErrnoError as its setParams()
   */
  wait(events: readonly Waitable[], params: Partial<BusyPollParams> = {}): TaskWait {
    const inner = new NapiWait(this.cpu.busyPoller, events, this.cpu);
    const wait = new TaskWait(inner, this.sleep, this.capabilities);
    wait.setParams(params);
    return wait;
  }
}

/** The application's end of a loop. What it throws ends the loop, and waits until that is over: an instance would stay claimed for ever. */
class LoopEnd {
  /** null: one poll is enough. */
  readonly ask: ((startNs: number) => boolean) | null;
  private thrown: { readonly error: unknown } | null = null;

  constructor(loopEnd: BusyLoop['loopEnd'], { signalPending }: Pick<TaskCpu, 'signalPending'>) {
    const ask = (startNs: number) => {
      const ends = loopEnd !== null && this.ends(loopEnd, startNs);
      return signalPending() || ends; // Asked in any case: whoever executes this may have ended.
    };
    this.ask = loopEnd === null ? null : ask;
  }

  rethrow(): void {
    if (this.thrown !== null) throw this.thrown.error;
  }

  private ends(loopEnd: (startNs: number) => boolean, startNs: number): boolean {
    if (this.thrown !== null) return true;
    try {
      return loopEnd(startNs);
    } catch (error) {
      this.thrown = { error };
      return true;
    }
  }
}
