// Hot. Runs on: CPU n; main enables, disables and reads.
// The words of one NAPI instance in shared memory, but for its state (struct napi_struct).
//
//   0   STATE                state.ts                                       any context
//   16  LINK                 3 words: place on a poll list (poll-list.ts)   SCHED holder
//   19  LIST_OWNER           CPU whose poll list it was put on, or -1       SCHED holder
//   20  DEFER_COUNT          completions that still leave the line masked   SCHED holder
//   21  IN_HAND_END          ring cursor behind the burst in hand           SCHED holder
//   22  IN_HAND_COUNT        its frames; 0 = nothing in hand                SCHED holder; main, for a dead one
//   23  POLL_OWNER           CPU that polls, or -1: netpoll against poll    compareExchange
//   24  NAPI_ID              by which it is found; 0 = by none              main
//   25  DEFER_HARD_IRQS      tunable                                        main
//   26  GRO_FLUSH_TIMEOUT    tunable, a double, ns                          main
//   28  IRQ_SUSPEND_TIMEOUT  tunable, a double, ns                          main
//   30  TIMER                1 + the context on which it is armed, 0 = none  store, compareExchange: any context (timers.ts)
//   31  WORKER               context of its thread's worker; 0: a task      main, while it has no thread
//   32  TIMER_RUNS           2 words, a bit per CPU: its callback runs      or, and: that CPU; main, for a dead one
//   34  IN_HAND_TAKEN        a double: frames that its holder has ever      SCHED holder
//                            taken from the queue, these included
// The words of the SCHED holder are acquired by setting SCHED, and released by clearing it.

import { CACHE_LINE_BYTES, CACHE_LINE_WORDS } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { createLink, isLinked, LINK_BYTES, unlink } from './poll-list.js';

const LINK = CACHE_LINE_WORDS;
const LIST_OWNER = LINK + LINK_BYTES / 4;
const DEFER_COUNT = LIST_OWNER + 1;
const IN_HAND_END = DEFER_COUNT + 1;
const IN_HAND_COUNT = IN_HAND_END + 1;
const POLL_OWNER = IN_HAND_COUNT + 1;
const NAPI_ID = POLL_OWNER + 1;
const DEFER_HARD_IRQS = NAPI_ID + 1;
const GRO_FLUSH_TIMEOUT = DEFER_HARD_IRQS + 1;
const IRQ_SUSPEND_TIMEOUT = GRO_FLUSH_TIMEOUT + 2;
const TIMER = IRQ_SUSPEND_TIMEOUT + 2;
const WORKER = TIMER + 1;
const TIMER_RUNS = 2 * CACHE_LINE_WORDS;
const IN_HAND_TAKEN = TIMER_RUNS + 2;
export const NAPI_BYTES = 3 * CACHE_LINE_BYTES;

/** As WORKER: its thread is a task of the CPU that schedules it. (Context 0 is a CPU.) */
export const NO_WORKER = 0;
const NO_CPU = -1;

export class NapiWords {
  readonly id: number;
  /** Word index of LINK. */
  readonly link: number;
  protected readonly words: Int32Array;
  protected readonly base: number;
  private readonly doubles: Float64Array;

  constructor(views: Views, address: number, id = 0) {
    this.words = views.words;
    this.doubles = views.doubles;
    this.base = address / 4;
    this.link = this.base + LINK;
    this.id = id;
  }

  /** netif_napi_add's part. */
  protected createWords(): void {
    this.leaveLists();
    this.deferCount = 0;
    this.words[this.base + IN_HAND_COUNT] = 0;
    Atomics.store(this.words, this.base + POLL_OWNER, NO_CPU);
    Atomics.store(this.words, this.base + TIMER, 0);
    Atomics.store(this.words, this.base + TIMER_RUNS, 0);
    Atomics.store(this.words, this.base + TIMER_RUNS + 1, 0);
  }

  /**
   * Without a look at its neighbours: there are none, or they were on the list of a CPU that has ended, too; and those may be on the
   * list of another one by now.
   */
  leaveLists(): void {
    createLink(this.words, this.link, this.id);
    this.listOwner = NO_CPU;
  }

  // ── netpoll against poll ──

  /** netpoll_poll_lock, one try: the CPU that polls. */
  tryPollOwner(cpu: number): boolean {
    return Atomics.compareExchange(this.words, this.base + POLL_OWNER, NO_CPU, cpu) === NO_CPU;
  }

  releasePollOwner(): void {
    Atomics.store(this.words, this.base + POLL_OWNER, NO_CPU); // Pairs with the compareExchange in tryPollOwner().
  }

  pollOwner(): number {
    return Atomics.load(this.words, this.base + POLL_OWNER);
  }

  // ── the timer ──

  /** Armed on `cpu`, whose own word says for when, and on no other. */
  armTimer(cpu: number): void {
    Atomics.store(this.words, this.base + TIMER, cpu + 1);
  }

