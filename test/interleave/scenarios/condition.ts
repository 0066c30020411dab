// Cold. Runs on: every thread of the explorer.
// A box of items under a lock: consumers wait for one each, a producer puts them in and notifies.
//   one          one of each
//   two          two consumers, two items, notifyOne() for each
//   all          two consumers, two items at once, notifyAll()
//   impatient    one of two consumers may run out of time; one item
//   taker        a consumer dies, wherever; another waits for the one item
//   giver        the producer dies, wherever; if its item is in the box, who waits gets it

import type { Guard } from '../../../src/memory/sync/guard.js';
import { bufferOf, onePage, type Scenario, type ScenarioFactory, type Shared, viewsOf, wordsOf } from '../scenario.js';
import { HERALD_LABELS, MORTAL_ENDS, mortal, tell } from '../world/herald.js';
import { load } from '../world/parts.js';

const LOCK = 64; // byte offsets
const CONDITION = 128;
const ITEMS = 64;
const EXPIRED = 65; // consumers that ran out of time
const NEVER = Number.POSITIVE_INFINITY;
const FINITE_MS = 1e9;
const NAMES: Record<number, string> = { ...HERALD_LABELS, [LOCK]: 'LOCK', [CONDITION]: 'SEQUENCE' };

const condition: ScenarioFactory = async (root, variant) => {
  const { Mutex } = await load<typeof import('../../../src/memory/sync/lock.js')>(root, 'memory/sync/lock.js');
  const { Condition } = await load<typeof import('../../../src/memory/sync/condition.js')>(
    root,
    'memory/sync/condition.js',
  );
  const errors = await load<typeof import('../../../src/memory/sync/errors.js')>(root, 'memory/sync/errors.js');
  const parts = (shared: Shared) => ({
    words: viewsOf(bufferOf(shared)).words,
    lock: new Mutex(bufferOf(shared), LOCK),
    ready: new Condition(bufferOf(shared), CONDITION),
  });

  /** One word is whole whenever its writer dies. */
  function repair(guard: Guard): void {
    if (guard.ownerDied) guard.consistent();
  }

  function put(shared: Shared, items: number, all = false): void {
    const { words, lock, ready } = parts(shared);
    const guard = lock.lock(NEVER);
    repair(guard);
    words[ITEMS]! += items;
    if (all) ready.notifyAll();
    else ready.notifyOne();
    guard.unlock();
  }

  function take(shared: Shared, timeoutMs = NEVER): void {
    const { words, lock, ready } = parts(shared);
    const guard = lock.lock(NEVER);
    try {
      repair(guard);
      while (words[ITEMS] === 0) {
        ready.wait(guard, timeoutMs);
        repair(guard);
      }
      words[ITEMS]! -= 1;
    } finally {
      guard[Symbol.dispose]();
    }
  }

  function expire(shared: Shared): void {
    try {
      take(shared, FINITE_MS);
    } catch (error) {
      if (!(error instanceof errors.SyncTimeoutError)) throw error;
      Atomics.add(wordsOf(shared), EXPIRED, 1);
    }
  }

  const die = (shared: Shared, body: () => void) => mortal(wordsOf(shared), body);
  const herald = (shared: Shared) => {
    const { words, lock, ready } = parts(shared);
    tell(words, [lock, ready]);
  };
  const empty = (shared: Shared) => {
    const items = wordsOf(shared)[ITEMS];
    return items === 0 ? null : `items=${items} in the end`;
  };
  const consumer = (shared: Shared) => () => take(shared);

  const common = {
    create: onePage,
    reset: () => undefined,
    label: (address: number) => NAMES[address],
    races: true, // ITEMS is touched with the lock held.
    check: empty,
  };
  const scenarios: Record<string, Scenario> = {
    one: {
      ...common,
      threads: ['consumer', 'producer'],
      thread: (index, shared) => (index === 0 ? consumer(shared) : () => put(shared, 1)),
    },
    two: {
      ...common,
      threads: ['consumer', 'consumer2', 'producer'],
      thread(index, shared) {
        if (index < 2) return consumer(shared);
        return () => {
          put(shared, 1);
          put(shared, 1);
        };
      },
    },
    all: {
      ...common,
      threads: ['consumer', 'consumer2', 'producer'],
      thread: (index, shared) => (index < 2 ? consumer(shared) : () => put(shared, 2, true)),
    },
    impatient: {
      ...common,
      threads: ['impatient', 'patient', 'producer'],
      timeouts: true,
      thread: (index, shared) => [() => expire(shared), () => take(shared), () => put(shared, 1)][index]!,
      rest: empty,
      check: (shared) => (wordsOf(shared)[EXPIRED]! > 1 ? 'expired twice' : empty(shared)),
    },
    taker: {
      ...common,
      threads: ['mortal', 'patient', 'producer'],
      ends: MORTAL_ENDS,
      thread(index, shared) {
        if (index < 2) return index === 0 ? die(shared, () => take(shared)) : consumer(shared);
        return () => {
          put(shared, 1);
          herald(shared);
        };
      },
      rest: empty,
    },
    giver: {
      ...common,
      threads: ['mortal', 'patient', 'herald'],
      ends: MORTAL_ENDS,
      thread(index, shared) {
        if (index === 0) return die(shared, () => put(shared, 1));
        return index === 1 ? consumer(shared) : () => herald(shared);
      },
      rest: empty,
    },
  };
  return scenarios[variant]!;
};

export default condition;
