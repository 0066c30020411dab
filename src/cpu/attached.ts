// Hot. Runs on: an attached thread.
// A thread of the application, not one of the machine's, that busy-polls NAPI instances: what it polls is delivered to its own sink,
// on its own thread. It holds SCHED only within a call: busy_poll_stop gives the instance back, to the line's CPU if work is left.
//
// Its doorbell says AWAKE within a call, and GONE outside: grace periods wait for calls alone. Nobody rings it.

import type { InspectOptionsStylized } from 'node:util';
import { instantiateBursts } from '../bursts/load.js';
import { buildCpuRecorder, type CpuRecorderTask } from '../capture/write-build.js';
import type { CpuRecorder } from '../capture/write-recorder.js';
import { AttachmentWords } from '../memory/attachment.js';
import { joinMachine, leaveMachine } from '../memory/bells.js';
import { ContextWords, STOP } from '../memory/context.js';
import { CPU_COUNTERS, counterAddress } from '../memory/counters.js';
import { attachMemory, type Handle } from '../memory/handle.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { type Capabilities, NO_BUSY_POLL, socketParams } from '../napi/busy-params.js';
import { BUSY_POLL_BUDGET, type BusyLoop, type BusyPoller } from '../napi/busy-poll.js';
import type { Burst, Sink } from '../net/sink.js';
import { MonotonicClock } from '../runtime/clock.js';
import { stderrPrintk } from '../runtime/printk.js';
import { INSPECT, shown } from '../runtime/shown.js';
import { threadId, threadUse } from '../runtime/thread.js';
import type { CpuLayout } from './build.js';
import { buildPoller, type PollerSettings } from './poll-build.js';

/** What `host.attach()` gives: to be sent to one Worker, by `workerData` or `postMessage`, and used there once. */
export interface AttachHandle {
  /** @internal */
  readonly machine: Handle;
  /** `attached0` */
  readonly name: string;
  /**
   * What the thread may do: looked at once, by attachHost(). As with all of an attachment, no security boundary: the thread has the
   * machine's whole memory. It keeps from mistakes, not from malice.
   */
  readonly capabilities: Capabilities;
  /** @internal Byte addresses of the context words, and of the attachment's. */
  readonly context: number;
  /** @internal */
  readonly attachment: number;
  /** @internal */
  readonly ticket: number;
  /** @internal */
  readonly layout: CpuLayout;
  /** @internal */
  readonly settings: PollerSettings;
  /** @internal */
  readonly recorder: CpuRecorderTask | null;
}

export interface AttachSettings {
  /** What gets the packets that this thread polls; synchronous. Default: they are counted. */
  readonly sink?: Sink;
}

/**
 * Attaches the calling thread to a running machine.
 * @throws Error when the handle was used before · TypeError when it is none
 */
export function attachHost(handle: AttachHandle, { sink }: AttachSettings = {}): AttachedHost {
  if (typeof handle?.ticket !== 'number') throw new TypeError('attachHost: handle: must be what host.attach() gave');
  return new AttachedHost(handle, sink ?? null);
}

/** A machine as an attached thread sees it. */
export class AttachedHost {
  /** `attached0`, as errors and snapshots call this thread. */
  readonly name: string;
  private readonly handle: AttachHandle;
  /** Of its own: the handle is an object of the application. */
  private readonly capabilities: Capabilities;
  private readonly views: Views;
  private readonly words: AttachmentWords;
  private readonly context: ContextWords;
  private readonly poller: BusyPoller;
  private readonly recorder: CpuRecorder | null;
  private readonly sink: Sink | null;
  private closed = false;
  /** What the sink or `loopEnd` threw, within a call. */
  private thrown: { readonly error: unknown } | null = null;

  /** @internal */
  constructor(handle: AttachHandle, sink: Sink | null) {
    const { machine, layout, settings, recorder, name } = handle;
    const views = attachMemory(machine);
    this.name = name;
    this.handle = handle;
    this.capabilities = { ...handle.capabilities };
    this.views = views;
    this.sink = sink;
    this.words = new AttachmentWords(views, handle.attachment);
    this.context = new ContextWords(views, handle.context);
    const tid = threadId();
    if (!this.words.claim(handle.ticket, tid, threadUse(tid)?.cpuNs ?? 0)) {
      throw new Error(`attachHost: the handle of ${name} was used before`);
    }
    joinMachine(machine.generation, views, layout.bells);
    const bursts = instantiateBursts(machine.module, machine.memory);
    const clock = new MonotonicClock();
    this.recorder = recorder === null ? null : buildCpuRecorder(views, bursts, clock, layout, recorder);
    const seams = {
      bursts,
      clock,
      printk: stderrPrintk(),
      sink: sink === null ? null : (burst: Burst) => this.deliver(burst),
      recorder: this.recorder,
      isAsked: () => this.ended,
      turn: () => this.context.turn(),
    };
    this.poller = buildPoller(views, layout, settings, seams).busyPoller;
  }

