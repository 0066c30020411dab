// Cold. Runs on: main, with workers.
// The primitives between real threads, main among them: nothing is lost, and who dies is inherited.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Condition, Mutex, Semaphore, SpinLock, watchWorker } from 'softirq/sync';
import t from 'tap';
import { plainNode } from '../plain-node.js';
import * as place from './sync/task.js';

const { PATIENCE_MS } = place;
const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);
/** A test runner's loaders slow the start of threads, of which this file starts a hundred. */
const env = { ...process.env, NODE_OPTIONS: '' };
/** In the median. A wake-up of main takes about 0.3 ms, the news of a death some; the rest is a busy machine's. */
const INHERIT_MS_MAX = 500;

function stage() {
  const buffer = new SharedArrayBuffer(place.BYTES);
  const workers: Worker[] = [];
  const start = (role: place.SyncTask['role'], rounds = 0) => {
    const task: place.SyncTask = { buffer, role, rounds };
    const worker = new Worker(new URL('sync/worker.js', import.meta.url), { workerData: task, execArgv: [], env });
    workers.push(worker);
    return worker;
  };
  t.teardown(() => Promise.all(workers.map((worker) => worker.terminate())));
  return {
    buffer,
    start,
    words: new Int32Array(buffer),
    mutex: new Mutex(buffer, place.MUTEX),
    permits: new Semaphore(buffer, place.PERMITS),
    done: new Semaphore(buffer, place.DONE),
  };
}

/** Rejects with the worker's own error, which says what it waited for. */
function ends(...workers: readonly Worker[]): Promise<unknown> {
  return Promise.all(workers.map((worker) => once(worker, 'exit')));
}

t.test('two waiters, two quick posts, 1,000 times; main waits by the async twin', async (t) => {
  const { start, permits, done } = stage();
  const rounds = 1000;
  const waiters = [start('take', rounds), start('take', rounds)];
  const ended = ends(...waiters);
  for (let round = 0; round < rounds; round += 1) {
    permits.post();
    permits.post();
    await done.waitAsync(PATIENCE_MS);
    await done.waitAsync(PATIENCE_MS);
  }
  await ended;
  t.same([permits.count(), done.count()], [0, 0], 'each permit was taken, each taking was told');
});

for (const [role, Lock, offset] of [
  ['count', Mutex, place.MUTEX],
  ['spin', SpinLock, place.SPIN_LOCK],
] as const) {
  t.test(`four workers and main count under one ${Lock.name}`, async (t) => {
    const { buffer, start, words } = stage();
    const [rounds, mainRounds] = [50_000, 200];
    const ended = ends(...Array.from({ length: 4 }, () => start(role, rounds)));
    const lock = new Lock(buffer, offset);
    for (let round = 0; round < mainRounds; round += 1) {
      const guard = await lock.lockAsync(PATIENCE_MS);
      words[place.COUNT]! += 1;
      guard.unlock();
    }
    await ended;
    t.equal(words[place.COUNT], 4 * rounds + mainRounds);
    t.equal(lock.holder(), null);
  });
}

t.test('two producers, two consumers, a queue of four', async (t) => {
  const { start, words } = stage();
  const rounds = 5000;
  await ends(...(['produce', 'produce', 'consume', 'consume'] as const).map((role) => start(role, rounds)));
  const seen = words.subarray(place.SEEN, place.SEEN + rounds);
  t.ok(
    seen.every((times) => times === 2),
    'each item of both producers was consumed once',
  );
  t.equal(words[place.HEAD], words[place.TAIL]);
});

t.test('main produces and consumes too', async (t) => {
  const { buffer, start, words, mutex } = stage();
  const rounds = 300;
  const [filled, emptied] = [new Condition(buffer, place.FILLED), new Condition(buffer, place.EMPTIED)];
  const ended = ends(start('produce', rounds));
  for (let round = 0; round < rounds; round += 1) {
    const guard = await mutex.lockAsync(PATIENCE_MS);
    while (words[place.HEAD] === words[place.TAIL]) await filled.waitAsync(guard, PATIENCE_MS);
    words[place.TAIL]! += 1;
    emptied.notifyOne();
    guard.unlock();
  }
  await ended;
  t.equal(words[place.TAIL], rounds);
});

t.test('50 owners are killed in the section, and a worker takes each over', async (t) => {
  const { start, words, mutex, permits, done } = stage();
  const kills = 50;
  const heir = start('heir', kills);
  const ended = ends(heir);
  const tookMs: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const holder = start('holder');
    watchWorker(holder, [mutex, permits, done]);
    await done.waitAsync(PATIENCE_MS);
    permits.post(); // The heir comes, and waits.
    const killedAt = performance.now();
    await holder.terminate();
    await done.waitAsync(PATIENCE_MS);
    tookMs.push(performance.now() - killedAt);
  }
  await ended;
  t.same([words[place.INHERITED], words[place.BROKEN]], [kills, 0], 'it was told each time');
  tookMs.sort((a, b) => a - b);
  const [medianMs, slowestMs] = [tookMs[kills >> 1]!, tookMs.at(-1)!];
  t.ok(medianMs < INHERIT_MS_MAX, 'soon', { tookMs });
  t.comment(
    `from terminate() to the heir's unlock(): ${medianMs.toFixed(1)} ms in the median, ${slowestMs.toFixed(1)} at most`,
  );
});

