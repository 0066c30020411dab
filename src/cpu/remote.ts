// Hot. Runs on: NAPI workers, attached threads.
// What a context that is no CPU does with what only CPUs have: a poll list, softirqs, timers. It hands that over to the home CPU of
// the instance, which is its line's target; so a context that leaves, sleeps or ends strands nothing. (In the kernel the CPU on
// which the thread happens to run does it.)
//
// what              words first                              then the call         and the CPU
// a schedule        STATE: held by that CPU                  CALL_SCHEDULE         schedules it, as what it now is: softirq, task, worker
// a timer           EXPIRES of this context, TIMER: armed    CALL_TIMER            adopts it
//                   by this context
// A line that moves between the look at its target and the call does no harm: any CPU can poll, and keep a timer.

import { CALL_RPS, CALL_SCHEDULE, CALL_TIMER, type Calls } from '../irq/call.js';
import type { IrqLine } from '../irq/line.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { NapiTimer } from '../napi/napi.js';
import { Softnet } from '../napi/softnet.js';
import type { NapiState } from '../napi/state.js';
import type { Clock } from '../runtime/clock.js';
import type { Softirqs } from '../softirq/softirq.js';

const THREADED = 1 << 8;
const SCHED_THREADED = 1 << 9;

/** What such a context calls CPUs with. */
export interface HomeCpus {
  readonly calls: Calls;
  /** By NAPI instance: the line whose target is its home. */
  readonly lines: readonly IrqLine[];
}

/** Its poll list stays empty, and nothing raises a softirq. */
export class RemoteSoftnet extends Softnet {
  private readonly home: HomeCpus;

  constructor(
    views: Views,
    address: number,
    context: number,
    states: readonly NapiState[],
    softirqs: Softirqs,
    home: HomeCpus,
  ) {
    super(views, address, context, states, softirqs, (cpu) => home.calls.call(cpu, CALL_RPS, context));
    this.home = home;
  }

  override napiScheduleHeld(id: number): void {
    const { state } = this.napis[id]!;
    // Its own worker goes on: what sets it to sleep looks for SCHED_THREADED. The order is that of Softnet: main may clear THREADED
    // as soon as it sees SCHED_THREADED.
    if (state.worker === this.context && (state.load() & THREADED) !== 0) {
      state.set(SCHED_THREADED);
      return;
    }
    const cpu = this.home.lines[id]!.target();
    state.handOver(this.context, cpu);
    this.home.calls.call(cpu, CALL_SCHEDULE, id);
  }
}

/** The timer of one instance, as such a context starts it. */
export class RemoteTimer implements NapiTimer {
  private readonly doubles: Float64Array;
  private readonly expires: number;
  private readonly state: NapiState;
  private readonly context: number;
  private readonly clock: Clock;
  private readonly home: HomeCpus;

  /** @param timers byte address of this context's, of timersBytes() */
  constructor(views: Views, timers: number, state: NapiState, context: number, clock: Clock, home: HomeCpus) {
    this.doubles = views.doubles;
    this.expires = timers / DOUBLE_BYTES + state.id;
    this.state = state;
    this.context = context;
    this.clock = clock;
    this.home = home;
  }

  start(ns: number): void {
    const { id } = this.state;
    this.clock.tick();
    this.doubles[this.expires] = this.clock.nowNs + ns;
    this.state.armTimer(this.context); // Behind EXPIRES: pairs with moveTimer() in NapiTimers.adopt(), which reads it afterwards.
    this.home.calls.call(this.home.lines[id]!.target(), CALL_TIMER, id);
  }
}
