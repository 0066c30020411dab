// Cold. Runs on: CPU n.
// A task that works for some 20 µs a step, and counts its steps in the word that it was given.

import type { TaskFactory } from '../../../src/index.js';

const factory: TaskFactory = ({ data }) => {
  const seen = (data ?? new Int32Array(1)) as Int32Array;
  let state = 1;
  return () => {
    for (let i = 0; i < 10_000; i += 1) state = Math.imul(state, 48_271) + 11;
    Atomics.add(seen, 0, 1);
    return state !== 0.5;
  };
};

export default factory;
