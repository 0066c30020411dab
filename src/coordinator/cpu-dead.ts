// Cold. Runs on: main, when the thread of a CPU has certainly ended; tests, in its place.
// What a CPU leaves behind is set right, and handed to others (page_pool, dev_cpu_dead, irq_migrate_all_off_this_cpu,
// hrtimers_cpu_dying). Main is then the one writer of all words that were that CPU's.
//
// It goes by the words that say who holds what, never by the dead CPU's lists: they may be in the middle of a change.
//
//   what                          where it stands                      what becomes of it
//   instances it held             holder in STATE                      repaired (below), and an heir's: CALL_SCHEDULE
//   instances it was between two  nowhere: it took an interrupt and    after an accident every instance is scheduled once: whoever
//   words of: masked, and idle    had not set SCHED, or had cleared    polls it finds what there is, and unmasks
//                                 SCHED and not unmasked
//   lines that target it          the line's word                      retargeted, told to the new target if pending
//   lines that it was to tell     PENDING in the line                  every pending line is told to its target once more
//   timers armed there            TIMER, EXPIRES                       the heir adopts them: CALL_CPU_DEAD
//   timers that it was to adopt   TIMER, of a context that is no CPU   whoever has the line now is told once more: CALL_TIMER
//   whoever it was about to wake  nowhere: its doorbell says awake,    rung for who is about to sleep, and every sleeper is woken
//                                 or still asleep
//   a callback that it ran        its bit of TIMER_RUNS                cleared
//   the poll lock, NPSVC          POLL_OWNER                           cleared
//   calls that it had not taken   its bitmaps                          cleared: instances go by the holder
//   softirqs, lists, ksoftirqd    its own words                        made anew before it has a thread again
//
// In interrupt mode a CPU leaves at the top of its loop, or the machine ends with it. Then its backlog has packets only while its
// instance is held, and a line's packets lie in the backlog of the line's target alone. One heir gets all, so that each flow keeps
// its order:
//   1  main    the instance is the heir's: CALL_CPU_DEAD                   the dead CPU's words are the heir's with it
//   2  heir    the packets go through its own backlog; it lets SCHED go    the words are main's again
//   3  main    nobody holds the instance: the lines are the heir's         its handlers put their packets behind those
//   never      3 before 2                                                  later packets would come first
// A call that comes late finds the instance with somebody else, or with nobody, and does nothing.
//
// Of an instance that it held (the order in which a poll stores makes this enough, rx-queue.ts):
//   IN_HAND_COUNT = 0    nothing is in hand; what take() found is still in the ring
//   IN_HAND_COUNT > 0    the burst is out of the ring: TAIL and the counter `taken` are as the instance says
//   its pool             slots TAIL … POSTED-1 hold the ring's buffers, and all others are free
// Lost is what it had taken and has counted neither as delivered nor as dropped: of one burst at most, since its counters are
// complete between two bursts.

import { napiState } from '../cpu/build.js';
import { CALL_CPU_DEAD, CALL_SCHEDULE, CALL_TIMER, Calls, clearPending } from '../irq/call.js';
import { IrqLine } from '../irq/line.js';
import { CPU_COUNTERS, counterAddress, MALFORMED_REASONS, POLL_COUNTERS, readCounters } from '../memory/counters.js';
import { ringDoorbell, wake } from '../memory/doorbell.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { Softnet } from '../napi/softnet.js';
import { type NapiState, NO_HOLDER } from '../napi/state.js';
import { rebuildBufferPool } from '../ring/buffer-pool.js';
import { readRxRing, setRingTail } from '../ring/rx-ring.js';
import { resetSoftirqs } from '../softirq/softirq.js';
import type { Plan } from './plan.js';

/** Where everything lies. */
export type RemainsPlan = Pick<Plan, 'cpus' | 'cpuContexts' | 'nicContext' | 'pollerContexts'>;

export class CpuDead {
  /** Frames that went with CPUs, by queue. */
  readonly lost: number[];
  private readonly views: Views;
  private readonly plan: RemainsPlan;
  private readonly states: readonly NapiState[];
  private readonly lines: readonly IrqLine[];
  private readonly calls: Calls;
  /** Byte addresses. */
  private readonly doorbells: readonly number[];
  private readonly lostByCpu: number[];
  private readonly hasBacklogs: boolean;
  /** By CPU whose backlog was handed on, who has got it: its lines follow. */
  private readonly heirOf = new Map<number, number>();

  constructor(views: Views, plan: RemainsPlan) {
    const { irq, napis, napiCount, rings, backlogs } = plan.cpus[0]!;
    this.views = views;
    this.plan = plan;
    this.states = Array.from({ length: napiCount }, (_, id) => napiState(views, napis, id));
    this.lines = rings.map((_, line) => new IrqLine(views, irq, line));
    this.calls = new Calls(views, irq);
    this.doorbells = [...plan.cpuContexts, plan.nicContext, ...plan.pollerContexts];
    this.lost = rings.map(() => 0);
    this.lostByCpu = plan.cpus.map(() => 0);
    this.hasBacklogs = backlogs.length > 0;
  }

  /** Before `cpu` is asked to leave: whoever leaves takes no interrupt any more. In interrupt mode lines go last. */
  prepareLeave(cpu: number, heirs: readonly number[]): void {
    if (!this.hasBacklogs) this.moveLines(cpu, heirs);
  }

