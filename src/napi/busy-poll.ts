// Hot. Runs on: CPU n, in process context; attached threads.
// Busy polling (net/core/dev.c: __napi_busy_loop, busy_poll_stop): who waits for packets polls the instance by itself, in small
// portions, while its interrupt stays off.

import { DOUBLE_BYTES } from '../memory/layout.js';
import { pause } from '../memory/pause.js';
import type { Views } from '../memory/views.js';
import type { Clock } from '../runtime/clock.js';
import type { Trace } from '../runtime/trace.js';
import { NAPI_BITS } from './bits.js';
import type { Napi } from './napi.js';
import { netpollPollLock } from './netpoll.js';
import { HZ_FINE } from './poll.js';
import type { Softnet } from './softnet.js';

const { MISSED, IN_BUSY_POLL, PREFER_BUSY_POLL } = NAPI_BITS;

/** Packets of a poll in the loop, unless the caller says otherwise. */
export const BUSY_POLL_BUDGET = 8;

export interface BusyLoop {
  /** Asked after each poll, with the time at which the loop began: true ends it. null: one poll, and the one that ends it. */
  readonly loopEnd: ((startNs: number) => boolean) | null;
  /** Packets of a poll; 0: BUSY_POLL_BUDGET. */
  readonly budget: number;
  /** Interrupts and softirqs are to stand back: who polls gives way, and the end of the loop defers the interrupt. */
  readonly prefer: boolean;
  /** Ends when another task waits for the CPU; else that task has it, and the loop goes on. */
  readonly endOnResched: boolean;
}

/** What comes from outside this folder. */
export interface BusyPollSeams {
  readonly clock: Clock;
  readonly trace: Trace | null;
  /** A delivery point. */
  deliver(): number;
  needResched(): boolean;
  /** cond_resched: who waits for the CPU has it, and then the caller again. */
  condResched(): void;
}

const ONCE: BusyLoop = { loopEnd: null, budget: BUSY_POLL_BUDGET, prefer: false, endOnResched: false };

export class BusyPoller {
  private readonly doubles: Float64Array;
  private readonly softnet: Softnet;
  private readonly clock: Clock;
  private readonly trace: Trace | null;
  private readonly seams: BusyPollSeams;
  private readonly rxPackets: number;
  /** Where the last id was found. */
  private found = 0;

  /** @param rxPackets byte address of the counter BusyPollRxPackets */
  constructor(views: Views, softnet: Softnet, seams: BusyPollSeams, rxPackets: number) {
    this.doubles = views.doubles;
    this.softnet = softnet;
    this.clock = seams.clock;
    this.trace = seams.trace;
    this.seams = seams;
    this.rxPackets = rxPackets / DOUBLE_BYTES;
  }

  /** napi_by_id. @returns null when no enabled instance has this id */
  napiById(napiId: number): Napi | null {
    const { napis } = this.softnet;
    if (napiId <= 0) return null;
    if (napis[this.found]!.state.napiId !== napiId) {
      this.found = Math.max(
        0,
        napis.findIndex(({ state }) => state.napiId === napiId),
      );
    }
    const napi = napis[this.found]!;
    return napi.state.napiId === napiId ? napi : null;
  }

  /** Of all enabled instances that can be busy-polled. */
  ids(): number[] {
    return this.softnet.napis.map(({ state }) => state.napiId).filter((id) => id > 0);
  }

  /**
   * napi_busy_loop: returns when `loopEnd` says so, at once when nobody can busy-poll this id. Blocks its caller, and the mailbox
   * of this CPU with it: `loopEnd` is true after some milliseconds at most.
   * @throws Error in an interrupt or a softirq, or with bottom halves off
   */
  napiBusyLoop(napiId: number, options: Partial<BusyLoop> = {}): void {
    if (this.softnet.softirqs.preempt.inInterrupt) throw new Error('napi_busy_loop: this is no process context');
    const loop: BusyLoop = { ...ONCE, ...options, budget: options.budget || ONCE.budget };
    this.clock.tick();
    const startNs = this.clock.nowNs;
    while (this.hold(napiId, loop, startNs)) {
      this.seams.condResched();
      this.clock.tick();
      if (loop.loopEnd?.(startNs)) return;
    }
  }

