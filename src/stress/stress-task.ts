// Hot. Runs on: CPU n, in process context.
// Applications of a round: one that works and sleeps by turns, and one that busy-polls any queue in any of the ways there are.

import type { Step, TaskContext } from '../cpu/application-task.js';
import { Random } from '../runtime/random.js';

export const NAPS = 'naps';
export const BUSY_POLLS = 'busy-polls';

export interface StressTask {
  readonly kind: typeof NAPS | typeof BUSY_POLLS;
  readonly seed: number;
}

const WORK_MAX = 20_000;
const ROUNDS_MAX = 100;
const BUDGET_MAX = 64;

export default function stressTask({ cpu, data, napi }: TaskContext): Step {
  const { kind, seed } = data as StressTask;
  const random = new Random(seed + cpu);
  return kind === NAPS ? naps(random) : busyPolls(random, napi);
}

/** It has something to do three times of four. */
function naps(random: Random): Step {
  let state = 1;
  return () => {
    const work = random.below(WORK_MAX);
    for (let i = 0; i < work; i += 1) state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return random.below(4) > 0;
  };
}

function busyPolls(random: Random, napi: TaskContext['napi']): Step {
  let left = 0;
  const loopEnd = () => --left <= 0;
  return () => {
    const { ids } = napi; // another one by the next step: instances are disabled and enabled meanwhile
    if (ids.length === 0) return false;
    left = 1 + random.below(ROUNDS_MAX);
    napi.busyLoop(ids[random.below(ids.length)]!, {
      loopEnd: random.below(8) === 0 ? null : loopEnd,
      budget: 1 + random.below(BUDGET_MAX),
      prefer: random.below(2) === 0,
      endOnResched: random.below(2) === 0,
    });
    return random.below(4) > 0;
  };
}