  /** Armed on `to` instead of `from`. @returns false when it was not, or is no more, armed on `from` */
  moveTimer(from: number, to: number): boolean {
    return Atomics.compareExchange(this.words, this.base + TIMER, from + 1, to + 1) === from + 1;
  }

  /** @returns true when it was still armed on `cpu`, who now runs its callback, and says so by endTimer() */
  expireTimer(cpu: number): boolean {
    // Before it is armed no more. Pairs with the loads in cancelTimer().
    Atomics.or(this.words, this.base + TIMER_RUNS + (cpu >> 5), 1 << (cpu & 31));
    if (Atomics.compareExchange(this.words, this.base + TIMER, cpu + 1, 0) === cpu + 1) return true;
    this.endTimer(cpu);
    return false;
  }

  /** The callback does not run on `cpu` any more; for main, too, when that CPU has ended. */
  endTimer(cpu: number): void {
    Atomics.and(this.words, this.base + TIMER_RUNS + (cpu >> 5), ~(1 << (cpu & 31))); // Pairs with the loads in cancelTimer().
  }

  /** hrtimer_try_to_cancel: armed nowhere. @returns false while its callback runs somewhere */
  cancelTimer(): boolean {
    const { words, base } = this;
    Atomics.store(words, base + TIMER, 0);
    return (Atomics.load(words, base + TIMER_RUNS) | Atomics.load(words, base + TIMER_RUNS + 1)) === 0;
  }

  /** The CPU on which the timer is armed, or -1. */
  timerCpu(): number {
    return Atomics.load(this.words, this.base + TIMER) - 1;
  }

  // ── words of the SCHED holder ──

  isLinked(): boolean {
    return isLinked(this.words, this.link);
  }

  unlink(): void {
    unlink(this.words, this.link);
  }

  get listOwner(): number {
    return this.words[this.base + LIST_OWNER]!;
  }

  set listOwner(cpu: number) {
    this.words[this.base + LIST_OWNER] = cpu;
  }

  get deferCount(): number {
    return this.words[this.base + DEFER_COUNT]!;
  }

  set deferCount(completions: number) {
    this.words[this.base + DEFER_COUNT] = completions;
  }

  /**
   * Before a burst that was taken out of the ring is touched: from here on it is lost if this thread ends.
   * @param end ring cursor behind it @param taken frames that this CPU has ever taken from the queue, these included
   */
  takeInHand(end: number, count: number, taken: number): void {
    this.words[this.base + IN_HAND_END] = end;
    this.doubles[(this.base + IN_HAND_TAKEN) / 2] = taken;
    this.words[this.base + IN_HAND_COUNT] = count; // Last: with it the others hold.
  }

  /** After the burst's cursors and counters are out. */
  handOn(): void {
    this.words[this.base + IN_HAND_COUNT] = 0;
  }

  inHand(): number {
    return this.words[this.base + IN_HAND_COUNT]!;
  }

  /** While there is a burst in hand: the ring cursor behind it. */
  get inHandEnd(): number {
    return this.words[this.base + IN_HAND_END]!;
  }

  /** While there is a burst in hand: frames that its CPU has ever taken from the queue, the burst included. */
  get inHandTaken(): number {
    return this.doubles[(this.base + IN_HAND_TAKEN) / 2]!;
  }

  // ── words of main ──

  /** By which busy polling finds it; 0 while it is disabled. */
  get napiId(): number {
    return Atomics.load(this.words, this.base + NAPI_ID);
  }

  set napiId(id: number) {
    Atomics.store(this.words, this.base + NAPI_ID, id);
  }

  /** The context of the worker that is its thread, or NO_WORKER. Whoever reads it has seen THREADED, before which it was written. */
  get worker(): number {
    return this.words[this.base + WORKER]!;
  }

  set worker(context: number) {
    this.words[this.base + WORKER] = context;
  }

  /** napi_defer_hard_irqs */
  get deferHardIrqs(): number {
    return this.words[this.base + DEFER_HARD_IRQS]!;
  }

  set deferHardIrqs(completions: number) {
    this.words[this.base + DEFER_HARD_IRQS] = completions;
  }

  /** gro_flush_timeout, ns */
  get groFlushTimeoutNs(): number {
    return this.doubles[(this.base + GRO_FLUSH_TIMEOUT) / 2]!;
  }

  set groFlushTimeoutNs(ns: number) {
    this.doubles[(this.base + GRO_FLUSH_TIMEOUT) / 2] = ns;
  }

  /** irq_suspend_timeout, ns */
  get irqSuspendTimeoutNs(): number {
    return this.doubles[(this.base + IRQ_SUSPEND_TIMEOUT) / 2]!;
  }

  set irqSuspendTimeoutNs(ns: number) {
    this.doubles[(this.base + IRQ_SUSPEND_TIMEOUT) / 2] = ns;
  }
}