  /** Claims and polls until the loop ends, or another task wants the CPU. @returns true when it is to go on after that */
  private hold(napiId: number, loop: BusyLoop, startNs: number): boolean {
    const napi = this.napiById(napiId);
    if (napi === null) return false;
    let mine = false;
    let goesOn = false;
    for (;;) {
      mine = this.turn(napi, loop, mine);
      if (loop.loopEnd === null || loop.loopEnd(startNs)) break;
      if (this.seams.needResched()) {
        goesOn = !loop.endOnResched;
        break;
      }
      pause();
    }
    if (mine) this.busyPollStop(napi, loop);
    return goesOn;
  }

  /** One round. @returns true when SCHED is ours */
  private turn(napi: Napi, { budget, prefer }: BusyLoop, held: boolean): boolean {
    const { softirqs } = this.softnet;
    softirqs.localBhDisable();
    const mine = held || this.claim(napi, prefer);
    if (mine) {
      const work = this.poll(napi, budget);
      napi.gro.deliver();
      this.doubles[this.rxPackets] = this.doubles[this.rxPackets]! + work;
    }
    softirqs.localBhEnable();
    this.seams.deliver();
    this.clock.tick();
    return mine;
  }

  private claim(napi: Napi, prefer: boolean): boolean {
    if (!napi.state.claimBusyPoll(this.softnet.context)) {
      if (prefer) napi.state.set(PREFER_BUSY_POLL); // A softirq that uses its whole weight then lets go.
      return false;
    }
    if (napi.netpoll) netpollPollLock(napi, this.softnet.context);
    return true;
  }

  private poll({ poll, state }: Napi, budget: number): number {
    const work = poll.poll(budget);
    if (this.trace !== null) this.trace.napiPoll(state.id, work, budget);
    return work;
  }

  /** busy_poll_stop: once more, so that the driver completes, and turns its interrupt on or leaves it to the timer. */
  private busyPollStop(napi: Napi, { budget, prefer }: BusyLoop): void {
    const { softirqs } = this.softnet;
    napi.state.clear(MISSED); // What was missed, the poll below finds.
    napi.state.clear(IN_BUSY_POLL);
    softirqs.localBhDisable();
    const armed = prefer && this.defer(napi);
    const work = this.poll(napi, budget);
    if (napi.netpoll) napi.state.releasePollOwner();
    if (work === budget) this.leaveWork(napi, armed);
    softirqs.localBhEnable();
    this.seams.deliver();
  }

  /** @returns true when the timer will poll */
  private defer({ state, timer }: Napi): boolean {
    state.deferCount = state.deferHardIrqs;
    const timeoutNs = state.groFlushTimeoutNs;
    if (state.deferCount === 0 || timeoutNs === 0) return false;
    timer.start(timeoutNs);
    return true;
  }

  /** __busy_poll_stop: the last poll used its budget, and so did not complete. */
  private leaveWork({ state, gro }: Napi, armed: boolean): void {
    if (armed) {
      gro.flush(this.clock.hz >= HZ_FINE);
      state.releaseSched();
    } else {
      gro.deliver();
      this.softnet.napiScheduleHeld(state.id);
    }
  }

  // ── suspending ──

  /** napi_suspend_irqs, by id. */
  napiSuspendIrqs(napiId: number): void {
    const napi = this.napiById(napiId);
    if (napi !== null) this.softnet.napiSuspendIrqs(napi.state.id);
  }

  /** napi_resume_irqs, by id. */
  napiResumeIrqs(napiId: number): void {
    const napi = this.napiById(napiId);
    if (napi !== null) this.softnet.napiResumeIrqs(napi.state.id);
  }
}

/** busy_loop_current_time counts ns in units of 1024: a µs of a time-out is 2.4 % long. */
export function busyLoopTimedOut(startNs: number, nowNs: number, usecs: number): boolean {
  return Math.floor(nowNs / 1024) > Math.floor(startNs / 1024) + usecs;
}
