// Cold. Runs on: main.
// The explorer explored: bugs that it must find, protocols that it must pass, and that it runs every schedule once.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { Control, createControl } from '../../src/explore/control.js';
import type { Exploration, ExploreOptions } from '../../src/explore/explore.js';
import { formatSchedule, parseSchedule } from '../../src/explore/plan.js';
import type { Failure } from '../../src/explore/report.js';
import { RUNNABLE, Threads } from '../../src/explore/threads.js';
import { BUILD_ROOT, patchText, withMutant } from '../interleave/mutant.js';
import { exploreSpec as explore, replaySpec as replay } from '../interleave/specs.js';

const CONTROL = { threads: 3, stepLimit: 1, memoryBytes: 0, endable: 0, endsMax: 0, endsTold: false };
const STEPS_PER_SECOND_MIN = 20_000;

async function passes(t: Test, spec: string, options?: ExploreOptions): Promise<Exploration> {
  const result = await explore(spec, options);
  t.same(
    result.failures.map(({ text }) => text),
    [],
    `${spec} passes`,
  );
  t.comment(`${spec}: ${result.schedules} schedules, ${result.steps} steps`);
  return result;
}

async function fails(t: Test, spec: string, message: RegExp, options?: ExploreOptions): Promise<Failure> {
  const { failures, schedules } = await explore(spec, options);
  t.equal(failures.length, 1, `${spec} fails`);
  t.match(failures[0]?.message, message);
  t.comment(`${spec}: found by schedule ${schedules}`);
  return failures[0]!;
}

function shell(command: string) {
  return spawnSync('env', ['-u', 'NODE_OPTIONS', 'sh', '-c', command], {
    cwd: fileURLToPath(new URL('../', BUILD_ROOT)),
    encoding: 'utf8',
  });
}

