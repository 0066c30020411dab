// Cold. Runs on: main, when the thread of a CPU has certainly ended; tests, in its place.
// What a CPU leaves behind is set right, and handed to others (page_pool, dev_cpu_dead, irq_migrate_all_off_this_cpu,
// hrtimers_cpu_dying). Main is then the one writer of all words that were that CPU's.
//
// It goes by the words that say who holds what, never by the dead CPU's lists: they may be in the middle of a change.
//
//   what                          where it stands                      what becomes of it
//   instances it held             holder in STATE                      repaired (cpu-dead.ts), and an heir's: CALL_SCHEDULE
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

import { CALL_CPU_DEAD, CALL_SCHEDULE, CALL_TIMER, Calls, clearPending } from '../irq/call.js';
import type { IrqLayout, IrqLine } from '../irq/line.js';
import { wakeAfterEnd } from '../memory/doorbell.js';
import type { Views } from '../memory/views.js';
import { NAPI_BITS } from '../napi/bits.js';
import { Softnet } from '../napi/softnet.js';
import type { NapiState } from '../napi/state.js';
import { resetSoftirqs } from '../softirq/softirq.js';

/** What a machine has of which a CPU can leave something behind. */
export interface RemainsParts {
  readonly irq: IrqLayout;
  /** All instances: the devices', then a backlog for each CPU. */
  readonly states: readonly NapiState[];
  /** Lines that can be moved. */
  readonly lines: readonly IrqLine[];
  /** Byte addresses, of all contexts. */
  readonly doorbells: readonly number[];
  /** Byte addresses of what is a CPU's alone. */
  readonly cpus: readonly { readonly softnet: number; readonly softirq: number }[];
}

/** What a CPU leaves behind, whatever its instances are polled by. */
export abstract class CpuRemains {
  protected readonly views: Views;
  protected readonly calls: Calls;
  private readonly parts: RemainsParts;
  /** Instance of CPU 0's backlog. */
  private readonly firstBacklog: number;

  constructor(views: Views, parts: RemainsParts) {
    this.views = views;
    this.parts = parts;
    this.calls = new Calls(views, parts.irq);
    this.firstBacklog = parts.states.length - parts.cpus.length;
  }

  /** Who has an instance of a device now, its lines having moved. */
  protected abstract heirOf(state: NapiState, heirs: readonly number[]): number;

  /** `cpu` held the instance: what a poll may have left half done. */
  protected abstract repair(state: NapiState, cpu: number): void;

  /** Before `cpu` is asked to leave: whoever leaves takes no interrupt any more. */
  prepareLeave(cpu: number, heirs: readonly number[]): void {
    this.moveLines(cpu, heirs);
  }

  /** The lines that target `cpu` get others. */
  private moveLines(cpu: number, heirs: readonly number[]): void {
    for (const line of this.parts.lines) if (line.target() === cpu) line.retarget(heirs[line.id % heirs.length]!);
  }

  /**
   * @param heirs CPUs that are online; at least one
   * @param accident it ended anywhere; false: it left at the top of its loop
   */
  takeOver(cpu: number, heirs: readonly number[], accident: boolean): void {
    const { irq, states } = this.parts;
    clearPending(this.views, irq, cpu);
    this.begin(cpu, heirs, accident);
    for (const state of states) this.handOver(state, cpu, heirs);
    if (accident) this.lookEverywhere(heirs);
    this.moveTimers(heirs);
    if (accident) wakeAfterEnd(this.views.words, this.parts.doorbells);
  }

  /** What comes before the instances: the lines say whose those are. */
  protected begin(cpu: number, heirs: readonly number[], _accident: boolean): void {
    this.moveLines(cpu, heirs);
  }

  /** Whether others have to take over still, or once more: it holds something, or was called since. */
  holds(cpu: number): boolean {
    const { irq, states } = this.parts;
    const called = clearPending(this.views, irq, cpu);
    return called || states.some((state) => state.holder() === cpu || state.timerCpu() === cpu);
  }

  /** Before `cpu` has a thread again: what is its alone, as it was at the start. Counters go on. */
  prepare(cpu: number): void {
    const { cpus, irq } = this.parts;
    const { softnet, softirq } = cpus[cpu]!;
    Softnet.create(this.views, softnet);
    resetSoftirqs(this.views, softirq);
    clearPending(this.views, irq, cpu);
  }

  private handOver(state: NapiState, cpu: number, heirs: readonly number[]): void {
    state.endTimer(cpu);
    state.dropPollOwner(cpu);
    if (state.holder() !== cpu || state.id >= this.firstBacklog) return;
    this.repair(state, cpu);
    const heir = this.heirOf(state, heirs);
    if (state.takeOver(cpu, heir)) this.calls.call(heir, CALL_SCHEDULE, state.id);
  }

  /** Whoever polls already polls once more; lines are told again. */
  protected lookEverywhere(heirs: readonly number[]): void {
    const { lines, states } = this.parts;
    for (const line of lines) line.retarget(line.target());
    for (const state of states.slice(0, this.firstBacklog)) {
      if ((state.load() & NAPI_BITS.LISTED) === 0) continue; // There is none of this number.
      const heir = this.heirOf(state, heirs);
      if (state.schedulePrep(heir)) this.calls.call(heir, CALL_SCHEDULE, state.id);
    }
  }

  /** Also those that are still armed on a CPU that ended earlier, whose heir has ended since. */
  private moveTimers(heirs: readonly number[]): void {
    const { states, cpus } = this.parts;
    for (const state of states) {
      const context = state.timerCpu();
      if (context < 0 || heirs.includes(context)) continue;
      if (context < cpus.length) this.calls.call(heirs[0]!, CALL_CPU_DEAD, context);
      else this.calls.call(this.heirOf(state, heirs), CALL_TIMER, state.id);
    }
  }
}
