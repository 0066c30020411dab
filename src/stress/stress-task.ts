// Hot. Runs on: CPU n, in process context.
// Applications of a round: one that works and sleeps by turns, one that busy-polls any queue in any of the ways there are, and one
// that hangs when main asks for it.

import type { Step, TaskContext } from '../cpu/application-task.js';
import type { BusyLoop } from '../napi/busy-poll.js';
import { Random } from '../runtime/random.js';
import { hangAt } from './flow-record.js';
import { hangIfAsked, IN_TASK } from './hang-words.js';

export const NAPS = 'naps';
export const BUSY_POLLS = 'busy-polls';
export const HANGS = 'hangs';
/** The built-in one: beside these, the only one that busy-polls. */
export const WAITS = 'busy-poll';

export interface StressTask {
  readonly kind: typeof NAPS | typeof BUSY_POLLS | typeof HANGS;
  readonly seed: number;
  /** It has CAP_NET_ADMIN. */
  readonly admin: boolean;
  /** Of the round; only where it hangs. */
  readonly record?: SharedArrayBuffer;
}

/** What busy-polls: a task's, or an attached thread's. */
export interface Poller {
  readonly ids: readonly number[];
  busyLoop(napiId: number, options: Partial<BusyLoop>): void;
}

const WORK_MAX = 20_000;
const ROUNDS_MAX = 100;
const BUDGET_MAX = 64;
const BUDGET_MAX_FOR_ALL = 8;

export default function stressTask({ cpu, data, napi }: TaskContext): Step {
  const { kind, seed, admin, record } = data as StressTask;
  const random = new Random(seed + cpu);
  if (kind === BUSY_POLLS) return busyPolls(random, napi, admin);
  return kind === NAPS || record === undefined ? naps(random) : hangs(random, new Int32Array(record), hangAt(cpu));
}

function hangs(random: Random, words: Int32Array, at: number): Step {
  const work = naps(random);
  return () => {
    hangIfAsked(words, at, IN_TASK);
    return work();
  };
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

export function busyPolls(random: Random, napi: Poller, admin: boolean): Step {
  let left = 0;
  const loopEnd = () => --left <= 0;
  return () => {
    const { ids } = napi; // another one by the next step: instances are disabled and enabled meanwhile
    if (ids.length === 0) return false;
    const id = ids[random.below(ids.length)]!;
    if (!admin && random.below(64) === 0) mustForbid(napi, id);
    left = 1 + random.below(ROUNDS_MAX);
    napi.busyLoop(id, {
      loopEnd: random.below(8) === 0 ? null : loopEnd,
      budget: 1 + random.below(admin ? BUDGET_MAX : BUDGET_MAX_FOR_ALL),
      prefer: admin && random.below(2) === 0,
      endOnResched: random.below(2) === 0,
    });
    return random.below(4) > 0;
  };
}

/** @throws Error when it may do what only CAP_NET_ADMIN may */
function mustForbid(napi: Poller, id: number): void {
  for (const options of [{ prefer: true }, { budget: BUDGET_MAX_FOR_ALL + 1 }]) {
    try {
      napi.busyLoop(id, options);
    } catch (error) {
      if ((error as { code?: string }).code === 'EPERM') continue;
      throw error;
    }
    throw new Error(`${JSON.stringify(options)} without CAP_NET_ADMIN was not refused`);
  }
}
