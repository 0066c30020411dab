// Cold. Runs on: main.
// Makes a failing schedule smaller: fewer preemptions first, then fewer steps. Departures from the usual order are taken away
// by delta debugging (Zeller and Hildebrandt, 2002), those that are left are moved to other steps, and each candidate is run:
// it counts when it fails in the same way.

import { SKETCH } from './control.js';
import type { Crew } from './crew.js';
import { type Departure, planOf, preemptionsOf, type Sketch, sketchOf, writeSketch } from './sketch.js';
import { ENDS, type Step } from './trace.js';

const NO_PLAN = new Int8Array(0);
/** Then the smallest so far is good enough. */
const STEPS_MAX = 300_000;
const RUNS_MAX = 3000;

interface Candidate {
  readonly sketch: Sketch;
  readonly plan: Int8Array;
  readonly preemptions: number;
  readonly steps: number;
  readonly trace: readonly Step[];
}

/**
 * @param message what went wrong in the schedule that the crew has just run
 * @returns the plan of a smaller one, or null when this one cannot be run as a sketch
 */
export function shrink(crew: Crew, message: string): Int8Array | null {
  return new Shrinking(crew, message).run();
}

class Shrinking {
  private readonly crew: Crew;
  private readonly kind: string;
  private readonly first: Sketch;
  private runs = 0;
  private steps = 0;

  constructor(crew: Crew, message: string) {
    this.crew = crew;
    this.kind = kindOf(message);
    this.first = sketchOf(crew.trace(), crew.control.main);
  }

  run(): Int8Array | null {
    let best = this.attempt(this.first);
    if (best === null) return null; // Two ends at one step, which a sketch cannot say.
    for (;;) {
      const smaller = this.moved(this.reduced(best));
      if (!isSmaller(smaller, best)) return smaller.plan;
      best = smaller;
    }
  }

  private get exhausted(): boolean {
    return this.runs >= RUNS_MAX || this.steps >= STEPS_MAX || !this.crew.alive;
  }

  private attempt(sketch: Sketch): Candidate | null {
    if (this.exhausted) return null;
    const { crew } = this;
    writeSketch(crew.control.memory, sketch);
    const message = crew.run(NO_PLAN, SKETCH);
    this.runs++;
    this.steps += crew.control.steps;
    if (message === null || kindOf(message) !== this.kind || !crew.alive) return null;
    const trace = crew.trace();
    const preemptions = preemptionsOf(trace);
    return { sketch, plan: planOf(trace), preemptions, steps: trace.length, trace };
  }

  private better(best: Candidate, sketch: Sketch): Candidate | null {
    const candidate = this.attempt(sketch);
    return candidate !== null && isSmaller(candidate, best) ? candidate : null;
  }

  /** Takes departures away, many at a time, then single ones. */
  private reduced(from: Candidate): Candidate {
    let best = from;
    for (let size = Math.ceil(best.sketch.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < best.sketch.length; ) {
        const smaller = this.better(best, best.sketch.toSpliced(at, size));
        if (smaller === null) at += size;
        else best = smaller;
      }
    }
    return best;
  }

  /** Moves departures, and adds free ones. */
  private moved(from: Candidate): Candidate {
    let best = from;
    for (const sketch of neighbours(from, this.crew.control.main)) {
      if (this.exhausted) break;
      best = this.better(best, sketch) ?? best;
    }
    return best;
  }
}

function isSmaller(a: Candidate, b: Candidate): boolean {
  if (a.preemptions !== b.preemptions) return a.preemptions < b.preemptions;
  if (a.steps !== b.steps) return a.steps < b.steps;
  return a.sketch.length < b.sketch.length;
}

/** The failure without its numbers and its stack. */
function kindOf(message: string): string {
  return message.split('\n', 1)[0]!.replaceAll(/\d+/g, '#');
}

function* neighbours({ sketch, trace }: Candidate, threads: number): Generator<Sketch> {
  for (const [at, departure] of sketch.entries()) {
    for (const other of movedOf(departure)) yield sketch.with(at, other);
  }
  for (const departure of freeOf(trace, threads))
    yield [...sketch.filter((other) => !samePlace(other, departure)), departure];
}

function* movedOf(departure: Departure): Generator<Departure> {
  for (let own = 0; own < departure.own; own++) yield { ...departure, own };
  for (const more of [1, 2]) yield { ...departure, own: departure.own + more };
}

/** Other choices where the switch was free. */
function* freeOf(trace: readonly Step[], threads: number): Generator<Departure> {
  const own = new Array<number>(threads + 1).fill(0);
  let by = threads;
  for (const { taken, choices, free } of trace) {
    if (taken >= ENDS) continue;
    for (let choice = 0; free && choice < threads; choice++) {
      if (choice !== taken && (choices & (1 << choice)) !== 0) yield { by, own: own[by]!, choice };
    }
    by = taken;
    own[by]!++;
  }
}

function samePlace(a: Departure, b: Departure): boolean {
  return a.by === b.by && a.own === b.own && a.choice >= ENDS === b.choice >= ENDS;
}
