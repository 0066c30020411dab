// Cold. Runs on: main.
// The inputs that mutations begin with.

import type { Random } from '../../src/runtime/random.js';
import type { Coverage, Part } from './coverage.js';
import type { Target } from './target.js';

/** An input that says something new is as welcome as new coverage, up to a limit: words could go on for ever. */
const WORDS_MAX = 3000;

export class Corpus {
  readonly inputs: Uint8Array[] = [];
  private readonly target: Target;
  private readonly coverage: Coverage;
  private readonly words = new Set<string>();

  constructor(target: Target, coverage: Coverage) {
    this.target = target;
    this.coverage = coverage;
  }

  mutated(random: Random): Uint8Array[] {
    const { batch, mutate, seeds } = this.target;
    const from = this.inputs.length > 0 ? this.inputs : seeds;
    return Array.from({ length: batch }, () => mutate(random, from));
  }

  /** @param words what the target said of each input of the batch, which has just run */
  keep(batch: readonly Uint8Array[], words: readonly string[]): void {
    const ran = this.coverage.read();
    const speaking = batch.filter((_, i) => this.isNewWord(words[i]!));
    this.inputs.push(...speaking);
    if (!this.coverage.hasNew(ran)) return;
    this.coverage.add(this.run(speaking));
    if (this.coverage.hasNew(ran)) this.search(batch);
  }

  private isNewWord(word: string): boolean {
    if (this.words.has(word) || this.words.size === WORDS_MAX) return false;
    this.words.add(word);
    return true;
  }

  private run(inputs: readonly Uint8Array[]): Part[] {
    this.target.run(inputs);
    return this.coverage.read();
  }

  /** Runs halves of a batch with something new again, down to single inputs. */
  private search(batch: readonly Uint8Array[]): void {
    const ran = this.run(batch);
    if (!this.coverage.hasNew(ran)) return;
    if (batch.length > 1) {
      this.search(batch.slice(0, batch.length >> 1));
      this.search(batch.slice(batch.length >> 1));
      return;
    }
    this.inputs.push(batch[0]!);
    this.coverage.add(ran);
  }
}
