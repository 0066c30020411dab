// Cold. Runs on: CPUs, at start.
// Calibrates synthetic work: how many iterations of Bursts.work a nanosecond has. One CPU measures, alone; all use its figure.

import type { Bursts } from '../bursts/bursts.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import { Once } from '../memory/sync/once.js';
import type { Views } from '../memory/views.js';
import type { Clock } from '../runtime/clock.js';

const ROUNDS = 30;
const ITERATIONS = 100_000;
const TIMEOUT_MS = 10_000;

/** @returns iterations per packet for `workNs` of work */
export function calibrateWork(
  views: Views,
  bursts: Bursts,
  clock: Clock,
  { workNs, once, workSpeed }: { readonly workNs: number; readonly once: number; readonly workSpeed: number },
): number {
  if (workNs === 0) return 0;
  const at = workSpeed / DOUBLE_BYTES;
  new Once(views.words.buffer, once).run(() => {
    views.doubles[at] = ITERATIONS / bestRoundNs(bursts, clock);
  }, TIMEOUT_MS);
  return iterationsFor(views, workSpeed, workNs);
}

/** Once a CPU has calibrated. */
export function iterationsFor(views: Views, workSpeed: number, workNs: number): number {
  return workNs === 0 ? 0 : Math.max(1, Math.round(workNs * views.doubles[workSpeed / DOUBLE_BYTES]!));
}

/** The quickest of several rounds: noise only ever adds. */
function bestRoundNs(bursts: Bursts, clock: Clock): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    clock.tick();
    const start = clock.nowNs;
    bursts.work(ITERATIONS);
    clock.tick();
    best = Math.min(best, clock.nowNs - start);
  }
  return best;
}
