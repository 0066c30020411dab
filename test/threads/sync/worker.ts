// Cold. Runs on: a worker of sync.test.ts.
// Plays one role, as told; what it throws is its error.

import { parentPort, workerData } from 'node:worker_threads';
// By its name, as a user would.
import { Barrier, Condition, type Guard, Mutex, Semaphore, SpinLock } from 'softirq/sync';
import * as place from './task.js';

const { buffer, role, rounds }: place.SyncTask = workerData;
const words = new Int32Array(buffer);
const mutex = new Mutex(buffer, place.MUTEX);
const permits = new Semaphore(buffer, place.PERMITS);
const done = new Semaphore(buffer, place.DONE);
const filled = new Condition(buffer, place.FILLED);
const emptied = new Condition(buffer, place.EMPTIED);

function times(body: (round: number) => void): void {
  for (let round = 0; round < rounds; round += 1) body(round);
}

/** With plain accesses: two in the section at once would lose a count. */
function count(lock: Mutex | SpinLock): void {
  times(() => {
    const guard = lock.lock(place.PATIENCE_MS);
    words[place.COUNT]! += 1;
    guard.unlock();
  });
}

/** One permit a round for each of two: the quicker one must not take both. */
function take(): void {
  const round = new Barrier(buffer, place.ROUND, 2);
  times(() => {
    permits.wait(place.PATIENCE_MS);
    done.post();
    round.wait(place.PATIENCE_MS);
  });
}

function underLock(body: (guard: Guard) => void): void {
  const guard = mutex.lock(place.PATIENCE_MS);
  try {
    body(guard);
  } finally {
    guard[Symbol.dispose]();
  }
}

function produce(): void {
  times((round) =>
    underLock((guard) => {
      while (words[place.HEAD]! - words[place.TAIL]! === place.SIZE) emptied.wait(guard, place.PATIENCE_MS);
      words[place.SLOTS + (words[place.HEAD]! % place.SIZE)] = round;
      words[place.HEAD]! += 1;
      filled.notifyOne();
    }),
  );
}

function consume(): void {
  times(() => underLock(consumeOne));
}

function consumeOne(guard: Guard): void {
  while (words[place.HEAD] === words[place.TAIL]) filled.wait(guard, place.PATIENCE_MS);
  words[place.SEEN + words[place.SLOTS + (words[place.TAIL]! % place.SIZE)]!]! += 1;
  words[place.TAIL]! += 1;
  emptied.notifyOne();
}

/** Says that it comes, with the lock held: whoever has the lock next knows that it waits. */
function comeToConsume(): void {
  underLock((guard) => {
    done.post();
    consumeOne(guard);
  });
}

/** Is told of each that died inside, and only of those; repairs, and says so. */
function inherit(): void {
  times(() => {
    permits.wait(place.PATIENCE_MS);
    underLock((guard) => {
      if (guard.ownerDied) words[place.INHERITED]! += 1;
      else if (words[place.INSIDE] !== 0) words[place.BROKEN]! += 1;
      words[place.INSIDE] = 0;
      if (guard.ownerDied) guard.consistent();
    });
    done.post();
  });
}

/** Never ends by itself. */
function hold(): void {
  mutex.lock(place.PATIENCE_MS);
  words[place.INSIDE] = 1;
  done.post();
  for (;;) words[place.COUNT]! += 1;
}

/** Never ends by itself: in and out of the section as fast as it can. */
function pass(): void {
  for (let round = 0; ; round += 1) {
    const guard = mutex.lock(place.PATIENCE_MS);
    if (guard.ownerDied) guard.consistent();
    words[place.INSIDE] = 1;
    for (let i = 0; i < 1000; i += 1) words[place.COUNT]! += 1; // As long as what is outside.
    words[place.INSIDE] = 0;
    guard.unlock();
    if (round === 0) done.post();
  }
}

const roles: Record<place.SyncTask['role'], () => void> = {
  count: () => count(mutex),
  spin: () => count(new SpinLock(buffer, place.SPIN_LOCK)),
  take,
  produce,
  consume,
  victim: comeToConsume,
  survivor: () =>
    times(() => {
      permits.wait(place.PATIENCE_MS);
      comeToConsume();
    }),
  heir: inherit,
  holder: hold,
  passer: pass,
  twice: () => [1, 2].forEach(() => void mutex.lock(place.PATIENCE_MS)),
};

roles[role]();
parentPort!.postMessage('done');
