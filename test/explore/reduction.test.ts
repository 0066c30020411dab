// Cold. Runs on: main.
// What a search leaves out, it would have found nothing by: of random programs it finds the same outcomes as when it runs all schedules.

import t from 'tap';
import type { ExploreOptions } from '../../src/explore/explore.js';
import { outcomes } from '../interleave/scenarios/toy-random.js';
import { exploreSpec } from '../interleave/specs.js';

/** More by hand: SOFTIRQ_SEEDS=1000. */
const SEEDS = Number(process.env.SOFTIRQ_SEEDS ?? 2);
const KINDS = ['', '+timeouts', '+ends', '+told', '+stores'];
const BOUNDS = [1, 2, 3];

t.setTimeout(3_600_000);

async function found(spec: string, options: ExploreOptions) {
  outcomes.clear();
  const { failures, schedules } = await exploreSpec(spec, options);
  return { messages: failures.map(({ text }) => text), schedules, outcomes: [...outcomes].sort() };
}

t.test('the same outcomes by fewer schedules', async (t) => {
  let fewer = 0;
  for (let run = 0; run < SEEDS * KINDS.length; run += 1) {
    const spec = `toy-random:${1 + run}${KINDS[run % KINDS.length]}`;
    const bound = BOUNDS[run % BOUNDS.length]!;
    const all = await found(spec, { bound, allSchedules: true });
    const some = await found(spec, { bound });
    t.same(all.messages, [], `${spec} passes`);
    t.same(some.messages, all.messages);
    t.same(some.outcomes, all.outcomes, `${spec}, bound ${bound}: ${all.outcomes.length} outcomes`);
    t.ok(some.schedules <= all.schedules);
    fewer += all.schedules - some.schedules;
    t.comment(
      `${spec}: ${all.outcomes.length} outcomes; ${all.schedules} schedules, of which ${some.schedules} are run`,
    );
  }
  t.ok(fewer > 0);
});
