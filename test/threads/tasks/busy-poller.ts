// Cold. Runs on: CPU n.
// A task that busy-polls every queue, a few hundred rounds a step, and prefers that to interrupts.

import type { TaskFactory } from '../../../src/index.js';

const ROUNDS = 300;

const factory: TaskFactory = ({ napi }) => {
  return () => {
    for (const id of napi.ids) {
      let rounds = 0;
      napi.busyLoop(id, { loopEnd: () => ++rounds > ROUNDS, budget: 64, prefer: true });
    }
    return true;
  };
};

export default factory;
