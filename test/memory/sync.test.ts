// Cold. Runs on: main, with workers.
// Barrier and Once between real threads, and their twins on main.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import type { Views } from '../../src/memory/views.js';
import { Barrier, Once, SyncTimeoutError } from '../../src/sync.js';
import { space } from './space.js';
import { COUNT_AT, SYNC_AT, type SyncTask } from './sync-task.js';

const PATIENCE_MS = 20_000;
const NEVER_ABANDONED = () => false;

interface Answer {
  readonly seen?: number[];
  readonly error?: string;
}

async function worker(views: Views, task: Partial<SyncTask>): Promise<Answer> {
  const buffer = views.bytes.buffer as SharedArrayBuffer;
  const whole = { what: 'barrier', parties: 3, rounds: 1, timeoutMs: PATIENCE_MS, ...task, buffer };
  const thread = new Worker(new URL('sync-worker.js', import.meta.url), { workerData: whole, execArgv: [] });
  const [answer] = (await once(thread, 'message')) as [Answer];
  await thread.terminate();
  return answer;
}

function countOf(views: Views): number {
  return Atomics.load(views.words, COUNT_AT / 4);
}

t.test('blocking forms refuse to block main', async (t) => {
  t.throws(
    () => new Barrier(space().words.buffer, SYNC_AT, 1).wait(1),
    /Barrier.wait would block the main thread; use waitAsync/,
  );
  t.throws(
    () => new Once(space().words.buffer, SYNC_AT).run(() => {}, 1),
    /Once.run would block the main thread; use runAsync/,
  );
});

t.test('nobody leaves a barrier before all have come, round after round', async (t) => {
  const [views, rounds, parties] = [space(), 200, 3];
  const threads = [1, 2].map(() => worker(views, { parties, rounds }));
  const barrier = new Barrier(views.words.buffer, SYNC_AT, parties);
  for (let round = 1; round <= rounds; round += 1) {
    Atomics.add(views.words, COUNT_AT / 4, 1);
    await barrier.waitAsync(PATIENCE_MS, NEVER_ABANDONED);
  }
  for (const { seen } of await Promise.all(threads)) {
    const early = seen!.findIndex((count, index) => count < (index + 1) * parties);
    t.equal(early, -1, 'the counts of all parties were there');
  }
  t.equal(countOf(views), rounds * parties);
});

t.test('a barrier that not all come to', async (t) => {
  const views = space();
  const [late, main] = await Promise.all([
    worker(views, { timeoutMs: 100 }),
    new Barrier(views.words.buffer, SYNC_AT, 3).waitAsync(100, NEVER_ABANDONED).catch((error) => error),
  ]);
  t.match(late.error, /^SyncTimeoutError: barrier: [12] of 3 parties came within 100 ms$/);
  t.type(main, SyncTimeoutError);
  t.match(main.message, /of 3 parties came within 100 ms/);
});

t.test('a barrier that is abandoned, or broken up', async (t) => {
  const views = space();
  const barrier = new Barrier(views.words.buffer, SYNC_AT, 3);
  t.equal(await barrier.waitAsync(PATIENCE_MS, () => true), false);
  const again = setInterval(() => barrier.breakUp(), 2); // nobody tells when the worker has come
  t.match(await worker(views, {}), { seen: [1] });
  clearInterval(again);
});

t.test('whoever waits on main learns whether the round ended, whatever has died since', async (t) => {
  const views = space();
  const [barrier, other] = [1, 2].map(() => new Barrier(views.words.buffer, SYNC_AT, 2)) as [Barrier, Barrier];
  let died = false;
  const first = barrier.waitAsync(PATIENCE_MS, () => died);
  t.equal(await other.waitAsync(PATIENCE_MS, () => true), true, 'it came last, and ended the round');
  died = true;
  t.equal(await first, true, 'before that death, all had met');
  const meetAndDie = () => {
    void other.waitAsync(PATIENCE_MS);
    return true;
  };
  t.equal(await barrier.waitAsync(PATIENCE_MS, meetAndDie), true, 'they met between two looks');
  const third = barrier.waitAsync(PATIENCE_MS);
  other.breakUp();
  t.equal(await third, true, 'broken up');
});

