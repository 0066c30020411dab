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
// In interrupt mode backlogs come first, and lines last (backlog-heirs.ts).
//
// Of an instance that it held (the order in which a poll stores makes this enough, rx-queue.ts):
//   IN_HAND_COUNT = 0    nothing is in hand; what take() found is still in the ring
//   IN_HAND_COUNT > 0    the burst is out of the ring: TAIL and the counter `taken` are as the instance says
//   its pool             slots TAIL … POSTED-1 hold the ring's buffers, and all others are free
// In interrupt mode the same of each queue whose line targets it, but that buffers wait in its backlog, too. A packet of a backlog is
// out of it before it is received, or moved to another one.
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
import type { NapiState } from '../napi/state.js';
import type { BacklogLayout } from '../net/backlog-layout.js';
import { rebuildBufferPool } from '../ring/buffer-pool.js';
import { readRxRing, setRingTail } from '../ring/rx-ring.js';
import { resetSoftirqs } from '../softirq/softirq.js';
import { BacklogHeirs } from './backlog-heirs.js';
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
  /** Null: not in interrupt mode. */
  private readonly backlogs: BacklogHeirs | null;

  constructor(views: Views, plan: RemainsPlan) {
    const { irq, napis, napiCount, rings, backlogs, links } = plan.cpus[0]!;
    this.views = views;
    this.plan = plan;
    this.states = Array.from({ length: napiCount }, (_, id) => napiState(views, napis, id));
    this.lines = rings.map((_, line) => new IrqLine(views, irq, line));
    this.calls = new Calls(views, irq);
    this.doorbells = [...plan.cpuContexts, plan.nicContext, ...plan.pollerContexts];
    this.lost = rings.map(() => 0);
    this.lostByCpu = plan.cpus.map(() => 0);
    this.backlogs = backlogs.length === 0 ? null : this.backlogHeirs(backlogs, links);
  }

  private backlogHeirs(layouts: readonly BacklogLayout[], links: number): BacklogHeirs {
    const states = this.states.slice(this.lines.length);
    return new BacklogHeirs(this.views, layouts, links, states, this.lines, this.calls);
  }

  /** Before `cpu` is asked to leave: whoever leaves takes no interrupt any more. In interrupt mode lines go last. */
  prepareLeave(cpu: number, heirs: readonly number[]): void {
    if (this.backlogs === null) this.moveLines(cpu, heirs);
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
    if (this.backlogs !== null) this.takeOverBacklogs(this.backlogs, cpu, heirs[0]!, accident);
    else this.moveLines(cpu, heirs);
    for (const state of this.states) this.handOver(state, cpu);
    if (accident && this.backlogs === null) this.lookEverywhere();
    this.moveTimers(heirs);
    if (accident) this.wakeAll();
  }

  private takeOverBacklogs(backlogs: BacklogHeirs, cpu: number, heir: number, accident: boolean): void {
    if (accident) this.settle(backlogs, cpu);
    backlogs.handOn(cpu, heir, accident);
    backlogs.follow(cpu, heir);
  }

  /** What it had in hand, and the pools of its queues. */
  private settle(backlogs: BacklogHeirs, cpu: number): void {
    const { queues, buffers } = backlogs.holdings(cpu);
    const inHand = queues.find((queue) => this.states[queue]!.inHand() > 0) ?? backlogs.queueInHand(cpu);
    for (const queue of queues) this.repair(this.states[queue]!, cpu, buffers);
    this.countLost(cpu, inHand, backlogs.received(cpu));
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
    return this.backlogs?.holds(cpu) ?? false;
  }

  /** Before `cpu` has a thread again: what is its alone, as it was at the start. Counters go on. */
  prepare(cpu: number): void {
    const { softnet, softirq, irq } = this.plan.cpus[cpu]!;
    Softnet.create(this.views, softnet);
    resetSoftirqs(this.views, softirq);
    clearPending(this.views, irq, cpu);
  }

  private handOver(state: NapiState, cpu: number): void {
    state.endTimer(cpu);
    state.dropPollOwner(cpu);
    if (state.holder() !== cpu || state.id >= this.lines.length) return;
    const burst = state.inHand() > 0;
    this.repair(state, cpu, []);
    if (burst) this.countLost(cpu, state.id, 0);
    const heir = this.lines[state.id]!.target();
    if (state.takeOver(cpu, heir)) this.calls.call(heir, CALL_SCHEDULE, state.id);
  }

  /** @param elsewhere buffers that are neither in the ring nor free */
  private repair(state: NapiState, cpu: number, elsewhere: readonly number[]): void {
    const { rings, pools, pollCounters } = this.plan.cpus[cpu]!;
    const ring = rings[state.id]!;
    if (state.inHand() > 0) {
      setRingTail(this.views, ring, state.inHandEnd);
      const taken = counterAddress(POLL_COUNTERS, pollCounters[state.id]!, 'taken');
      this.views.doubles[taken / DOUBLE_BYTES] = state.inHandTaken;
      state.handOn();
    }
    const inUse = new Set([...readRxRing(this.views, ring).buffers, ...elsewhere]);
    rebuildBufferPool(this.views, pools[state.id]!, inUse);
  }

  /** @param received beside what it took out of rings */
  private countLost(cpu: number, queue: number, received: number): void {
    const { counters, pollCounters } = this.plan.cpus[cpu]!;
    const taken = pollCounters.reduce((sum, block) => sum + readCounters(this.views, POLL_COUNTERS, block).taken, 0);
    const counted = readCounters(this.views, CPU_COUNTERS, counters);
    const malformed = MALFORMED_REASONS.reduce((sum, reason) => sum + counted[reason], 0);
    const lost = taken + received - counted.delivered - counted.dropped - malformed;
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
