// Cold. Runs on: main.
// Random schedules beyond the bound: what they find, how likely they miss it, and that a seed repeats them.

import t from 'tap';
import { exploreSpec } from '../interleave/specs.js';

const SCHEDULES = 3000;

t.test('finds what the bound cannot', async (t) => {
  t.same((await exploreSpec('toy-deep', { bound: 2 })).failures, []);
  const beyond = { bound: 2, random: { schedules: SCHEDULES, depth: 4 } };
  const { failures, random, summary } = await exploreSpec('toy-deep', beyond);
  t.equal(failures[0]?.message, 'caught');
  t.equal(failures[0]?.preemptions, 3);
  t.match(summary, /^toy-deep: all schedules with at most 2 preemptions: 13; \d+ at random \(seed 1\); failures: 1$/);
  t.comment(summary);
  t.ok(random!.schedules < SCHEDULES);
});

t.test('meets it at least as often as the formula says', async (t) => {
  const all = { bound: 0, stopAfter: Number.POSITIVE_INFINITY, shrink: false } as const;
  for (const [spec, depth] of [
    ['toy-deep', 4],
    ['toy-sleeper:no-recheck', 3],
    ['toy-increment', 2],
  ] as const) {
    const { failures, random } = await exploreSpec(spec, { ...all, random: { schedules: SCHEDULES, depth } });
    const { steps, missBound, counted } = random!;
    const least = 1 / (2 * steps ** (depth - 1));
    t.ok(Math.abs(missBound - (1 - least) ** counted) < 1e-9, `${spec}: (1 - 1/(2·${steps}^${depth - 1}))^${counted}`);
    t.ok(failures.length / SCHEDULES >= least, `${spec}: met by ${failures.length}, expected ${least * SCHEDULES}`);
  }
});

t.test('same seed, same schedules; another seed, others', async (t) => {
  const run = async (seed: number) => {
    const options = { bound: 0, shrink: false, stopAfter: 5, random: { schedules: SCHEDULES, depth: 4, seed } };
    const { failures, schedules, steps } = await exploreSpec('toy-deep', options);
    return { schedules, steps, plans: failures.map(({ schedule }) => schedule) };
  };
  t.same(await run(7), await run(7));
  t.notSame(await run(7), await run(8));
});

t.test('waits time out and threads end at random, too', async (t) => {
  const random = { schedules: 200, depth: 3 };
  const { failures } = await exploreSpec('toy-mortal:waker', { bound: 0, random });
  t.match(failures[0]?.message, /^deadlock: other sleeps on BELL$/);
  const { random: passed, summary } = await exploreSpec('toy-bell:timeouts', { bound: 0, random });
  t.equal(passed!.schedules, 200);
  t.ok(passed!.missBound < 1);
  t.match(summary, /; 200 at random \(seed 1\); a bug of depth 3 in \d+ steps is missed with p ≤ 0\.\d+; failures: 0$/);
});

t.test('options out of range', async (t) => {
  await t.rejects(exploreSpec('toy-deep', { bound: -1 }), /explore: bound=-1: must be a whole number of at least 0/);
  await t.rejects(exploreSpec('toy-deep', { timeLimitSeconds: 0 }), /timeLimitSeconds=0: must be above 0/);
  const random = { schedules: 1, depth: 17 };
  await t.rejects(exploreSpec('toy-deep', { random }), /random.depth=17: must be a whole number from 1 to 16/);
});

t.test('a time limit ends the search', async (t) => {
  const { complete, failures } = await exploreSpec('toy-long:three', { bound: 9, timeLimitSeconds: 0.3 });
  t.notOk(complete);
  t.same(failures, []);
});