  /** NAPI ids of the enabled instances that can be busy-polled, by queue. */
  get ids(): readonly number[] {
    return this.poller.ids();
  }

  /** The machine ends, or has ended: every call returns at once and does nothing. */
  get ended(): boolean {
    return this.context.request() === STOP;
  }

  /**
   * napi_busy_loop: polls the instance on this thread until `loopEnd` is true; without one, once. Returns at once when nobody can
   * busy-poll this id; and early when the machine ends, for whose end it must not block long in the sink or in `loopEnd`.
   * `endOnResched` means nothing here: no other task waits for this thread.
   * @throws ErrnoError EINVAL · EPERM for a budget over 8, or `prefer`, without CAP_NET_ADMIN; what the sink or `loopEnd` threw, when
   *   the instance has been given back
   */
  busyLoop(napiId: number, options: Partial<BusyLoop> = {}): void {
    const { budget = BUSY_POLL_BUDGET, prefer = false, loopEnd = null } = options;
    socketParams(NO_BUSY_POLL, { budget, prefer }, this.capabilities);
    const end = loopEnd === null ? null : (startNs: number) => this.loopEnds(loopEnd, startNs);
    this.within(() => this.poller.napiBusyLoop(napiId, { budget, prefer, loopEnd: end, endOnResched: true }));
  }

  /** napi_suspend_irqs: the instance's timer alone polls, after irq_suspend_timeout. Nothing when that is 0. */
  suspendIrqs(napiId: number): void {
    this.within(() => this.poller.napiSuspendIrqs(napiId));
  }

  /** napi_resume_irqs: the line's CPU polls at once, which ends in the usual deferral, or with the interrupt on. */
  resumeIrqs(napiId: number): void {
    this.within(() => this.poller.napiResumeIrqs(napiId));
  }

  [INSPECT](depth: number | null, options: InspectOptionsStylized): string {
    const { name, ids, ended, closed } = this;
    return shown('AttachedHost', { name, ids, ended, closed }, depth, options);
  }

  /** Gives the place back. Once more does nothing. @throws Error within a call of busyLoop() */
  close(): void {
    if (this.closed) return;
    if (!this.context.asleep()) throw new Error(`${this.name}: close() within busyLoop()`);
    this.closed = true;
    const used = (threadUse(this.words.tid)?.cpuNs ?? this.words.cpuNs) - this.words.cpuNs;
    const at = counterAddress(CPU_COUNTERS, this.handle.layout.counters, 'cpuNs') / DOUBLE_BYTES;
    this.views.doubles[at] = this.views.doubles[at]! + used;
    this.words.release(this.handle.ticket);
    leaveMachine(this.handle.machine.generation);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private within(call: () => void): void {
    if (this.closed) throw new Error(`${this.name} is closed`);
    if (!this.context.asleep()) throw new Error(`${this.name}: a call within busyLoop()`);
    if (!this.context.enter()) return;
    try {
      call();
    } finally {
      if (this.recorder !== null) this.recorder.flush();
      this.context.end();
    }
    const { thrown } = this;
    this.thrown = null;
    if (thrown !== null) throw thrown.error;
  }

  /** What the application throws waits until the poll is over: in the middle of it, buffers would be lost. */
  private deliver(burst: Burst): void {
    if (this.thrown !== null) return;
    try {
      const returned: unknown = this.sink!(burst);
      if (returned instanceof Promise) throw new TypeError('the sink returned a promise: a sink must be synchronous');
    } catch (error) {
      this.thrown = { error };
    }
  }

  private loopEnds(loopEnd: (startNs: number) => boolean, startNs: number): boolean {
    if (this.thrown !== null) return true;
    try {
      return loopEnd(startNs);
    } catch (error) {
      this.thrown = { error };
      return true;
    }
  }
}
