// Cold. Runs on: every thread of the explorer.
// Exactly one thread runs at a time: the one whose turn word is set. main counts as the last thread.

import { type Control, real, turnWord } from './control.js';

// A turn is often handed back within some microseconds, sooner than a sleeper wakes; longer, and the spinning takes the core
// that the other thread needs.
const LOOKS_BEFORE_SLEEP = 400;

export function hand(control: Control, to: number): void {
  const turns = control.memory.turns;
  control.holder = to;
  real.store(turns, turnWord(to), 1);
  real.notify(turns, turnWord(to), 1);
}

/** False when the turn did not come within `patienceMs`. */
export function awaitTurn(control: Control, me: number, patienceMs = Number.POSITIVE_INFINITY): boolean {
  const turns = control.memory.turns;
  const word = turnWord(me);
  for (let look = 0; look < LOOKS_BEFORE_SLEEP && real.load(turns, word) === 0; look++);
  while (real.load(turns, word) === 0) {
    if (real.wait(turns, word, 0, patienceMs) === 'timed-out') return false;
  }
  real.store(turns, word, 0);
  return true;
}
