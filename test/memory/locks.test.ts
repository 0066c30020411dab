// Cold. Runs on: main.
// Mutex and SpinLock on one thread: the guard, the protocol after a death, what is refused.

import { threadId } from 'node:worker_threads';
import t from 'tap';
import { Mutex, SpinLock, SyncTimeoutError, watchWorker } from '../../src/sync.js';

const PATIENCE_MS = 20_000;
const AT = 64;
const STRANGER = 4711; // a threadId that no thread here has

function shared(): SharedArrayBuffer {
  return new SharedArrayBuffer(256);
}

/** As if `STRANGER` had locked it and died, or was still alive. */
function heldByStranger(buffer: SharedArrayBuffer): void {
  new Int32Array(buffer)[AT / 4] = STRANGER + 1;
}

for (const Lock of [Mutex, SpinLock]) {
  const kind = Lock === Mutex ? 'mutex' : 'spin lock';

  t.test(`${Lock.name}: one at a time`, async (t) => {
    const buffer = shared();
    const [here, there] = [new Lock(buffer, AT), new Lock(buffer, AT)];
    const guard = here.tryLock()!;
    t.match(guard, { held: true, ownerDied: false });
    t.equal(there.holder(), threadId, 'another object over the same bytes is the same lock');
    t.equal(there.tryLock(), null);
    guard.unlock();
    t.equal(there.holder(), null);
    t.ok(there.tryLock());
    t.ok(new Lock(buffer, AT + 64).tryLock(), 'other bytes are another lock');
  });

  t.test(`${Lock.name}: a guard`, async (t) => {
    const lock = new Lock(shared(), AT);
    const guard = await lock.lockAsync(0);
    guard.unlock();
    t.throws(() => guard.unlock(), { message: `${kind}: this guard does not hold it` });
    t.throws(() => guard.consistent(), { message: `${kind}: this guard does not hold it` });
    guard[Symbol.dispose]();
    t.ok(guard.tryLock(), 'can be locked again');
    t.throws(() => guard.tryLock(), { message: `${kind}: this guard holds it already` });
    await t.rejects(guard.lockAsync(0), { message: `${kind}: this guard holds it already` });
    {
      using held = guard;
      t.ok(held.held);
    }
    t.notOk(guard.held);
    t.equal(lock.holder(), null, 'disposed of is unlocked');
  });

  t.test(`${Lock.name}: two tasks of one thread exclude each other, in order`, async (t) => {
    const lock = new Lock(shared(), AT);
    const order: string[] = [];
    const task = async (name: string) => {
      using _ = await lock.lockAsync(PATIENCE_MS);
      order.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      order.push(`${name} out`);
    };
    await Promise.all(['a', 'b', 'c'].map(task));
    t.same(order, ['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  t.test(`${Lock.name}: a wait that ends, and says who holds it`, async (t) => {
    const buffer = shared();
    const lock = new Lock(buffer, AT);
    const guard = lock.tryLock()!;
    const error: SyncTimeoutError = await lock.lockAsync(5).catch((error) => error);
    t.type(error, SyncTimeoutError);
    t.match(error, { holder: threadId, message: `${kind}: not to be had within 5 ms: held by this thread` });
    guard.unlock();
    t.ok((await lock.lockAsync(0)).held, 'who gave up has left nothing behind');
    heldByStranger(buffer);
    await t.rejects(lock.lockAsync(0), { message: /held by thread 4711$/, holder: STRANGER });
  });

  t.test(`${Lock.name}: taken over, repaired`, async (t) => {
    const buffer = shared();
    const lock = new Lock(buffer, AT);
    heldByStranger(buffer);
    const waiting = lock.lockAsync(PATIENCE_MS);
    lock.threadDied(STRANGER + 1);
    t.equal(lock.holder(), STRANGER, 'another thread’s death is nothing to it');
    lock.threadDied(STRANGER);
    const guard = await waiting;
    t.ok(guard.ownerDied);
    lock.threadDied(STRANGER);
    t.equal(lock.holder(), threadId, 'told twice, it is inherited once');
    guard.consistent();
    t.notOk(guard.ownerDied);
    guard.unlock();
    t.notOk(lock.tryLock()!.ownerDied, 'and nobody is told again');
  });

  t.test(`${Lock.name}: an heir that dies too is inherited`, async (t) => {
    const buffer = shared();
    const lock = new Lock(buffer, AT);
    heldByStranger(buffer);
    lock.threadDied(STRANGER);
    lock.tryLock();
    lock.threadDied(threadId);
    t.ok(lock.tryLock()!.ownerDied);
  });

  t.test(`${Lock.name}: not repaired`, async (t) => {
    const buffer = shared();
    const lock = new Lock(buffer, AT);
    heldByStranger(buffer);
    lock.threadDied(STRANGER);
    const guard = lock.tryLock()!;
    const waiting = lock.lockAsync(PATIENCE_MS);
    guard.unlock();
    const refusal = { name: 'NotRecoverableError', message: new RegExp(`^${kind}: its owner died, and .* consistent`) };
    await t.rejects(waiting, refusal, 'also who waits already');
    await t.rejects(lock.lockAsync(PATIENCE_MS), refusal);
    t.throws(() => lock.tryLock(), refusal);
    t.equal(lock.holder(), null);
  });

  t.test(`${Lock.name}: unlocked by who does not own it`, async (t) => {
    const buffer = shared();
    const guard = new Lock(buffer, AT).tryLock()!;
    heldByStranger(buffer); // Somebody else has written to its word.
    t.throws(() => guard.unlock(), { message: `${kind}: unlocked by this thread, held by thread 4711` });
  });

  t.test(`${Lock.name}: what is refused`, async (t) => {
    const lock = new Lock(shared(), AT);
    t.throws(() => lock.lock(1), { message: `${Lock.name}.lock would block the main thread; use lockAsync` });
    for (const timeoutMs of [-1, Number.NaN]) {
      await t.rejects(lock.lockAsync(timeoutMs), { message: `timeoutMs=${timeoutMs}: must be ≥ 0, or Infinity` });
    }
    t.equal(lock.holder(), null);
    t.throws(() => new Lock(new ArrayBuffer(64), 0), { message: `${kind}: buffer: must be a SharedArrayBuffer` });
    for (const byteOffset of [-4, 2, 0.5, Number.NaN]) {
      const message = `${kind}: byteOffset=${byteOffset}: must be a multiple of 4, ≥ 0`;
      t.throws(() => new Lock(shared(), byteOffset), { message });
    }
    const message = `${kind}: byteOffset=256: its 64 bytes must lie in the buffer's 256`;
    t.throws(() => new Lock(shared(), 256), { message });
  });
}

t.test('spins is a number of looks', async (t) => {
  for (const spins of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => new SpinLock(shared(), AT, spins), { message: `spins=${spins}: must be an integer ≥ 0` });
  }
});

t.test("a WebAssembly.Memory's buffer", async (t) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  const guard = new Mutex(memory.buffer, AT).tryLock()!;
  (memory as unknown as { grow(pages: number): number }).grow(1);
  t.equal(new Mutex(memory.buffer, AT).tryLock(), null, 'also when it has grown');
  guard.unlock();
  t.ok(new Mutex(memory.buffer, AT).tryLock());
});

t.test('watchWorker is for workers that live', async (t) => {
  const ended = { threadId: -1 } as Parameters<typeof watchWorker>[0];
  t.throws(() => watchWorker(ended, []), /ended already/);
});
