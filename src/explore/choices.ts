// Cold. Runs on: whoever holds the turn.
// Who could make the next step, who could end instead, and which of these it is to be. A choice is a number: a thread that
// goes on, or ENDS + a thread that ends. A set of choices is a word: bit n is choice n.

import { type Control, PRIORITIES, SKETCH, sketchByte } from './control.js';
import type { Snapshots } from './snapshots.js';
import { ASLEEP, FINISHED, RUNNABLE, SPINNING, type Threads } from './threads.js';
import { ENDS, GO_ON } from './trace.js';

export class Choices {
  private readonly control: Control;
  private readonly me: number;
  private readonly threads: Threads;
  private readonly snapshots: Snapshots;

  /** @param me who has just stepped when this is asked */
  constructor(control: Control, me: number, threads: Threads, snapshots: Snapshots) {
    this.control = control;
    this.me = me;
    this.threads = threads;
    this.snapshots = snapshots;
  }

  all(): number {
    return this.goingOn() | (this.ending() << ENDS);
  }

  /** The same thread while it can, then the first that can, a sleeper that times out last. */
  usual(all: number): number {
    if (this.threads.status(this.me) === RUNNABLE) return this.me;
    for (let thread = 0; thread < this.threads.count; thread++) {
      if ((all & (1 << thread)) !== 0 && !this.threads.mayTimeOut(thread)) return thread;
    }
    return 31 - Math.clz32(all & -all);
  }

  /** @param ended a thread has been ended since the last step */
  take(step: number, all: number, usual: number, ended: boolean): number {
    const { control } = this;
    if (step < control.planned) return control.memory.plan[step]!;
    if (control.mode === PRIORITIES) return this.byPriority(step, all);
    return control.mode === SKETCH ? this.sketched(all, usual, ended) : usual;
  }

  /** A plan may also end a thread that has rested for some steps: that is as if it had ended when it came to rest. */
  possible(choice: number, all: number): boolean {
    if ((all & (1 << choice)) !== 0) return true;
    return choice >= ENDS && (this.endable() & (1 << (choice - ENDS))) !== 0;
  }

  private goingOn(): number {
    let choices = 0;
    for (let thread = 0; thread < this.threads.count; thread++) {
      if (this.canGoOn(thread)) choices |= 1 << thread;
    }
    return choices === 0 ? this.lastResort() : choices;
  }

  private canGoOn(thread: number): boolean {
    const { threads } = this;
    const status = threads.status(thread);
    if (status === RUNNABLE) return true;
    if (status === SPINNING || threads.mayTimeOutAgain(thread)) return this.snapshots.changedSince(thread);
    return threads.mayTimeOut(thread);
  }

  /** Only threads are left that wait for a change: they take turns, without a choice, until one changes something. */
  private lastResort(): number {
    const { threads } = this;
    const next = threads.earliest((thread) => threads.status(thread) === SPINNING || threads.mayTimeOut(thread));
    return next < 0 ? 0 : 1 << next;
  }

  /** Of those that may end, the fresh: for the others it has been tried already, and nobody can tell when it was. */
  private ending(): number {
    if (this.control.endsLeft === 0) return 0;
    return this.control.memory.endsTold ? this.endable() : this.endable() & this.control.fresh;
  }

  private endable(): number {
    if (this.control.endsLeft === 0) return 0;
    let alive = 0;
    for (let thread = 0; thread < this.threads.count; thread++) {
      if (this.threads.status(thread) !== FINISHED) alive |= 1 << thread;
    }
    return alive & this.control.memory.endable;
  }

  private byPriority(step: number, all: number): number {
    const { changes, priorities } = this.control.memory;
    const change = changes[step]!;
    if (change >= ENDS && this.possible(change, all)) return change;
    const best = this.best(all);
    if (change === 0 || change >= ENDS) return best;
    priorities[this.runner(best)] = change;
    return this.best(all);
  }

  private best(all: number): number {
    const { priorities } = this.control.memory;
    let best = -1;
    for (let thread = 0; thread < this.threads.count; thread++) {
      if ((all & GO_ON & (1 << thread)) === 0) continue;
      if (best < 0 || priorities[this.runner(thread)]! > priorities[this.runner(best)]!) best = thread;
    }
    return best;
  }

  /** A sleeper's timer is a runner of its own, with its own priority. */
  private runner(thread: number): number {
    const timer = this.threads.status(thread) === ASLEEP;
    return timer ? this.threads.count + thread : thread;
  }

  private sketched(all: number, usual: number, ended: boolean): number {
    const { memory } = this.control;
    const at = sketchByte(memory, this.me, this.threads.ownSteps(this.me));
    const end = memory.ends[at]!;
    if (!ended && end !== 0 && this.possible(end, all)) return end;
    const next = memory.switches[at]! - 1;
    return next >= 0 && (all & (1 << next)) !== 0 ? next : usual;
  }
}
