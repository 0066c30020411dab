// Cold. Runs on: main.
// Random schedules beyond the bound, by Probabilistic Concurrency Testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, "A
// Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", 2010): threads run by random priorities, and at d-1 random
// steps the running thread's priority falls below all others. A bug of depth d, one that d ordered steps make, is met by a
// schedule with a probability of at least 1 / (n·k^(d-1)), for n threads and k steps.
// A wait that may time out is a thread of its own, its timer. Where threads may end, a change is, with equal chances, a fall in
// priority or the end of one of them, and the k of that formula is the number of steps times that of changes.

import type { Random } from '../runtime/random.js';
import type { ControlMemory } from './control.js';
import { ENDS } from './trace.js';

/** A fall's new priority is its number: 1 … d-1, which must not look like an end. */
export const DEPTH_MAX = ENDS;

export class Pct {
  private readonly memory: ControlMemory;
  private readonly random: Random;
  private readonly depth: number;
  private readonly runners: number;
  private readonly endable: readonly number[];

  /** @param timeouts waits may time out */
  constructor(memory: ControlMemory, random: Random, depth: number, timeouts: boolean) {
    this.memory = memory;
    this.random = random;
    this.depth = depth;
    this.runners = timeouts ? 2 * memory.threads : memory.threads;
    this.endable = Array.from({ length: memory.threads }, (_, thread) => thread).filter(
      (thread) => (memory.endable & (1 << thread)) !== 0,
    );
  }

  /** Draws a schedule, for the mode PRIORITIES. @param steps the most that a schedule has had */
  draw(steps: number): void {
    this.drawPriorities();
    this.memory.changes.fill(0);
    for (let change = 1; change < this.depth && change < steps; change++) {
      this.memory.changes[this.drawStep(steps)] = this.drawChange(change);
    }
  }

  /** The chance that `runs` such schedules all miss a bug of this depth is at most this. */
  missBound(steps: number, runs: number): number {
    const changes = steps * (1 + this.endable.length);
    return (1 - 1 / (this.runners * changes ** (this.depth - 1))) ** runs;
  }

  /** A random permutation of d … d+n-1: all above those to which a thread can fall. */
  private drawPriorities(): void {
    const { priorities } = this.memory;
    for (let runner = 0; runner < priorities.length; runner++) {
      const other = this.random.below(runner + 1);
      priorities[runner] = priorities[other]!;
      priorities[other] = this.depth + runner;
    }
  }

  private drawStep(steps: number): number {
    for (;;) {
      const step = this.random.below(steps);
      if (this.memory.changes[step] === 0) return step;
    }
  }

  private drawChange(change: number): number {
    const kind = this.random.below(1 + this.endable.length);
    return kind === 0 ? change : ENDS + this.endable[kind - 1]!;
  }
}
