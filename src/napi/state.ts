// Hot. Runs on: CPU n; main enables, disables and reads.
// One NAPI instance in shared memory (struct napi_struct).
//
//   0   STATE                compareExchange, or, and (below)               any context
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
//
// STATE: bits 0 … 11 are the kernel's (bits.ts), bits 16 … 27 the context that holds SCHED.
// who                     from → to                                 why
// napi_schedule_prep      DISABLE → the same                        it is being disabled: the event is dropped
//                         no SCHED → SCHED, held                    whoever made this change must schedule it
//                         SCHED → SCHED|MISSED                      somebody polls: it must look once more
// napi_watchdog           no SCHED → SCHED, held                    no PREFER_BUSY_POLL; DISABLE or SCHED: nothing, no MISSED
// busy poll               idle → SCHED|IN_BUSY_POLL, held           not when DISABLE: then, if it is preferred, +PREFER_BUSY_POLL
//                         MISSED, IN_BUSY_POLL → neither            before its last poll, in which the driver may complete
//                         SCHED → idle                              its last poll left work behind, and the timer is armed
// enqueue_to_backlog      no SCHED → SCHED, held by the target      a backlog's; SCHED: nothing, no MISSED
// process_backlog         any → idle                                all but THREADED goes; then it looks at its queue again
// mark_missed             SCHED → SCHED|MISSED                      the same, for who would not schedule an idle one
// napi_complete_done      NPSVC or IN_BUSY_POLL → the same          whoever else polls will complete it
//                         SCHED → idle                              no SCHED_THREADED, no PREFER_BUSY_POLL either
//                         SCHED|MISSED → SCHED                      the same, but polled again
// netif_napi_add          no LISTED → LISTED|SCHED|NPSVC, parked    born disabled
// napi_enable             SCHED|NPSVC → no SCHED, no NPSVC          a MISSED survives; +THREADED if there is a thread
// napi_disable            any → +DISABLE                            then, as soon as nobody holds SCHED or NPSVC:
//                         → SCHED|NPSVC, parked; no THREADED…       then without DISABLE
// netif_napi_del          LISTED → no LISTED
// __napi_schedule         SCHED, THREADED → +SCHED_THREADED         before the thread is woken: it looks for this bit
//                         SCHED, held → held by another             a CPU's to a worker; a worker's, which can keep no list, to a CPU
// napi_set_threaded       → +THREADED, ±THREADED_BUSY_POLL          as soon as there is a thread; whoever polls now goes on
// dev_cpu_dead            SCHED, held by a CPU that has ended           main, in its place; the words of the SCHED holder have been
//                         → held by another, no IN_BUSY_POLL        set right before, and the other is called after
// napi_stop_kthread       idle, parked or SCHED_THREADED            never while a softirq holds SCHED: it may yet wake the
//                         → no THREADED, no THREADED_BUSY_POLL      thread that is about to end
// napi_threaded_poll      SCHED_THREADED → ±IN_BUSY_POLL            with THREADED_BUSY_POLL and no DISABLE
// netpoll                 no NPSVC → NPSVC → no NPSVC               around a poll with budget 0
// never                   no SCHED, DISABLE → SCHED by prep         or disabling would never end
// never                   idle → MISSED                             nobody is polling, so nobody would look again
// Setting SCHED is the acquire of all the words that belong to the SCHED holder, clearing it the release.

import { CACHE_LINE_BYTES, CACHE_LINE_WORDS } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { HOLDER_MASK, HOLDER_SHIFT, NAPI_BITS, NapiError, PARKED } from './bits.js';
import { createLink, isLinked, LINK_BYTES, unlink } from './poll-list.js';

const STATE = 0;
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

// Once more as plain numbers: an object of constants is slow where it is hot.
const SCHED = 1 << 0;
const MISSED = 1 << 1;
const DISABLE = 1 << 2;
const NPSVC = 1 << 3;
const LISTED = 1 << 4;
const IN_BUSY_POLL = 1 << 6;
const PREFER_BUSY_POLL = 1 << 7;
const THREADED = 1 << 8;
const SCHED_THREADED = 1 << 9;
const THREADED_BUSY_POLL = 1 << 11;
const HOLDER = HOLDER_MASK << HOLDER_SHIFT;

export const NO_HOLDER = -1;
/** As WORKER: its thread is a task of the CPU that schedules it. (Context 0 is a CPU.) */
export const NO_WORKER = 0;
const NO_CPU = -1;

export class NapiState {
  readonly id: number;
  /** Word index of LINK. */
  readonly link: number;
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly base: number;

  constructor(views: Views, address: number, id = 0) {
    this.words = views.words;
    this.doubles = views.doubles;
    this.base = address / 4;
    this.link = this.base + LINK;
    this.id = id;
  }

  // ── scheduling ──

