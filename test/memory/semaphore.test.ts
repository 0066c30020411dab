// Cold. Runs on: main.
// Semaphore and Condition on one thread, by their async twins.

import t from 'tap';
import { Condition, Mutex, Semaphore, SyncTimeoutError } from '../../src/sync.js';

const PATIENCE_MS = 20_000;
const COUNT_MAX = 2 ** 31 - 1;

function shared(): SharedArrayBuffer {
  return new SharedArrayBuffer(256);
}

function box() {
  const buffer = shared();
  return { lock: new Mutex(buffer, 0), ready: new Condition(buffer, 64) };
}

t.test('a semaphore counts', async (t) => {
  const permits = new Semaphore(shared(), 64);
  t.notOk(permits.tryWait());
  permits.post();
  permits.post(2);
  t.equal(permits.count(), 3);
  t.ok(permits.tryWait());
  await permits.waitAsync(0);
  await permits.waitAsync(Number.POSITIVE_INFINITY);
  t.equal(permits.count(), 0);
});

t.test('a semaphore wakes as many as it has permits, in their order', async (t) => {
  const permits = new Semaphore(shared(), 0);
  const order: string[] = [];
  const waiters = ['a', 'b', 'c'].map((name) => permits.waitAsync(PATIENCE_MS).then(() => order.push(name)));
  permits.post(2);
  await Promise.all(waiters.slice(0, 2));
  t.same(order, ['a', 'b']);
  permits.post();
  await waiters[2];
  t.equal(permits.count(), 0);
});

t.test('a wait for a permit that ends, with what is known', async (t) => {
  const permits = new Semaphore(shared(), 0);
  await t.rejects(permits.waitAsync(5), {
    name: 'SyncTimeoutError',
    message: 'semaphore: no permit within 5 ms: count 0, the last was taken by nobody',
  });
  permits.post();
  await permits.waitAsync(0);
  await t.rejects(permits.waitAsync(0), { message: /the last was taken by this thread$/ });
  permits.post();
  t.equal(permits.count(), 1, 'who gave up takes none');
});

t.test('what a semaphore refuses', async (t) => {
  const permits = new Semaphore(shared(), 0);
  t.throws(() => permits.wait(1), { message: 'Semaphore.wait would block the main thread; use waitAsync' });
  for (const count of [0, -1, 0.5, Number.NaN]) {
    t.throws(() => permits.post(count), { message: `permits=${count}: must be an integer ≥ 1` });
  }
  permits.post(COUNT_MAX);
  t.throws(() => permits.post(), { message: `permits=1: the count, ${COUNT_MAX}, would overflow` });
  t.equal(permits.count(), COUNT_MAX);
  t.throws(() => new Semaphore(shared(), 224), { message: /^semaphore: byteOffset=224: its 64 bytes must lie/ });
});

t.test('a condition unlocks while it waits, and is notified', async (t) => {
  const { lock, ready } = box();
  const guard = await lock.lockAsync(0);
  const waiting = ready.waitAsync(guard, PATIENCE_MS);
  t.notOk(guard.held);
  const other = lock.tryLock()!;
  ready.notifyOne();
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.notOk(guard.held, 'it waits for the lock');
  other.unlock();
  await waiting;
  t.ok(guard.held);
});

t.test('a notification is not remembered', async (t) => {
  const { lock, ready } = box();
  ready.notifyAll();
  const guard = await lock.lockAsync(0);
  const error = await ready.waitAsync(guard, 5).catch((error) => error);
  t.type(error, SyncTimeoutError);
  t.equal(error.message, 'condition: no notification within 5 ms');
  t.ok(guard.held, 'it holds its lock again');
});

t.test('notifyAll() and a death wake all', async (t) => {
  const { lock, ready } = box();
  for (const wake of [() => ready.notifyAll(), () => ready.threadDied(4711)]) {
    let waiting = 0;
    const waiters = [1, 2, 3].map(async () => {
      using guard = await lock.lockAsync(PATIENCE_MS);
      waiting += 1;
      await ready.waitAsync(guard, PATIENCE_MS);
    });
    while (waiting < waiters.length) await new Promise((resolve) => setTimeout(resolve, 1));
    wake();
    await Promise.all(waiters);
  }
  t.equal(lock.holder(), null);
});

t.test('who cannot have its lock back does not hold it', async (t) => {
  const { lock, ready } = box();
  const guard = await lock.lockAsync(0);
  const waiting = ready.waitAsync(guard, 1);
  const other = lock.tryLock()!;
  await t.rejects(waiting, { message: /^mutex: not to be had within 1000 ms: held by this thread$/ });
  t.notOk(guard.held);
  other.unlock();
});

t.test('what a condition refuses', async (t) => {
  const { lock, ready } = box();
  const guard = await lock.lockAsync(0);
  t.throws(() => ready.wait(guard, 1), { message: 'Condition.wait would block the main thread; use waitAsync' });
  const message = 'timeoutMs=NaN: must be ≥ 0, or Infinity';
  await t.rejects(ready.waitAsync(guard, Number.NaN), { message });
  t.ok(guard.held);
  guard.unlock();
  await t.rejects(ready.waitAsync(guard, 1), { message: 'mutex: this guard does not hold it' });
});
