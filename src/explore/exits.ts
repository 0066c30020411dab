// Cold. Runs on: whoever holds the turn.
// Tells the living of a thread's end, as its worker's 'exit' event would: a bit in a word of the scenario's, and whoever waits
// on that word wakes.

import { type Control, real } from './control.js';
import { type RaceMemory, releaseOf } from './races.js';
import type { States } from './states.js';
import type { Threads } from './threads.js';

export class Exits {
  private readonly control: Control;
  private readonly threads: Threads;
  private readonly words: Int32Array;
  private readonly address: number | undefined;
  private readonly races: RaceMemory | null;
  private readonly states: States | null;

  /** @param address of the word; undefined: nobody is told */
  constructor(
    control: Control,
    threads: Threads,
    memory: SharedArrayBuffer,
    address: number | undefined,
    races: RaceMemory | null,
    states: States | null,
  ) {
    this.control = control;
    this.threads = threads;
    this.words = new Int32Array(memory);
    this.address = address;
    this.races = races;
    this.states = states;
  }

  /** `thread` has ended, by a choice or by returning. */
  tell(thread: number): void {
    if (this.address === undefined || (this.control.memory.endable & (1 << thread)) === 0) return;
    if (this.races !== null) releaseOf(this.races, this.threads.count, thread, this.address, this.control.steps);
    this.states?.ended(thread, this.address);
    real.or(this.words, this.address / 4, 1 << thread);
    this.threads.wake(this.address, Number.POSITIVE_INFINITY);
  }
}
