// Cold. Runs on: main.
// What a search leaves out, it would have found nothing by: of random programs it finds the same outcomes as when it runs all schedules.

import t, { type Test } from 'tap';
import type { ExploreOptions } from '../../src/explore/explore.js';
import { outcomes } from '../interleave/scenarios/toy-random.js';
import { exploreSpec } from '../interleave/specs.js';

/** More by hand: SOFTIRQ_SEEDS=1000. */
const SEEDS = Number(process.env.SOFTIRQ_SEEDS ?? 2);
const KINDS = ['', '+timeouts', '+ends', '+told', '+stores'];
const BOUNDS = [1, 2, 3];

/** Programs that have shown a preemption spared, or a state taken for another, that should not have been. */
const FOUND = [
  ['toy-random:76', 1], // what a thread stores as it ends lets one that spins go on
  ['toy-random:290+stores', 2], // two threads have stored to one word, in either order
  ['toy-random:294+told', 3], // a sleeper is ended only while others go on
] as const;

t.setTimeout(3_600_000);

async function found(spec: string, options: ExploreOptions) {
  outcomes.clear();
  const { failures, schedules } = await exploreSpec(spec, options);
  return { messages: failures.map(({ text }) => text), schedules, outcomes: [...outcomes].sort() };
}

/** @returns how many schedules are not run */
async function compare(t: Test, spec: string, bound: number): Promise<number> {
  const all = await found(spec, { bound, allSchedules: true });
  const some = await found(spec, { bound });
  t.same(all.messages, [], `${spec} passes`);
  t.same(some.messages, all.messages);
  t.same(some.outcomes, all.outcomes, `${spec}, bound ${bound}: ${all.outcomes.length} outcomes`);
  t.ok(some.schedules <= all.schedules);
  t.comment(`${spec}: ${all.outcomes.length} outcomes; ${all.schedules} schedules, of which ${some.schedules} are run`);
  return all.schedules - some.schedules;
}

t.test('the same outcomes by fewer schedules', async (t) => {
  let fewer = 0;
  for (let run = 0; run < SEEDS * KINDS.length; run += 1) {
    const spec = `toy-random:${1 + run}${KINDS[run % KINDS.length]}`;
    fewer += await compare(t, spec, BOUNDS[run % BOUNDS.length]!);
  }
  t.ok(fewer > 0);
});

t.test('programs that were told apart wrongly once', async (t) => {
  for (const [spec, bound] of FOUND) await compare(t, spec, bound);
});

t.test('a preemption that turns out to matter in a later schedule', async (t) => {
  const { failures } = await exploreSpec('toy-late', { bound: 1 });
  t.match(failures[0]?.text, 'it changed between two looks');
});
