// Cold. Runs on: main.
// What is fuzzed.

import type { Random } from '../../src/runtime/random.js';

export interface Target {
  readonly name: string;
  /** Inputs at a time: coverage is taken after so many. */
  readonly batch: number;
  /** Sources whose coverage guides. */
  readonly covers: RegExp;
  /** What the corpus begins with. */
  readonly seeds: readonly Uint8Array[];
  /** An input made from those of the corpus. */
  readonly mutate: (random: Random, corpus: readonly Uint8Array[]) => Uint8Array;
  /**
   * @returns what each made of it, in a word: an input that leads to a new word is kept, whatever its coverage
   * @throws Error when one of them shows a property that does not hold
   */
  readonly run: (inputs: readonly Uint8Array[]) => readonly string[];
}
