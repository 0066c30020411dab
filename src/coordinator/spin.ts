// Cold. Runs on: CPU n.
// The built-in task `spin`: an application that always has something to do. What it misses, others have taken.

import type { Step } from '../cpu/application-task.js';

/** Some tens of µs. */
const ITERATIONS = 20_000;

export default function spin(): Step {
  let state = 1;
  return () => {
    for (let i = 0; i < ITERATIONS; i += 1) state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return state !== 0.5;
  };
}
