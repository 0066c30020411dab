// Cold. Runs on: main.
// A thread that ends at any step.

import t, { type Test } from 'tap';
import { exploreSpec, replaySpec } from '../interleave/specs.js';

async function fails(t: Test, spec: string, message: RegExp) {
  const { failures } = await exploreSpec(spec);
  t.match(failures[0]?.message, message, spec);
  t.match(failures[0]?.text, /mortal +ends here/);
  t.match(await replaySpec(spec, failures[0]!.schedule), { message: failures[0]!.message });
  return failures[0]!;
}

t.test('a lock stays locked', async (t) => {
  const { schedule, preemptions } = await fails(t, 'toy-mortal:lock', /^livelock/);
  t.match(schedule, /0:end/);
  t.equal(preemptions, 1, 'an end is counted like a preemption');
});

t.test('a sleeper is not woken, or the wake-up was for a thread that is no more', async (t) => {
  await fails(t, 'toy-mortal:sleep', /^deadlock: other sleeps on BELL$/);
  await fails(t, 'toy-mortal:waker', /^deadlock: other sleeps on BELL$/);
});

t.test('no finally block runs, and no step after', async (t) => {
  await fails(t, 'toy-mortal:finally', /^ended=mortal halfway$/);
});

t.test('who is told of the end sees all that came before it', async (t) => {
  const { failures, schedules, complete } = await exploreSpec('toy-mortal:told', { bound: 3, allSchedules: true });
  t.same(
    failures.map(({ text }) => text),
    [],
  );
  t.ok(complete);
  t.equal(schedules, 13);
});

t.test('two of them', async (t) => {
  t.same((await exploreSpec('toy-mortal:two', { bound: 1 })).failures, [], 'two ends are more than one');
  const { failures } = await exploreSpec('toy-mortal:two');
  t.equal(failures[0]?.message, 'ended=mortal,other');
  t.equal(failures[0]?.schedule, '0:end,1:end');
});

t.test('between two plain stores, where these are steps', async (t) => {
  const { text } = await fails(t, 'toy-mortal:stores', /^ended=mortal halfway$/);
  t.match(text, /write BEGUN = 1/);
});

t.test('each step of one thread is tried, and no other', async (t) => {
  const { schedules } = await exploreSpec('toy-mortal:finally', { stopAfter: Number.POSITIVE_INFINITY, shrink: false });
  t.equal(schedules, 1 + 5, 'nobody ends; or before one of the four halves of two calls, or before the return');
  const twice = await exploreSpec('toy-mortal:finally', {
    stopAfter: Number.POSITIVE_INFINITY,
    bound: 9,
    shrink: false,
  });
  t.equal(twice.schedules, schedules, 'one end a schedule');
});
