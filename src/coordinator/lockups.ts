// Cold. Runs on: main, while traffic runs.
// Finds CPUs that are locked up: awake, and QUIESCENT stands still (the kernel's soft lockup detector, 2 × watchdog_thresh).
// Only time in which main looks counts: neither that in which main itself was blocked nor that in which the process was stopped.

import type { ContextWords } from '../memory/context.js';

export class Lockups {
  private readonly watched: readonly Watched[];
  private readonly limitMs: number;
  private readonly stepMsMax: number;
  private lookedAtMs = Number.POSITIVE_INFINITY;

  /**
   * @param limitSeconds 0: nobody is ever locked up
   * @param stepMsMax what may pass between two looks; of a longer time this much counts
   */
  constructor(contexts: readonly ContextWords[], limitSeconds: number, stepMsMax: number) {
    this.watched = contexts.map((context) => ({ context, turns: 0, stoodMs: 0 }));
    this.limitMs = limitSeconds === 0 ? Number.POSITIVE_INFINITY : limitSeconds * 1000;
    this.stepMsMax = stepMsMax;
  }

  /** @returns the numbers of those that are locked up */
  look(nowMs: number): number[] {
    const passedMs = Math.min(this.stepMsMax, Math.max(0, nowMs - this.lookedAtMs));
    this.lookedAtMs = nowMs;
    return [...this.watched.keys()].filter((index) => standsStill(this.watched[index]!, passedMs) >= this.limitMs);
  }
}

interface Watched {
  readonly context: ContextWords;
  turns: number;
  stoodMs: number;
}

function standsStill(watched: Watched, passedMs: number): number {
  const turns = watched.context.quiescent();
  const moves = turns !== watched.turns || watched.context.asleep();
  watched.turns = turns;
  watched.stoodMs = moves ? 0 : watched.stoodMs + passedMs;
  return watched.stoodMs;
}
