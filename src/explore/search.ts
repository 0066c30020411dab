// Cold. Runs on: main.
// Every schedule with at most `bound` preemptions, those with fewer first, so that the first failure found is a simple one.
//
// A schedule is a plan (a choice per step) and then the usual order, which never preempts. Running it shows at each later step
// who else could have gone on: each of those is a plan of its own, for this bound when the switch was free and for the next
// when it was a preemption; so is each thread that could have ended there. A schedule belongs to one plan only, which ends
// where it last departs from the usual order.

import { setImmediate } from 'node:timers/promises';
import { PRIORITIES, SEARCH } from './control.js';
import type { Crew } from './crew.js';
import { Footprints, type Plan } from './footprints.js';
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
  /** Schedules that were not followed further than to a state that had been met. */
  cut = 0;
  /** The most that a schedule had. */
  longest = 1;
  private readonly crew: Crew;
  private readonly source: Source;
  private readonly limits: SearchLimits;
  private readonly deadline: number;
  /** By preemptions. */
  private readonly plans: Plan[][];
  private level = 0;
  /** Null: every schedule is wanted. */
  private readonly footprints: Footprints | null;

  constructor(crew: Crew, source: Source, limits: SearchLimits) {
    this.crew = crew;
    this.source = source;
    this.limits = limits;
    this.plans = Array.from({ length: limits.bound + 1 }, () => []);
    const { control, scenario, reduces } = crew;
    this.footprints =
      reduces && (scenario.always === undefined || scenario.watched !== undefined)
        ? new Footprints(control.memory, scenario)
        : null;
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
    this.wants({ choices: NO_PLAN, preemptions: 0 });
    for (let plan = this.next(); plan !== undefined && !this.ended; plan = this.next()) {
      this.assertRoom();
      const message = this.crew.run(plan.choices, SEARCH, plan.preemptions);
      this.count();
      this.branch(plan);
      if (message !== null) this.fail(plan.choices, message);
      await this.breathe();
    }
    return this.ended ? this.level : this.limits.bound;
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

  /** Of those with the fewest preemptions. */
  private next(): Plan | undefined {
    const level = this.plans.findIndex((plans) => plans.length > 0);
    const plans = this.plans[level];
    if (level > this.level) plans!.reverse(); // As they were found.
    this.level = Math.max(level, this.level);
    return plans?.pop();
  }

  private wants(plan: Plan): void {
    if (plan.preemptions <= this.limits.bound) this.plans[plan.preemptions]!.push(plan);
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
    if (this.crew.control.verdict === 'met') this.cut++;
    this.longest = Math.max(this.longest, steps);
  }

  private async breathe(): Promise<void> {
    if (this.schedules % SCHEDULES_PER_TURN === 0) await setImmediate();
  }

  /** The plans that depart from the schedule that was just run. */
  private branch(plan: Plan): void {
    const { memory, steps } = this.crew.control;
    if (this.footprints !== null) this.noteFrom(this.footprints, plan.choices.length);
    const taken: number[] = [...plan.choices];
    for (let step = plan.choices.length; step < steps; step++) {
      const others = choicesAt(memory, step) & ~(1 << takenAt(memory, step));
      if (others !== 0) this.depart(taken, others, plan.preemptions, step);
      taken.push(takenAt(memory, step));
    }
  }

  private noteFrom(footprints: Footprints, first: number): void {
    for (let step = first; step < this.crew.control.steps; step++) {
      for (const wanted of footprints.note(step)) this.wants(wanted);
    }
  }

  /** An end is counted like a preemption, wherever it is. */
  private depart(taken: number[], others: number, preemptions: number, step: number): void {
    const free = freeAt(this.crew.control.memory, step);
    for (let choice = 0; choice < 2 * ENDS; choice++) {
      if ((others & (1 << choice)) === 0) continue;
      const more = free && choice < ENDS ? 0 : 1;
      if (preemptions + more > this.limits.bound) continue;
      const plan = () => ({ choices: Int8Array.from([...taken, choice]), preemptions: preemptions + more });
      const kept = !free && choice < ENDS && this.footprints?.keepsBack(step, plan);
      if (kept !== true) this.wants(plan());
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
