// Cold. Runs on: CPU n.
// A task that keeps its CPU for ever, after some turns.

import type { Step } from '../../../src/index.js';

/** More than one turn has. */
const STEPS = 5000;

export default function stuck(): Step {
  let steps = 0;
  return () => {
    for (steps += 1; steps > STEPS; );
    return 1;
  };
}