  /** napi_schedule_prep. @returns true when `context` now holds SCHED and must schedule the instance */
  schedulePrep(context: number): boolean {
    for (;;) {
      const old = Atomics.load(this.words, this.base + STATE);
      if ((old & DISABLE) !== 0) return false;
      const next = (old & SCHED) === 0 ? old | SCHED | (context << HOLDER_SHIFT) : old | MISSED;
      if (next === old) return false;
      if (Atomics.compareExchange(this.words, this.base + STATE, old, next) !== old) continue;
      return (old & SCHED) === 0;
    }
  }

  /** napi_if_scheduled_mark_missed. @returns false when nobody polls, and so nothing was marked */
  ifScheduledMarkMissed(): boolean {
    for (;;) {
      const old = Atomics.load(this.words, this.base + STATE);
      if ((old & DISABLE) !== 0) return true;
      if ((old & SCHED) === 0) return false;
      if (Atomics.compareExchange(this.words, this.base + STATE, old, old | MISSED) === old) return true;
    }
  }

  /** napi_watchdog's way to SCHED: whoever holds it already is not told. @returns true when `context` now holds it */
  scheduleRelaxed(context: number): boolean {
    for (;;) {
      const old = this.load();
      if ((old & (DISABLE | SCHED)) !== 0) return false;
      const next = (old & ~PREFER_BUSY_POLL) | SCHED | (context << HOLDER_SHIFT);
      if (Atomics.compareExchange(this.words, this.base + STATE, old, next) === old) return true;
    }
  }

  /** __napi_busy_loop's one try. @returns true when `context` now holds SCHED, to poll by itself */
  claimBusyPoll(context: number): boolean {
    const old = this.load();
    if ((old & (DISABLE | SCHED | IN_BUSY_POLL)) !== 0) return false;
    const next = old | IN_BUSY_POLL | SCHED | (context << HOLDER_SHIFT);
    return Atomics.compareExchange(this.words, this.base + STATE, old, next) === old;
  }

  /**
   * Whoever holds SCHED gives it to another context, with all the words that belong to the holder. Who gets it is told afterwards:
   * by a call (a CPU), or by its doorbell (a worker, whose isScheduledForThread() finds it).
   */
  handOver(from: number, to: number): void {
    Atomics.xor(this.words, this.base + STATE, (from ^ to) << HOLDER_SHIFT);
  }

  /** __busy_poll_stop lets SCHED go while there is work left: the timer, armed before, comes back to it. */
  releaseSched(): void {
    Atomics.and(this.words, this.base + STATE, ~(SCHED | HOLDER)); // Pairs with the loads before SCHED is taken.
  }

  /**
   * enqueue_to_backlog's way to the backlog of `cpu`, its own or another's: without MISSED, since a backlog that has let SCHED go
   * looks at its queue again. @returns true when `cpu` now holds SCHED, and the caller must tell it
   */
  scheduleBacklog(cpu: number): boolean {
    for (;;) {
      // Pairs with the and in releaseBacklog(): the caller has published its packets.
      const old = Atomics.load(this.words, this.base + STATE);
      if ((old & SCHED) !== 0) return false;
      const next = old | SCHED | (cpu << HOLDER_SHIFT);
      if (Atomics.compareExchange(this.words, this.base + STATE, old, next) === old) return true;
    }
  }

  /** process_backlog's end: no napi_complete_done. Afterwards the caller looks at its queue again. */
  releaseBacklog(): void {
    Atomics.and(this.words, this.base + STATE, LISTED | THREADED); // Pairs with the load in scheduleBacklog().
  }

  /**
   * The step of napi_complete_done that lets SCHED go. @param seen STATE as it was last read
   * @returns true when SCHED was given up: the caller may touch nothing but the line. False when MISSED was set: SCHED is
   * kept, and the caller schedules once more.
   * @throws NapiError when SCHED is not set (the kernel's WARN): whoever completes must hold it
   */
  complete(seen = this.load()): boolean {
    for (let old = seen; ; ) {
      if ((old & SCHED) === 0) throw new NapiError('napi_complete_done', this.id, old, 'it is not scheduled');
      const missed = (old & MISSED) !== 0;
      const next = missed
        ? old & ~(MISSED | SCHED_THREADED | PREFER_BUSY_POLL)
        : old & ~(SCHED | SCHED_THREADED | PREFER_BUSY_POLL | HOLDER);
      const found = Atomics.compareExchange(this.words, this.base + STATE, old, next);
      if (found === old) return !missed;
      old = found;
    }
  }

  // ── control ──

  /** Main, before any thread runs: listed, enabled and idle. */
  create(): void {
    Atomics.store(this.words, this.base + STATE, 0);
    this.add();
    this.enable(false);
  }

  /**
   * netif_napi_add: born disabled. Other bits stay, as the kernel's set_bit() leaves them: NO_BUSY_POLL, a MISSED of its earlier life.
   * @throws NapiError when it is listed already, and then nothing is changed
   */
  add(): void {
    const old = this.load();
    if ((old & LISTED) !== 0) throw new NapiError('netif_napi_add', this.id, old, 'it is listed already');
    this.leaveLists();
    this.deferCount = 0;
    this.words[this.base + IN_HAND_COUNT] = 0;
    Atomics.store(this.words, this.base + POLL_OWNER, NO_CPU);
    Atomics.store(this.words, this.base + TIMER, 0);
    Atomics.store(this.words, this.base + TIMER_RUNS, 0);
    Atomics.store(this.words, this.base + TIMER_RUNS + 1, 0);
    Atomics.or(this.words, this.base + STATE, LISTED | SCHED | NPSVC | (PARKED << HOLDER_SHIFT));
  }

