// Cold. Runs on: every thread of the explorer.
// A thread that may end at any step.
//   lock       it holds a lock then, and the other spins for it
//   sleep      it was to wake the other
//   waker      of two sleepers one is woken, and ends before it has passed that on
//   finally    what its finally block would do is not done
//   two        both threads may end
//   told       it holds a lock then; the other is told, and frees it
//   stores     plain stores are steps: it ends between the two

import type { Ends } from '../../../src/explore/scenario.js';
import { onePage, type ScenarioFactory, type Shared, viewsOf, wordsOf } from '../scenario.js';

const LOCK = 0;
const BELL = 1;
const BEGUN = 2;
const LEFT = 3;
const EXITS = 4;
const NAMES = ['LOCK', 'BELL', 'BEGUN', 'LEFT', 'EXITS'];
type Body = (words: Int32Array) => void;

function lock(words: Int32Array): void {
  while (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) (Atomics as { pause?: () => void }).pause?.();
  Atomics.store(words, LOCK, 0);
}

function ring(words: Int32Array): void {
  Atomics.store(words, BELL, 1);
  Atomics.notify(words, BELL, 1);
}

function passOn(words: Int32Array): void {
  Atomics.wait(words, BELL, 0);
  Atomics.notify(words, BELL, 1);
}

function leave(words: Int32Array): void {
  try {
    Atomics.store(words, BEGUN, 1);
    Atomics.load(words, BEGUN);
  } finally {
    words[LEFT] = 1;
  }
}

function both(words: Int32Array): void {
  words[BEGUN] = 1;
  words[LEFT] = 1;
}

function lockAndWrite(words: Int32Array): void {
  lock(words);
  words[LEFT] = 1;
}

function inherit(words: Int32Array): void {
  Atomics.wait(words, EXITS, 0);
  words[LEFT] = 1;
  Atomics.store(words, LOCK, 0);
  lock(words);
}

/** The first may end. */
const BODIES: Record<string, readonly Body[]> = {
  lock: [lock, lock],
  sleep: [ring, (words) => void Atomics.wait(words, BELL, 0)],
  waker: [passOn, passOn, ring],
  finally: [leave],
  stores: [both],
  two: [ring, ring],
  told: [lockAndWrite, inherit],
};

const ENDS: Record<string, Ends> = {
  two: { threads: ['mortal', 'other'], most: 2 },
  told: { threads: ['mortal'], word: EXITS * 4 },
};

const mortal: ScenarioFactory = (_root, variant) => {
  const bodies = BODIES[variant]!;
  const attach = (shared: Shared) => viewsOf(shared.memory.buffer).words;
  return {
    threads: ['mortal', 'other', 'ringer'].slice(0, bodies.length),
    ends: ENDS[variant] ?? { threads: ['mortal'] },
    races: variant === 'told',
    storeSteps: variant === 'stores',
    stepLimit: 200,
    create: onePage,
    reset: () => undefined,
    label: (address) => NAMES[address / 4],
    thread: (index, shared) => () => bodies[index]!(attach(shared)),
    check(shared, ended) {
      const words = wordsOf(shared);
      if (variant === 'two') return ended.length < 2 ? null : `ended=${ended}`;
      if (ended.length === 0 || words[BEGUN] === 0) return null;
      return words[LEFT] === 1 ? null : `ended=${ended} halfway`;
    },
  };
};

export default mortal;