/** How many interleavings of threads with so many steps have at most `bound` preemptions, counted without the explorer. */
function interleavings(left: readonly number[], bound: number, current = -1): number {
  if (bound < 0) return 0;
  if (left.every((steps) => steps === 0)) return 1;
  const counts = left.map((steps, thread) => {
    if (steps === 0) return 0;
    const preempts = current >= 0 && thread !== current && left[current]! > 0;
    return interleavings(left.with(thread, steps - 1), bound - Number(preempts), thread);
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

t.test('a lost update needs one preemption', async (t) => {
  const { failures, boundReached } = await explore('toy-increment');
  t.equal(boundReached, 1);
  t.equal(failures[0]?.preemptions, 1);
  t.match(failures[0]?.message, 'counter=1, not 2');
  t.match(failures[0]?.text, /load COUNTER = 0[\s\S]*\(a is preempted\)[\s\S]*store COUNTER = 1/);
  await passes(t, 'toy-increment:atomic');
});

t.test('every schedule within the bound is run once', async (t) => {
  for (const bound of [0, 1, 2, 3]) {
    t.equal((await passes(t, 'toy-increment:atomic', { bound })).schedules, interleavings([3, 3], bound));
    t.equal((await passes(t, 'toy-increment:three-atomic', { bound })).schedules, interleavings([3, 3, 3], bound));
  }
  t.equal((await passes(t, 'toy-increment:atomic', { bound: 9 })).schedules, 20, 'six over three');
});

t.test('calls on words that one thread alone touches are no steps', async (t) => {
  t.equal((await passes(t, 'toy-increment:alone-atomic')).schedules, interleavings([3, 3], 2));
  await fails(t, 'toy-increment:alone', /alone: @0 is touched by threads 0 and 1/);
});

t.test('a sleeper that looks again is never stranded, one that does not is', async (t) => {
  await passes(t, 'toy-sleeper');
  const { text } = await fails(t, 'toy-sleeper:no-recheck', /^deadlock: consumer sleeps on BELL$/);
  t.match(text, 'wait BELL while 0: asleep');
  await passes(t, 'toy-sleeper:rest');
});

t.test('plain code is switched away from on both sides of a call', async (t) => {
  await passes(t, 'toy-message');
  await fails(t, 'toy-message:early', /seen=0/);
  await fails(t, 'toy-message:eager', /seen=0/);
  await passes(t, 'toy-message:calls-eager'); // with plainSteps false this race is out of sight
});

t.test('three threads', async (t) => {
  await fails(t, 'toy-increment:three', /counter=[12], not 3/);
  await passes(t, 'toy-bell');
  await fails(t, 'toy-bell:once', /^deadlock: (early|late) sleeps on @0$/);
});

t.test('notify wakes in the order of falling asleep, and no more than asked', async (t) => {
  const threads = new Threads(new Control(createControl(CONTROL)));
  threads.sleep(2, 64, false);
  threads.sleep(0, 64, false);
  threads.sleep(1, 128, false);
  t.equal(threads.wake(64, 1), 1);
  t.equal(threads.status(2), RUNNABLE);
  t.not(threads.status(0), RUNNABLE);
  t.equal(threads.wake(64, Number.POSITIVE_INFINITY), 1);
  t.equal(threads.wake(64, 1), 0);
  t.not(threads.status(1), RUNNABLE, 'another address');
});

t.test('finite waits time out only where the scenario asks for it', async (t) => {
  await passes(t, 'toy-bell:timeouts');
  await fails(t, 'toy-bell:endless', /^deadlock: early sleeps on @0, late sleeps on @0$/);
});

t.test('a spin is a yield when it is declared, a livelock when not', async (t) => {
  await passes(t, 'toy-spin');
  await fails(t, 'toy-spin:undeclared', /^livelock: no end after 300 steps$/);
  await fails(t, 'toy-spin:nobody', /^livelock/);
});

t.test('trouble in a body is told with the name of the thread', async (t) => {
  await fails(t, 'toy-trouble:throw', /^threw: bad: Error: one too many/);
  await fails(t, 'toy-trouble:promise', /^threw: bad: the body returned a promise/);
  await fails(t, 'toy-trouble:foreign', /^threw: bad: .*other than the scenario's/);
  await fails(t, 'toy-trouble:always', /^broken: bad: word=2$/);
  await fails(t, 'toy-trouble:attach', /attach: Error: bad magic$/);
  await fails(t, 'toy-trouble:hang', /^bad does not answer within 1000 ms; its last call: load WORD$/, {
    answerMs: 1000,
  });
  await t.rejects(explore('toy-nowhere'), /Cannot find module/);
  await t.rejects(explore('toy-bell', { schedulesMax: 10 }), /toy-bell: schedulesMax=10 does not suffice for bound=2/);
});

t.test('a schedule that fails midway leaves the threads fit for the next', async (t) => {
  const { failures } = await explore('toy-trouble:finally', { stopAfter: Number.POSITIVE_INFINITY });
  t.ok(failures.length > 1, `${failures.length} failures`);
  for (const { message } of failures) t.equal(message, 'deadlock: bad sleeps on WORD');
});

t.test('a failure replays, here and by its command', async (t) => {
  for (const spec of ['toy-increment', 'toy-sleeper:no-recheck', 'toy-bell:once']) {
    const [failure] = (await explore(spec)).failures;
    t.same(await replay(spec, failure!.schedule), failure, spec);
    const run = shell(failure!.replay);
    t.equal(run.status, 1, run.stderr);
    t.equal(run.stdout, `${failure!.text}\n`);
  }
});

t.test('two searches are the same search', async (t) => {
  const { schedules, steps } = await passes(t, 'toy-sleeper');
  t.match(await passes(t, 'toy-sleeper'), { schedules, steps });
});

t.test('schedules as text', async (t) => {
  t.same([...parseSchedule('0:2,1:3,0:*')], [0, 0, 1, 1, 1, 0]);
  t.equal(formatSchedule(parseSchedule('0:2,1:3,0:*')), '0:2,1:3,0:*');
  t.equal(formatSchedule(parseSchedule('0:2,1:3')), '0:2,1:3');
  t.equal(formatSchedule(parseSchedule('0:*')), '0:*');
  t.throws(() => parseSchedule('0-2'), /0-2 is not like/);
  const { message } = await replay('toy-increment', '0:9');
  t.match(message, /cannot be repeated .* step=5 choice=0 is not possible/);
});

t.test('a mutant changes what it says it changes, or is an error', async (t) => {
  const patch = { file: 'memory/layout.js', find: /WORD_BYTES = (\d)/, replace: 'WORD_BYTES = 1$1' };
  const mutated = await withMutant([patch], async (root) => {
    const layout: typeof import('../../src/memory/layout.js') = await import(
      new URL('src/memory/layout.js', root).href
    );
    return { root, wordBytes: layout.WORD_BYTES };
  });
  t.equal(mutated.wordBytes, 14);
  t.notOk(existsSync(mutated.root), 'removed');
  await t.rejects(
    withMutant([{ ...patch, find: 'no such text' }], () => t.fail('was run')),
    /mutant of memory\/layout.js: find=no such text matches 0 times, not once/,
  );
  t.throws(() => patchText('a b a', { file: 'x', find: 'a', replace: 'c' }), /matches 2 times/);
  t.throws(() => patchText('a b a', { file: 'x', find: /a/, replace: 'c' }), /matches 2 times/);
  t.equal(patchText('a b', { file: 'x', find: 'a', replace: '$&' }), '$& b');
});

t.test("a mutant's failure names its patches", async (t) => {
  const patch = { file: 'memory/layout.js', find: /WORD_BYTES = 4/, replace: "WORD_BYTES = '4'" };
  const failure = await withMutant([patch], (root) => fails(t, 'toy-increment', /counter=1/, { root }));
  const run = shell(failure.replay);
  t.equal(run.stdout.split('\n')[0], failure.text.split('\n')[0], run.stderr);
});

t.test('fifteen calls a thread are explored in seconds', async (t) => {
  const start = performance.now();
  const { steps } = await passes(t, 'toy-long');
  const perSecond = Math.round(steps / ((performance.now() - start) / 1000));
  t.ok(perSecond > STEPS_PER_SECOND_MIN, `${perSecond} steps/s`);
  await passes(t, 'toy-long:three-calls', { bound: 1 });
});