  /** napi_enable. @param threaded +THREADED, too @throws NapiError when it is not disabled (the kernel's BUG) */
  enable(threaded: boolean): void {
    for (;;) {
      const old = this.load();
      if ((old & SCHED) === 0) throw new NapiError('napi_enable', this.id, old, 'it is not disabled');
      const next = (old & ~(SCHED | NPSVC | HOLDER)) | (threaded ? THREADED : 0);
      if (Atomics.compareExchange(this.words, this.base + STATE, old, next) === old) return;
    }
  }

  /** The first step of napi_disable. @returns STATE as it was before */
  beginDisable(): number {
    return Atomics.or(this.words, this.base + STATE, DISABLE);
  }

  /** Its middle, tried until somebody lets go. @returns false while SCHED or NPSVC is held */
  park(): boolean {
    const old = this.load();
    if ((old & (SCHED | NPSVC)) !== 0) return false;
    const next = (old | SCHED | NPSVC | (PARKED << HOLDER_SHIFT)) & ~(THREADED | THREADED_BUSY_POLL | PREFER_BUSY_POLL);
    return Atomics.compareExchange(this.words, this.base + STATE, old, next) === old;
  }

  /** Its end. */
  endDisable(): void {
    Atomics.and(this.words, this.base + STATE, ~DISABLE);
  }

  /** The first step of napi_stop_kthread. @returns false while somebody else than the thread holds SCHED, who may yet schedule the thread */
  leaveThreaded(): boolean {
    const old = this.load();
    const parked = (old & HOLDER) === HOLDER; // The kernel takes a disabled one for one that is polled, and waits for ever.
    if ((old & SCHED) !== 0 && (old & SCHED_THREADED) === 0 && !parked) return false;
    const next = old & ~(THREADED | THREADED_BUSY_POLL);
    return Atomics.compareExchange(this.words, this.base + STATE, old, next) === old;
  }

  /**
   * dev_cpu_dead, by main, when the holder's thread has ended: SCHED is `to`'s, who schedules the instance when it is called.
   * It is on no list, and nobody busy-polls it. @returns false when `from` does not hold it
   */
  takeOver(from: number, to: number): boolean {
    if (this.holder() !== from) return false;
    this.leaveLists();
    for (;;) {
      const old = this.load();
      const next = (old & ~(HOLDER | IN_BUSY_POLL)) | (to << HOLDER_SHIFT);
      if (Atomics.compareExchange(this.words, this.base + STATE, old, next) === old) return true;
    }
  }

  /**
   * Without a look at its neighbours: there are none, or they were on the list of a CPU that has ended, too; and those may be on the
   * list of another one by now.
   */
  leaveLists(): void {
    createLink(this.words, this.link, this.id);
    this.listOwner = NO_CPU;
  }

  /** The poll lock of a CPU that has ended, and the NPSVC of its netpoll. */
  dropPollOwner(cpu: number): void {
    if (this.pollOwner() !== cpu) return;
    const parked = (this.load() & HOLDER) === HOLDER;
    if (!parked) this.clear(NPSVC);
    this.releasePollOwner();
  }

  /** Sets `bits`. @returns which of them were set before */
  set(bits: number): number {
    return Atomics.or(this.words, this.base + STATE, bits) & bits;
  }

  /** Clears `bits`. @returns which of them were set before */
  clear(bits: number): number {
    return Atomics.and(this.words, this.base + STATE, ~bits) & bits;
  }

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

  // ── looking ──

  /** STATE */
  load(): number {
    return Atomics.load(this.words, this.base + STATE);
  }

  /** The context that holds SCHED, or NO_HOLDER: nobody does, or it is disabled. */
  holder(): number {
    const state = this.load();
    const holder = (state >> HOLDER_SHIFT) & HOLDER_MASK;
    return (state & SCHED) === 0 || holder === PARKED ? NO_HOLDER : holder;
  }

  /** True while its thread, on this CPU or as this worker, holds SCHED. */
  isScheduledForThread(context: number): boolean {
    return (this.load() & (SCHED_THREADED | HOLDER)) === (SCHED_THREADED | (context << HOLDER_SHIFT));
  }

  isLinked(): boolean {
    return isLinked(this.words, this.link);
  }

  // ── words of the SCHED holder ──

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

// The numbers above are those of the names that reports print.
if (THREADED_BUSY_POLL !== NAPI_BITS.THREADED_BUSY_POLL || SCHED_THREADED !== NAPI_BITS.SCHED_THREADED) {
  throw new Error('napi: state bits and their names differ');
}
