// Cold. Runs on: main.
// Every schedule with at most `bound` preemptions, those with fewer first, so that the first failure found is a simple one.
//
// A schedule is a plan (a thread per step) and then the usual order, which never preempts. Running it shows at each later step
// who else could have gone on: each of those is a plan of its own, for this bound when the switch was free and for the next
// when it was a preemption. A schedule belongs to one plan only, which ends where it last departs from the usual order.

import { setImmediate } from 'node:timers/promises';
import { Crew } from './crew.js';
import { type Failure, failureOf } from './report.js';
import { BUILD_ROOT } from './scenario.js';
import { choicesAt, freeAt, threadAt } from './trace.js';

const USUAL_BOUND = 2;
const ANSWER_MS = 5000;
const SCHEDULES_MAX = 500_000;
const SCHEDULES_PER_TURN = 256; // then the event loop gets a turn: a worker's death and the test runner's timer are told there

export interface ExploreOptions {
  /** The folder that holds src/: build/ or a mutant. */
  readonly root?: URL;
  /** The most preemptions in a schedule. */
  readonly bound?: number;
  /** How many failures end the search. */
  readonly stopAfter?: number;
  /** More schedules than this are an error: the scenario is too large to be explored. */
  readonly schedulesMax?: number;
  readonly answerMs?: number;
}

export interface Exploration {
  readonly schedules: number;
  readonly steps: number;
  readonly failures: readonly Failure[];
  /** How many preemptions the last schedules had. Without failures: all schedules with at most so many were run. */
  readonly boundReached: number;
}

/** `spec` names a file of scenarios/, with a variant or not: `increment`, `increment:atomic`. */
export async function explore(spec: string, options: ExploreOptions = {}): Promise<Exploration> {
  const root = options.root ?? BUILD_ROOT;
  const crew = await Crew.start(spec, root, options.answerMs ?? ANSWER_MS);
  try {
    return await new Search(crew, spec, root, options).run();
  } finally {
    await crew.close();
  }
}

/** One schedule again, as a failure prints it. */
export async function replay(spec: string, plan: Int8Array, options: ExploreOptions = {}): Promise<Failure> {
  const root = options.root ?? BUILD_ROOT;
  const crew = await Crew.start(spec, root, options.answerMs ?? ANSWER_MS);
  try {
    return failureOf(crew, spec, root, plan, crew.run(plan));
  } finally {
    await crew.close();
  }
}

class Search {
  private readonly crew: Crew;
  private readonly spec: string;
  private readonly root: URL;
  private readonly bound: number;
  private readonly stopAfter: number;
  private readonly schedulesMax: number;
  private readonly failures: Failure[] = [];
  private schedules = 0;
  private steps = 0;

  constructor(crew: Crew, spec: string, root: URL, options: ExploreOptions) {
    this.crew = crew;
    this.spec = spec;
    this.root = root;
    this.bound = options.bound ?? USUAL_BOUND;
    this.stopAfter = options.stopAfter ?? 1;
    this.schedulesMax = options.schedulesMax ?? SCHEDULES_MAX;
  }

  async run(): Promise<Exploration> {
    let plans: Int8Array[] = [new Int8Array(0)];
    let bound = 0;
    for (; ; bound++) {
      const preempting = await this.explore(plans, bound < this.bound);
      if (bound === this.bound || this.ended) break;
      plans = preempting.reverse();
    }
    return { schedules: this.schedules, steps: this.steps, failures: this.failures, boundReached: bound };
  }

  private get ended(): boolean {
    return this.failures.length >= this.stopAfter || !this.crew.alive;
  }

  /** Runs these plans, and those that depart from them by a free switch; returns those that depart by a preemption. */
  private async explore(plans: Int8Array[], wanted: boolean): Promise<Int8Array[]> {
    const preempting: Int8Array[] = [];
    for (let plan = plans.pop(); plan !== undefined && !this.ended; plan = plans.pop()) {
      this.runPlan(plan);
      this.branch(plan, plans, wanted ? preempting : null);
      if (this.schedules % SCHEDULES_PER_TURN === 0) await setImmediate();
    }
    return preempting;
  }

  private runPlan(plan: Int8Array): void {
    if (this.schedules === this.schedulesMax) {
      throw new Error(`${this.spec}: schedulesMax=${this.schedulesMax} does not suffice for bound=${this.bound}`);
    }
    const message = this.crew.run(plan);
    this.schedules++;
    this.steps += this.crew.control.steps;
    if (message !== null) this.failures.push(failureOf(this.crew, this.spec, this.root, plan, message));
  }

  private branch(plan: Int8Array, free: Int8Array[], preempting: Int8Array[] | null): void {
    const memory = this.crew.control.memory;
    const taken: number[] = [...plan];
    for (let step = plan.length; step < this.crew.control.steps; step++) {
      const others = choicesAt(memory, step) & ~(1 << threadAt(memory, step));
      const plans = freeAt(memory, step) ? free : preempting;
      if (others !== 0 && plans !== null) addPlans(plans, taken, others);
      taken.push(threadAt(memory, step));
    }
  }
}

function addPlans(plans: Int8Array[], taken: number[], others: number): void {
  for (let thread = 0; others >> thread !== 0; thread++) {
    if ((others & (1 << thread)) !== 0) plans.push(Int8Array.from([...taken, thread]));
  }
}