t.test('20 threads are killed anywhere, and main goes on', async (t) => {
  const { start, words, mutex, permits, done } = stage();
  let inherited = 0;
  for (let kill = 0; kill < 20; kill += 1) {
    const passer = start('passer');
    watchWorker(passer, [mutex, permits, done]);
    await done.waitAsync(PATIENCE_MS);
    const early = kill % 2 === 0 ? mutex.lockAsync(PATIENCE_MS) : null; // Half of the time, main waits while it happens.
    await passer.terminate();
    const guard = await (early ?? mutex.lockAsync(PATIENCE_MS));
    if (words[place.INSIDE] !== 0) t.ok(guard.ownerDied, 'half way: it was told');
    if (guard.ownerDied) inherited += 1;
    words[place.INSIDE] = 0;
    if (guard.ownerDied) guard.consistent();
    guard.unlock();
  }
  t.equal(mutex.holder(), null);
  t.comment(`${inherited} of 20 died with the lock held`);
});

t.test('20 consumers are killed once they are notified, and another gets what they leave', async (t) => {
  const { buffer, start, words, mutex, permits, done } = stage();
  const [filled, emptied] = [new Condition(buffer, place.FILLED), new Condition(buffer, place.EMPTIED)];
  const kills = 20;
  const ended = ends(start('survivor', kills));
  for (let kill = 0; kill < kills; kill += 1) {
    const victim = start('victim');
    watchWorker(victim, [mutex, filled, emptied]);
    await done.waitAsync(PATIENCE_MS);
    const guard = await mutex.lockAsync(PATIENCE_MS); // The victim waits, as the first,
    guard.unlock();
    permits.post();
    await done.waitAsync(PATIENCE_MS);
    await guard.lockAsync(PATIENCE_MS); // and the survivor as the second.
    words[place.HEAD]! += 1;
    filled.notifyOne();
    await victim.terminate();
    while (words[place.HEAD] !== words[place.TAIL]) await emptied.waitAsync(guard, PATIENCE_MS);
    guard.unlock();
  }
  await ended;
  t.equal(words[place.TAIL], kills);
});

t.test('a death that nobody watches for is a wait that ends, and names the thread', async (t) => {
  const { start, mutex, done } = stage();
  const holder = start('holder');
  const { threadId } = holder;
  await done.waitAsync(PATIENCE_MS);
  await holder.terminate();
  await t.rejects(mutex.lockAsync(20), {
    name: 'SyncTimeoutError',
    message: `mutex: not to be had within 20 ms: held by thread ${threadId}`,
    holder: threadId,
  });
  t.throws(() => watchWorker(holder, [mutex]), /the worker has ended already; watch it before it can/);
  mutex.threadDied(threadId);
  const guard = await mutex.lockAsync(20);
  t.ok(guard.ownerDied);
});

t.test('who would wait for itself is told', async (t) => {
  const { start } = stage();
  await t.rejects(ends(start('twice')), { message: 'mutex: this thread holds it already, and would wait for itself' });
});

t.test('a process whose only business is an async twin does not end before it', async (t) => {
  const script = `
    import { Mutex, Semaphore } from 'softirq/sync';
    const buffer = new SharedArrayBuffer(128);
    const permits = new Semaphore(buffer, 0);
    await permits.waitAsync(100).catch(({ message }) => console.log(message));
    const guard = await new Mutex(buffer, 64).lockAsync(Infinity);
    console.log(guard.held);`;
  const { stdout } = await run(...plainNode('--input-type=module', '--eval', script), { cwd: PACKAGE });
  t.equal(stdout, 'semaphore: no permit within 100 ms: count 0, the last was taken by nobody\ntrue\n');
});

t.test('the example of docs/sync.md', async (t) => {
  const text = readFileSync(`${PACKAGE}docs/sync.md`, 'utf8');
  const files = [...text.matchAll(/^```js\n\/\/ (\S+)\n(.*?)^```$/gms)];
  const folder = mkdtempSync(`${PACKAGE}build/readme-`); // Inside the package, so that its name is known.
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [, name, code] of files) writeFileSync(`${folder}/${name}`, code!);
  t.same(
    files.map(([, name]) => name),
    ['worker.js', 'main.js'],
  );
  const { stdout, stderr } = await run(...plainNode(`${folder}/main.js`), { timeout: PATIENCE_MS });
  t.same([stdout, stderr], ['', ''], 'runs to its end');
});
