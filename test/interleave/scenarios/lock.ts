// Cold. Runs on: every thread of the explorer.
// A Mutex, or with `spin-` before the variant a SpinLock that looks twice before it sleeps.
//   three        three threads want it
//   impatient    one of those who wait may run out of time; the other has all the time there is
//   dies         one of two who want it dies, wherever; the other is its heir, and repairs what the lock guards
//   woken        the same while a third holds it, who may wake the one that dies, and leave the other asleep
//   unrepaired   the holder dies, and the heir unlocks without having repaired

import { bufferOf, onePage, type Scenario, type ScenarioFactory, type Shared, wordsOf } from '../scenario.js';
import { HERALD_LABELS, MORTAL_ENDS, mortal, tell } from '../world/herald.js';
import { load } from '../world/parts.js';

const LOCK = 64; // byte offset
const INSIDE = 64; // threads that hold the lock
const DONE = 65; // how often it was held to the end
const HEIRS = 66; // how often somebody was told that the owner had died
const REFUSED = 67; // how often it was not recoverable
const BROKEN = 68; // 1: nobody repaired
const OWNER = 0x1fff_ffff;
const SPINS = 1;
const FINITE_MS = 1e9;

const lock: ScenarioFactory = async (root, variant) => {
  const { Mutex, SpinLock } = await load<typeof import('../../../src/memory/sync/lock.js')>(
    root,
    'memory/sync/lock.js',
  );
  const { SyncTimeoutError, NotRecoverableError } = await load<typeof import('../../../src/memory/sync/errors.js')>(
    root,
    'memory/sync/errors.js',
  );
  const [, spin, what = ''] = /^(spin-)?([a-z]+)$/.exec(variant)!;
  const attach = (shared: Shared) =>
    spin === undefined ? new Mutex(bufferOf(shared), LOCK) : new SpinLock(bufferOf(shared), LOCK, SPINS);

  /** Holds the lock once. Whoever finds it taken half way must have been told so. */
  function hold(shared: Shared, timeoutMs: number, repair = true): void {
    const words = wordsOf(shared);
    const guard = attach(shared).lock(timeoutMs);
    if (guard.ownerDied) {
      words[HEIRS]! += 1;
      words[INSIDE] = 0;
      if (repair) guard.consistent();
      else words[BROKEN] = 1;
    } else if (words[BROKEN] !== 0) throw new Error('what nobody repaired is held again');
    if (words[INSIDE] !== 0) throw new Error('two hold it');
    words[INSIDE] = 1;
    Atomics.load(words, INSIDE); // Somebody else may run now.
    words[INSIDE] = 0;
    words[DONE]! += 1;
    guard.unlock();
  }

  function unless(shared: Shared, refusal: new (...args: never[]) => Error, body: () => void): void {
    try {
      body();
    } catch (error) {
      if (!(error instanceof refusal)) throw error;
      Atomics.add(wordsOf(shared), REFUSED, 1);
    }
  }

  const herald = (shared: Shared) => tell(wordsOf(shared), [attach(shared)]);
  const patient = (shared: Shared) => hold(shared, Number.POSITIVE_INFINITY);
  const dies = (shared: Shared) => mortal(wordsOf(shared), () => patient(shared));
  /** Has it before anybody runs, and tells of the death. */
  const holder = (shared: Shared) => {
    const guard = attach(shared).lock(FINITE_MS);
    return () => {
      wordsOf(shared)[DONE]! += 1;
      guard.unlock();
      herald(shared);
    };
  };
  const free = (shared: Shared) => {
    const owner = wordsOf(shared)[LOCK / 4]! & OWNER;
    return owner === 0 ? null : `held by ${owner} in the end`;
  };
  /** Heirs come through; the mortal may have too. */
  const inherited = (heirs: number) => (shared: Shared) => {
    const words = wordsOf(shared);
    if (words[HEIRS]! > 1) return `taken over ${words[HEIRS]} times`;
    return words[DONE]! >= heirs ? free(shared) : `held to the end ${words[DONE]} times`;
  };

  const common = {
    create: onePage,
    reset: () => undefined,
    label: (address: number) => (address === LOCK ? 'LOCK' : HERALD_LABELS[address]),
    plainSteps: false, // All plain words are touched with the lock held; INSIDE has a step between.
  };
  const scenarios: Record<string, Scenario> = {
    three: {
      ...common,
      threads: ['a', 'b', 'c'],
      thread: (_, shared) => () => patient(shared),
      check: (shared) => (wordsOf(shared)[DONE] === 3 ? free(shared) : `held ${wordsOf(shared)[DONE]} times`),
    },
    impatient: {
      ...common,
      threads: ['holder', 'impatient', 'patient'],
      timeouts: true,
      thread: (index, shared) => {
        if (index !== 1) return () => patient(shared);
        return () => unless(shared, SyncTimeoutError, () => hold(shared, FINITE_MS));
      },
      check(shared) {
        const { [DONE]: done, [REFUSED]: refused } = wordsOf(shared);
        return done! + refused! === 3 ? free(shared) : `held ${done} times, timed out ${refused} times`;
      },
    },
    dies: {
      ...common,
      threads: ['mortal', 'heir', 'herald'],
      ends: MORTAL_ENDS,
      thread: (index, shared) =>
        index === 0 ? dies(shared) : index === 2 ? () => herald(shared) : () => patient(shared),
      check: inherited(1),
    },
    woken: {
      ...common,
      threads: ['mortal', 'heir', 'holder'],
      ends: MORTAL_ENDS,
      thread: (index, shared) => (index === 0 ? dies(shared) : index === 1 ? () => patient(shared) : holder(shared)),
      check: inherited(2),
    },
    unrepaired: {
      ...common,
      threads: ['mortal', 'heir', 'late'],
      ends: { ...MORTAL_ENDS, most: 0 }, // It returns with the lock held.
      thread(index, shared) {
        const words = wordsOf(shared);
        const careless = () => {
          herald(shared);
          unless(shared, NotRecoverableError, () => hold(shared, Number.POSITIVE_INFINITY, false));
        };
        const late = () => unless(shared, NotRecoverableError, () => hold(shared, FINITE_MS, false));
        if (index === 0) return mortal(words, () => void attach(shared).lock(FINITE_MS));
        return index === 1 ? careless : late;
      },
      check(shared) {
        const { [HEIRS]: heirs, [REFUSED]: refused, [DONE]: done } = wordsOf(shared);
        if (heirs !== 1) return `taken over ${heirs} times`;
        return refused! + done! === 2 ? null : `refused ${refused} times, held ${done} times`;
      },
    },
  };
  return scenarios[what]!;
};

export default lock;