t.test('a barrier needs parties', async (t) => {
  for (const parties of [0, -1, 1.5, Number.NaN]) {
    t.throws(
      () => new Barrier(space().words.buffer, SYNC_AT, parties),
      new RegExp(`parties=${parties}: must be an integer ≥ 1`),
    );
  }
  await new Barrier(space().words.buffer, SYNC_AT, 1).waitAsync(1, NEVER_ABANDONED);
});

t.test('a limit that is none is refused', async (t) => {
  for (const timeoutMs of [-1, Number.NaN]) {
    const message = `timeoutMs=${timeoutMs}: must be ≥ 0, or Infinity`;
    await t.rejects(new Barrier(space().words.buffer, SYNC_AT, 2).waitAsync(timeoutMs), { message });
    const held = space();
    held.words[SYNC_AT / 4] = 4711; // Somebody initialises.
    await t.rejects(
      new Once(held.words.buffer, SYNC_AT).runAsync(() => {}, timeoutMs),
      { message },
    );
  }
});

t.test('a limit that is none is refused before anything has happened', async (t) => {
  for (const what of ['barrier-wrong', 'spin-wrong'] as const) {
    const views = space();
    const error = 'RangeError: timeoutMs=NaN: must be ≥ 0, or Infinity';
    t.match(await worker(views, { what, timeoutMs: Number.NaN }), { error }, what);
    t.equal(views.words[SYNC_AT / 4], 0, 'nobody has arrived, nobody holds it');
  }
});

t.test('whoever comes first initialises, once', async (t) => {
  const views = space();
  const answers = await Promise.all([1, 2, 3].map(() => worker(views, { what: 'once-slow' })));
  t.same(
    answers.map(({ seen }) => seen),
    [[1], [1], [1]],
    'and the others waited until it was done',
  );
  await new Once(views.words.buffer, SYNC_AT).runAsync(() => t.fail('ran twice'), 1);
});

t.test('an initialiser that throws leaves it to the next', async (t) => {
  const views = space();
  t.match(await worker(views, { what: 'once-throws' }), { error: 'Error: initialise failed' });
  t.match(await worker(views, { what: 'once' }), { seen: [2] });
  t.match(await worker(views, { what: 'once' }), { seen: [2] });
});

t.test('an initialiser that takes too long', async (t) => {
  const views = space();
  const slow = worker(views, { what: 'once-slow' });
  while (countOf(views) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const here = new Once(views.words.buffer, SYNC_AT);
  await t.rejects(
    here.runAsync(() => {}, 20),
    /^once: thread \d+ took longer than 20 ms$/,
  );
  t.match(await slow, { seen: [1] });
  await here.runAsync(() => t.fail('ran twice'), 20);
});

t.test('an initialiser that waits for itself, or is not done when it returns', async (t) => {
  const here = new Once(space().words.buffer, SYNC_AT);
  let inner: Promise<void> | undefined;
  const selfish = () => {
    inner = here.runAsync(() => {}, PATIENCE_MS);
    inner.catch(() => {});
  };
  await here.runAsync(selfish, 1);
  await t.rejects(inner!, { message: 'once: called by its own initialiser, and would wait for itself' });
  const again = new Once(space().words.buffer, SYNC_AT);
  const message = 'once: initialise returned a promise: it must be synchronous';
  await t.rejects(
    again.runAsync(async () => {}, 1),
    { name: 'TypeError', message },
  );
  let runs = 0;
  await again.runAsync(() => {
    runs += 1;
  }, 1);
  t.equal(runs, 1, 'the next caller tries again');
});

t.test('main can be the one who initialises', async (t) => {
  const views = space();
  const here = new Once(views.words.buffer, SYNC_AT);
  const broken = () => {
    throw new Error('no');
  };
  await t.rejects(here.runAsync(broken, 1), /^no$/);
  let runs = 0;
  await here.runAsync(() => {
    runs += 1;
  }, 1);
  await here.runAsync(() => t.fail('ran twice'), 1);
  t.equal(runs, 1);
});
