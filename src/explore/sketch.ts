// Cold. Runs on: main.
// A schedule as its departures from the usual order. Each hangs on a thread and on how many steps of its own that has made, so
// that it keeps its meaning when others are taken away: this is what can be shrunk.

import { type ControlMemory, sketchByte } from './control.js';
import { ENDS, type Step } from './trace.js';

export interface Departure {
  /** Who has just stepped; the number of threads: nobody yet. */
  readonly by: number;
  /** Its steps so far. */
  readonly own: number;
  /** A thread that goes on, or ENDS + a thread that ends. */
  readonly choice: number;
}

export type Sketch = readonly Departure[];

export function sketchOf(trace: readonly Step[], threads: number): Sketch {
  const own = new Array<number>(threads + 1).fill(0);
  const sketch: Departure[] = [];
  let by = threads;
  for (const { taken, usual, op } of trace) {
    if (taken !== usual) sketch.push({ by, own: own[by]!, choice: taken });
    if (op === 'killed') continue;
    by = taken;
    own[by]!++;
  }
  return sketch;
}

/** For a schedule in the mode SKETCH. */
export function writeSketch(memory: ControlMemory, sketch: Sketch): void {
  memory.switches.fill(0);
  memory.ends.fill(0);
  for (const { by, own, choice } of sketch) {
    const at = sketchByte(memory, by, own);
    if (choice < ENDS) memory.switches[at] = choice + 1;
    else memory.ends[at] = choice;
  }
}

/** The plan of a schedule that has been run: up to where it last departs from the usual order. */
export function planOf(trace: readonly Step[]): Int8Array {
  const last = trace.findLastIndex(({ taken, usual }) => taken !== usual);
  return Int8Array.from(trace.slice(0, last + 1), ({ taken }) => taken);
}

/** Preemptions and ends: what the bound counts. */
export function preemptionsOf(trace: readonly Step[]): number {
  return trace.filter((step) => isPreempted(step) || step.taken >= ENDS).length;
}

/** The step took the turn from a thread that could have gone on. */
export function isPreempted({ free, taken, usual }: Step): boolean {
  return !free && taken < ENDS && taken !== usual;
}
