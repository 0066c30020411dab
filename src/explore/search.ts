// Cold. Runs on: main.
// Every schedule with at most `bound` preemptions, those with fewer first, so that the first failure found is a simple one.
//
// A schedule is a plan (a choice per step) and then the usual order, which never preempts. Running it shows at each later step
// who else could have gone on: each of those is a plan of its own, for this bound when the switch was free and for the next
// when it was a preemption; so is each thread that could have ended there. A schedule belongs to one plan only, which ends
// where it last departs from the usual order.

import { setImmediate } from 'node:timers/promises';
import { PRIORITIES } from './control.js';
import type { Crew } from './crew.js';
import type { Pct } from './pct.js';
import { type Failure, failureOf, type Outcome, type Source } from './report.js';
import { shrink } from './shrink.js';
import { choicesAt, ENDS, freeAt, takenAt } from './trace.js';

const SCHEDULES_PER_TURN = 256; // then the event loop gets a turn: a worker's death and the test runner's timer are told there
const NO_PLAN = new Int8Array(0);

export interface SearchLimits {
  readonly bound: number;
  readonly stopAfter: number;
  readonly schedulesMax: number;
  readonly timeLimitSeconds: number;
  readonly shrink: boolean;
}

export class Search {
  readonly failures: Failure[] = [];
  schedules = 0;
  steps = 0;
  /** The most that a schedule had. */
  longest = 1;
  private readonly crew: Crew;
  private readonly source: Source;
  private readonly limits: SearchLimits;
  private readonly deadline: number;

  constructor(crew: Crew, source: Source, limits: SearchLimits) {
    this.crew = crew;
    this.source = source;
    this.limits = limits;
    this.deadline = performance.now() + limits.timeLimitSeconds * 1000;
  }

  get ended(): boolean {
    return this.failures.length >= this.limits.stopAfter || !this.crew.alive || this.late;
  }

  get late(): boolean {
    return performance.now() > this.deadline;
  }

  /** @returns how many preemptions the last schedules had */
  async withinBound(): Promise<number> {
    let plans: Int8Array[] = [NO_PLAN];
    for (let bound = 0; ; bound++) {
      const preempting = await this.explore(plans, bound < this.limits.bound);
      if (bound === this.limits.bound || this.ended) return bound;
      plans = preempting.reverse();
    }
  }

  /** @returns how many were run since the longest of them was met: for these, its length was known */
  async random(pct: Pct, schedules: number): Promise<number> {
    let known = 0;
    for (let run = 0; run < schedules && !this.ended; run++) {
      const { longest } = this;
      pct.draw(longest);
      const message = this.crew.run(NO_PLAN, PRIORITIES);
      this.count();
      if (message !== null) this.fail(this.crew.decisions(), message);
      known = this.longest > longest ? 0 : known + 1;
      await this.breathe();
    }
    return known;
  }

  /** Runs these plans, and those that depart from them by a free switch; returns those that depart by a preemption. */
  private async explore(plans: Int8Array[], wanted: boolean): Promise<Int8Array[]> {
    const preempting: Int8Array[] = [];
    for (let plan = plans.pop(); plan !== undefined && !this.ended; plan = plans.pop()) {
      this.assertRoom();
      const message = this.crew.run(plan);
      this.count();
      this.branch(plan, plans, wanted ? preempting : null);
      if (message !== null) this.fail(plan, message);
      await this.breathe();
    }
    return preempting;
  }

  private assertRoom(): void {
    const { schedulesMax, bound } = this.limits;
    if (this.schedules < schedulesMax) return;
    throw new Error(`${this.source.name}: schedulesMax=${schedulesMax} does not suffice for bound=${bound}`);
  }

  private count(): void {
    const { steps } = this.crew.control;
    this.schedules++;
    this.steps += steps;
    this.longest = Math.max(this.longest, steps);
  }

  private async breathe(): Promise<void> {
    if (this.schedules % SCHEDULES_PER_TURN === 0) await setImmediate();
  }

  private branch(plan: Int8Array, free: Int8Array[], preempting: Int8Array[] | null): void {
    const memory = this.crew.control.memory;
    const taken: number[] = [...plan];
    for (let step = plan.length; step < this.crew.control.steps; step++) {
      const others = choicesAt(memory, step) & ~(1 << takenAt(memory, step));
      const plans = freeAt(memory, step) ? free : preempting;
      if (others !== 0) addPlans(taken, others, plans, preempting);
      taken.push(takenAt(memory, step));
    }
  }

  /** Of the schedule that the crew has just run. */
  private fail(plan: Int8Array, message: string): void {
    const { crew, source } = this;
    const found = { plan, message, trace: crew.trace() };
    this.failures.push(failureOf(crew, source, this.limits.shrink && crew.alive ? this.shrunk(found) : found));
  }

  /** As it was found, when a thread does not answer on the way. */
  private shrunk(found: Outcome): Outcome {
    const { crew } = this;
    const plan = shrink(crew, found.message!) ?? found.plan;
    if (!crew.alive) return found;
    const message = crew.run(plan);
    return crew.alive ? { plan, message, trace: crew.trace() } : found;
  }
}

/** An end is counted like a preemption, wherever it is. */
function addPlans(taken: number[], others: number, goOn: Int8Array[] | null, ending: Int8Array[] | null): void {
  for (let choice = 0; choice < 2 * ENDS; choice++) {
    if ((others & (1 << choice)) === 0) continue;
    (choice < ENDS ? goOn : ending)?.push(Int8Array.from([...taken, choice]));
  }
}
