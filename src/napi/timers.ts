// Hot. Runs on: CPU n, at delivery points.
// One CPU's timers: of each instance at most one, for GRO flush, deferral and suspension alike (napi_struct.timer: one-shot,
// relative, pinned; its callback napi_watchdog).
//
//   here, instance × 2 words   EXPIRES   a double, ns of the clock; stands while TIMER says this CPU    this CPU
//   in the instance            TIMER     on which CPU it is armed; and TIMER_RUNS (state.ts)            read-modify-write
//
// who      TIMER from → to          why
// start    any → armed here         EXPIRES first; what was armed elsewhere is forgotten there when its time comes
// expire   armed here → not         whoever makes this change runs the callback; that it runs is said before
// adopt    armed there → here       EXPIRES is copied first: whoever ends in between leaves nothing that is not true
// end                               the callback runs no more: napi_disable waits for it
// cancel   armed anywhere → not     napi_disable
// Nothing of a timer is in this thread alone: the heap is read from these words when a thread begins.

import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Clock } from '../runtime/clock.js';
import type { Trace } from '../runtime/trace.js';
import type { NapiTimer } from './napi.js';
import type { Softnet } from './softnet.js';
import { TimerHeap } from './timer-heap.js';

const NEVER = Number.POSITIVE_INFINITY;

export function timersBytes(napis: number): number {
  return napis * DOUBLE_BYTES;
}

export class NapiTimers {
  /** When the first one expires, in ns of the clock; Infinity: none is armed here. */
  nextNs = NEVER;
  private readonly doubles: Float64Array;
  private readonly first: number;
  private readonly softnet: Softnet;
  private readonly clock: Clock;
  private readonly trace: Trace | null;
  private readonly timerIrqs: number;
  private readonly heap: TimerHeap;

  /** @param timerIrqs byte address of that counter */
  constructor(views: Views, address: number, softnet: Softnet, clock: Clock, trace: Trace | null, timerIrqs: number) {
    this.doubles = views.doubles;
    this.first = address / DOUBLE_BYTES;
    this.softnet = softnet;
    this.clock = clock;
    this.trace = trace;
    this.timerIrqs = timerIrqs / DOUBLE_BYTES;
    this.heap = new TimerHeap(views.doubles, this.first, softnet.napis.length);
    for (const { state } of softnet.napis) {
      const { id } = state;
      softnet.add(id, { timer: this.timerOf(id) });
      if (state.timerCpu() === softnet.context) this.heap.put(id);
    }
    this.look();
  }

  /** One is due: a delivery point has something to do. */
  get isDue(): boolean {
    return this.nextNs <= this.clock.nowNs;
  }

  /** In hard interrupt context: runs what is due. @returns callbacks run */
  expire(): number {
    let ran = 0;
    while (this.isDue) ran += this.expireFirst();
    if (ran > 0) this.doubles[this.timerIrqs] = this.doubles[this.timerIrqs]! + 1;
    return ran;
  }

  /** The other context has ended: takes over all that it had armed. @param address its timers */
  adoptAll(from: number, address: number): void {
    for (const { state } of this.softnet.napis) this.adopt(state.id, from, address);
  }

  /**
   * Takes over a timer that another context has armed for this CPU, or has left behind (migrate_hrtimer_list).
   * @param from that context @param address its timers
   */
  adopt(id: number, from: number, address: number): void {
    const { state } = this.softnet.napis[id]!;
    const expires = address / DOUBLE_BYTES + id;
    if (state.timerCpu() !== from) return;
    this.doubles[this.first + id] = this.doubles[expires]!; // or a thread that ends behind the move would leave a wrong time
    // Read again behind the move: pairs with armTimer(). If `from` writes another one now, it arms and calls once more.
    if (state.moveTimer(from, this.softnet.context)) this.doubles[this.first + id] = this.doubles[expires]!;
    this.heap.put(id); // Moved or not: it may have been in the heap, from earlier, and its key has changed.
    this.look();
  }

  private timerOf(id: number): NapiTimer {
    return { start: (ns) => this.start(id, ns) };
  }

  /** hrtimer_start, HRTIMER_MODE_REL_PINNED */
  private start(id: number, ns: number): void {
    this.clock.tick(); // A poll may have taken as long as the timer is.
    const expiresNs = this.clock.nowNs + ns;
    this.doubles[this.first + id] = expiresNs;
    if (this.trace !== null) this.trace.hrtimerStart(id, expiresNs);
    this.softnet.napis[id]!.state.armTimer(this.softnet.context);
    this.heap.put(id);
    this.look();
  }

  private expireFirst(): number {
    const id = this.heap.shift();
    this.look();
    const { state } = this.softnet.napis[id]!;
    if (!state.expireTimer(this.softnet.context)) return 0; // cancelled, or another CPU's since
    if (this.trace !== null) this.trace.hrtimerExpireEntry(id, this.clock.nowNs);
    this.watchdog(id);
    state.endTimer(this.softnet.context);
    return 1;
  }

  /** napi_watchdog */
  private watchdog(id: number): void {
    if (this.softnet.napis[id]!.state.scheduleRelaxed(this.softnet.context)) this.softnet.napiScheduleHeld(id);
  }

  private look(): void {
    const { top } = this.heap;
    this.nextNs = top < 0 ? NEVER : this.doubles[this.first + top]!;
  }
}
