// Cold. Runs on: every thread of the explorer.
//   quick         two wait, and a third posts twice
//   pool          three threads and two permits, which each gives back
//   impatient     one of two who wait may run out of time; there is a permit for each who has not
//   waiter        a waiter dies, wherever; another waits for the one permit
//   poster        a poster dies, wherever; if its permit is out, who waits gets it

import { bufferOf, onePage, type Scenario, type ScenarioFactory, type Shared, wordsOf } from '../scenario.js';
import { HERALD_LABELS, MORTAL_ENDS, mortal, tell } from '../world/herald.js';
import { load } from '../world/parts.js';

const SEMAPHORE = 64; // byte offset
const COUNT = SEMAPHORE / 4;
const INSIDE = 64; // threads that have a permit
const EXPIRED = 65; // waits that ran out of time
const NEVER = Number.POSITIVE_INFINITY;
const FINITE_MS = 1e9;
const PERMITS = 2;

const semaphore: ScenarioFactory = async (root, variant) => {
  const file = 'memory/sync/semaphore.js';
  const { Semaphore } = await load<typeof import('../../../src/memory/sync/semaphore.js')>(root, file);
  const errors = await load<typeof import('../../../src/memory/sync/errors.js')>(root, 'memory/sync/errors.js');
  const attach = (shared: Shared) => new Semaphore(bufferOf(shared), SEMAPHORE);
  const die = (shared: Shared, body: () => void) => mortal(wordsOf(shared), body);

  const left = (permits: number) => (shared: Shared) => {
    const count = wordsOf(shared)[COUNT];
    return count === permits ? null : `count=${count}, not ${permits}`;
  };
  const common = {
    create: onePage,
    reset: () => undefined,
    label: (address: number) => (address === SEMAPHORE ? 'COUNT' : HERALD_LABELS[address]),
    races: true, // No plain word is shared.
    check: left(0),
  };
  /** Who waits in the end has no permit to wait for. */
  const rest = left(0);

  function borrow(shared: Shared): void {
    const permits = attach(shared);
    permits.wait(NEVER);
    const inside = Atomics.add(wordsOf(shared), INSIDE, 1) + 1;
    if (inside > PERMITS) throw new Error(`${inside} threads with ${PERMITS} permits`);
    Atomics.sub(wordsOf(shared), INSIDE, 1);
    permits.post();
  }

  function expire(shared: Shared): void {
    try {
      attach(shared).wait(FINITE_MS);
    } catch (error) {
      if (!(error instanceof errors.SyncTimeoutError)) throw error;
      Atomics.add(wordsOf(shared), EXPIRED, 1);
    }
  }

  const scenarios: Record<string, Scenario> = {
    quick: {
      ...common,
      threads: ['waiter', 'waiter2', 'poster'],
      thread(index, shared) {
        const permits = attach(shared);
        if (index < 2) return () => permits.wait(NEVER);
        return () => {
          permits.post();
          permits.post();
        };
      },
    },
    pool: {
      ...common,
      threads: ['a', 'b', 'c'],
      reset: (shared) => attach(shared).post(PERMITS),
      thread: (_, shared) => () => borrow(shared),
      check: left(PERMITS),
    },
    impatient: {
      ...common,
      threads: ['impatient', 'patient', 'poster'],
      timeouts: true,
      thread(index, shared) {
        const permits = attach(shared);
        return [() => expire(shared), () => permits.wait(NEVER), () => permits.post()][index]!;
      },
      // The patient one sleeps on if the other had the permit, and only then.
      rest: (shared) => (wordsOf(shared)[EXPIRED] === 0 ? left(0)(shared) : 'the permit is nobody’s'),
    },
    waiter: {
      ...common,
      threads: ['mortal', 'patient', 'poster'],
      ends: MORTAL_ENDS,
      thread(index, shared) {
        const permits = attach(shared);
        if (index === 0) return die(shared, () => permits.wait(NEVER));
        if (index === 1) return () => permits.wait(NEVER);
        return () => {
          permits.post();
          tell(wordsOf(shared), [permits]);
        };
      },
      rest,
    },
    poster: {
      ...common,
      threads: ['mortal', 'patient', 'herald'],
      ends: MORTAL_ENDS,
      thread(index, shared) {
        const permits = attach(shared);
        if (index === 0) return die(shared, () => permits.post());
        return index === 1 ? () => permits.wait(NEVER) : () => tell(wordsOf(shared), [permits]);
      },
      rest,
    },
  };
  return scenarios[variant]!;
};

export default semaphore;
