// Hot. Runs on: whoever polls: CPUs, workers, attached threads.
// The driver's poll: at most `budget` packets in bursts of 64, take ▶ [xdp] ▶ classify … deliver ▶ recycle ▶ refill, then
// complete and unmask. Every poll ends in exactly one of five counters:
//   fullBudgetPolls     there may be more
//   completions         the interrupt is on again
//   unaskedPolls        the interrupt was on, or is on its way: a busy poller or a timer had asked
//   missedReschedules   work came meanwhile: polled again, interrupt still off
//   deferredPolls       polled again by a timer or by who busy-polls, interrupt still off

import { BATCH_ENTRIES } from '../bursts/layout.js';
import type { IrqLine } from '../irq/line.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Poll } from '../napi/napi.js';
import type { Softnet } from '../napi/softnet.js';
import type { Receive } from '../net/receive.js';
import type { RxQueue } from './rx-queue.js';

/** Byte addresses of the counters of this queue on this CPU. */
export interface PollCounters {
  readonly polls: number;
  readonly completions: number;
  readonly fullBudgetPolls: number;
  readonly missedReschedules: number;
  readonly deferredPolls: number;
  readonly unaskedPolls: number;
}

/** What the poll of one queue works with. */
export interface RxPollParts {
  /** null: on a context that is no CPU, which keeps an instance wherever its line goes. */
  readonly cpu: number | null;
  /** Its number, which is also the id of its NAPI instance. */
  readonly queue: number;
  readonly softnet: Softnet;
  readonly rx: RxQueue;
  readonly receive: Receive;
  readonly line: IrqLine;
  /** For a device that does not latch: an event while masked left no trace, so the ring is looked at again after unmasking. */
  readonly recheck: boolean;
  /** Called by the holder before it gives the queue up: the hand-over check of --check-buffers. */
  readonly beforeRelease: () => void;
}

export class RxPoll implements Poll {
  private readonly doubles: Float64Array;
  private readonly cpu: number | null;
  private readonly queue: number;
  private readonly softnet: Softnet;
  private readonly rx: RxQueue;
  private readonly receive: Receive;
  private readonly line: IrqLine;
  private readonly recheck: boolean;
  private readonly beforeRelease: () => void;
  private readonly counters: PollCounters;

  constructor(views: Views, parts: RxPollParts, counters: PollCounters) {
    this.doubles = views.doubles;
    this.cpu = parts.cpu;
    this.queue = parts.queue;
    this.softnet = parts.softnet;
    this.rx = parts.rx;
    this.receive = parts.receive;
    this.line = parts.line;
    this.recheck = parts.recheck;
    this.beforeRelease = parts.beforeRelease;
    this.counters = counters;
    parts.softnet.add(parts.queue, { poll: this });
  }

  poll(budget: number): number {
    if (budget === 0) return 0; // netpoll: there is no Tx to clean, and the queue may be somebody else's.
    this.count(this.counters.polls, 1);
    this.rx.claim();
    const work = this.drain(budget);
    this.beforeRelease();
    // A poll that always uses its budget would keep the instance here for ever although its line has moved: complete
    // early, so that the next interrupt moves it (mlx5e_napi_poll).
    const early = work === budget;
    if (early && this.isHome()) {
      this.count(this.counters.fullBudgetPolls, 1);
      return work;
    }
    this.complete(work, early);
    return Math.min(work, budget - 1);
  }

  /** After each burst its cursors are out, so that this thread may end. */
  private drain(budget: number): number {
    const { rx } = this;
    let work = 0;
    while (work < budget) {
      const asked = Math.min(budget - work, BATCH_ENTRIES);
      const frames = rx.take(asked);
      if (frames > 0) {
        this.receive.receive(frames, this.queue);
        rx.recycle(frames);
        work += frames;
      }
      rx.refill();
      rx.release();
      rx.handOn();
      if (frames < asked) break;
    }
    return work;
  }

  /** @param early the ring may not be empty, and the device has nothing to remember */
  private complete(work: number, early: boolean): void {
    const { counters, softnet } = this;
    const { tail } = this.rx.ring; // Remembered: once SCHED is cleared, the cursors may be another CPU's.
    if (!softnet.napiCompleteDone(this.queue, work)) {
      this.count(softnet.rescheduled ? counters.missedReschedules : counters.deferredPolls, 1);
      return;
    }
    const asked = this.line.unmask();
    if ((early || this.recheck) && this.rx.ring.filledBeyond(tail) && this.lookAgain(asked)) {
      this.count(counters.missedReschedules, 1);
    } else this.count(asked ? counters.completions : counters.unaskedPolls, 1);
  }

  /**
   * The ring was not empty after unmasking, and no interrupt may ever come for what is in it.
   * @param asked it was this poll that unmasked @returns true when the line is masked again, and the instance scheduled
   */
  private lookAgain(asked: boolean): boolean {
    if (!asked || !this.isHome()) {
      this.line.raise(); // As the interrupt that will be polled for: it brings the instance to where the line is.
      return false;
    }
    if (!this.line.mask()) return false; // An interrupt is on its way.
    this.softnet.napiSchedule(this.queue);
    return true;
  }

  private isHome(): boolean {
    return this.cpu === null || this.line.target() === this.cpu;
  }

  private count(address: number, amount: number): void {
    const at = address / DOUBLE_BYTES;
    this.doubles[at] = this.doubles[at]! + amount;
  }
}
