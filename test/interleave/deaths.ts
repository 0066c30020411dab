// Cold. Runs on: main.
// A scenario in which a thread dies, once for each call of Atomics after which it can.

import type { Test } from 'tap';
import { exploreSpec } from './specs.js';

/** Every schedule with at most `bound` preemptions, of every death after `first` … `last` calls. */
export async function survives(
  t: Test,
  spec: string,
  [first, last]: readonly [number, number],
  bound: number,
): Promise<void> {
  const start = performance.now();
  let [schedules, steps] = [0, 0];
  for (let calls = first; calls <= last; calls += 1) {
    const result = await exploreSpec(`${spec}-${calls}`, { bound });
    t.same(
      result.failures.map(({ text }) => text),
      [],
      `${spec}-${calls} passes`,
    );
    schedules += result.schedules;
    steps += result.steps;
  }
  const ms = Math.round(performance.now() - start);
  t.comment(`${spec}-${first} … ${last}, bound ${bound}: ${schedules} schedules, ${steps} steps, ${ms} ms`);
}