  /** The lines that target `cpu` get others. */
  private moveLines(cpu: number, heirs: readonly number[]): void {
    for (const line of this.lines) if (line.target() === cpu) line.retarget(heirs[line.id % heirs.length]!);
  }

  /**
   * @param heirs CPUs that are online; at least one
   * @param accident it ended anywhere; false: it left at the top of its loop
   */
  takeOver(cpu: number, heirs: readonly number[], accident: boolean): void {
    clearPending(this.views, this.plan.cpus[0]!.irq, cpu);
    if (!this.hasBacklogs) this.moveLines(cpu, heirs);
    for (const state of this.states) this.handOver(state, cpu, heirs);
    if (this.hasBacklogs) this.followBacklog(cpu, heirs);
    if (accident) this.lookEverywhere();
    this.moveTimers(heirs);
    if (accident) this.wakeAll();
  }

  /** It ended before it rang for what it had stored, or between the change of a doorbell and its notify. */
  private wakeAll(): void {
    const { words } = this.views;
    for (const doorbell of this.doorbells) {
      ringDoorbell(words, doorbell / 4);
      wake(words, doorbell / 4, 1);
    }
  }

  /** Whether others have to take over still, or once more: it holds something, or was called since. */
  holds(cpu: number): boolean {
    const called = clearPending(this.views, this.plan.cpus[0]!.irq, cpu);
    if (called || this.states.some((state) => state.holder() === cpu || state.timerCpu() === cpu)) return true;
    return this.hasBacklogs && (this.isInherited(cpu) || this.lines.some((line) => line.target() === cpu));
  }

  /** Before `cpu` has a thread again: what is its alone, as it was at the start. Counters go on. */
  prepare(cpu: number): void {
    const { softnet, softirq, irq } = this.plan.cpus[cpu]!;
    Softnet.create(this.views, softnet);
    resetSoftirqs(this.views, softirq);
    clearPending(this.views, irq, cpu);
  }

  private handOver(state: NapiState, cpu: number, heirs: readonly number[]): void {
    state.endTimer(cpu);
    state.dropPollOwner(cpu);
    if (state.holder() !== cpu) return;
    if (state.id >= this.lines.length) {
      this.handOverBacklog(state, cpu, heirs[0]!);
      return;
    }
    this.repair(state, cpu);
    const heir = this.lines[state.id]!.target();
    if (state.takeOver(cpu, heir)) this.calls.call(heir, CALL_SCHEDULE, state.id);
  }

  /** Its own, or that of a CPU that ended earlier and whose heir it was. */
  private handOverBacklog(state: NapiState, cpu: number, heir: number): void {
    const owner = state.id - this.lines.length;
    this.heirOf.set(owner, heir);
    if (state.takeOver(cpu, heir)) this.calls.call(heir, CALL_CPU_DEAD, owner);
  }

  /** Another CPU has its backlog still to take over. */
  private isInherited(cpu: number): boolean {
    return this.states[this.lines.length + cpu]!.holder() !== NO_HOLDER; // Pairs with the end of Backlog.inherit().
  }

  private followBacklog(cpu: number, heirs: readonly number[]): void {
    if (this.isInherited(cpu)) return;
    const heir = this.heirOf.get(cpu) ?? heirs[0]!; // Nothing waited: nobody was called.
    this.moveLines(cpu, [heir]);
    this.heirOf.delete(cpu);
  }

  private repair(state: NapiState, cpu: number): void {
    const { rings, pools, pollCounters } = this.plan.cpus[cpu]!;
    const ring = rings[state.id]!;
    if (state.inHand() > 0) {
      setRingTail(this.views, ring, state.inHandEnd);
      const taken = counterAddress(POLL_COUNTERS, pollCounters[state.id]!, 'taken');
      this.views.doubles[taken / DOUBLE_BYTES] = state.inHandTaken;
      state.handOn();
      this.countLost(cpu, state.id);
    }
    rebuildBufferPool(this.views, pools[state.id]!, new Set(readRxRing(this.views, ring).buffers));
  }

  private countLost(cpu: number, queue: number): void {
    const { counters, pollCounters } = this.plan.cpus[cpu]!;
    const taken = pollCounters.reduce((sum, block) => sum + readCounters(this.views, POLL_COUNTERS, block).taken, 0);
    const counted = readCounters(this.views, CPU_COUNTERS, counters);
    const malformed = MALFORMED_REASONS.reduce((sum, reason) => sum + counted[reason], 0);
    const lost = taken - counted.delivered - counted.dropped - malformed;
    this.lost[queue] = this.lost[queue]! + lost - this.lostByCpu[cpu]!;
    this.lostByCpu[cpu] = lost;
  }

  /** Whoever polls already polls once more; lines are told again. */
  private lookEverywhere(): void {
    for (const line of this.lines) {
      const target = line.target();
      line.retarget(target);
      if (this.states[line.id]!.schedulePrep(target)) this.calls.call(target, CALL_SCHEDULE, line.id);
    }
  }

  /** Also those that are still armed on a CPU that ended earlier, whose heir has ended since. */
  private moveTimers(heirs: readonly number[]): void {
    for (const state of this.states) {
      const context = state.timerCpu();
      if (context < 0 || heirs.includes(context)) continue;
      if (context < this.plan.cpus.length) this.calls.call(heirs[0]!, CALL_CPU_DEAD, context);
      else this.calls.call(this.lines[state.id]!.target(), CALL_TIMER, state.id);
    }
  }
}
