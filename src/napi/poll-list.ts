// Hot. Runs on: CPU n.
// A list of NAPI instances, linked through their NEXT words, in two words of shared memory that this CPU alone writes:
// nothing of it is lost when the thread is.
//   0  FIRST   1  LAST   ids, or NO_NAPI

import type { Views } from '../memory/views.js';
import { type NapiState, NO_NAPI } from './state.js';

const FIRST = 0;
const LAST = 1;
export const POLL_LIST_BYTES = 8;

export class PollList {
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly states: readonly NapiState[];

  constructor(views: Views, address: number, states: readonly NapiState[]) {
    this.words = views.words;
    this.base = address / 4;
    this.states = states;
  }

  /** Main, before any thread runs. */
  create(): void {
    this.words[this.base + FIRST] = NO_NAPI;
    this.words[this.base + LAST] = NO_NAPI;
  }

  get first(): number {
    return this.words[this.base + FIRST]!;
  }

  isEmpty(): boolean {
    return this.first === NO_NAPI;
  }

  append(id: number): void {
    this.states[id]!.next = NO_NAPI;
    this.link(id, id);
  }

  /** Takes the first off the list, which must not be empty. */
  shift(): number {
    const id = this.first;
    const next = this.states[id]!.next;
    this.words[this.base + FIRST] = next;
    if (next === NO_NAPI) this.words[this.base + LAST] = NO_NAPI;
    return id;
  }

  /** Moves all of `other` to the end of this list, in order. */
  splice(other: PollList): void {
    if (other.isEmpty()) return;
    this.link(other.first, other.words[other.base + LAST]!);
    other.create();
  }

  private link(first: number, last: number): void {
    if (this.isEmpty()) this.words[this.base + FIRST] = first;
    else this.states[this.words[this.base + LAST]!]!.next = first;
    this.words[this.base + LAST] = last;
  }
}
