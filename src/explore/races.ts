// Cold. Runs on: whoever holds the turn.
// A happens-before check over plain accesses by vector clocks (Flanagan and Freund, FastTrack, 2009, with a full vector in
// place of their epochs: threads are few). Calls of Atomics are the synchronisation: a store or read-modify-write releases its
// word, a load or read-modify-write acquires it, and a word's list of waiters is a critical section, which wait and notify pass.
//
// A time is a stamp: the schedule's base + the number of steps made so far + 1. Bases grow from schedule to schedule, and each
// schedule begins with all clocks at its base, so that nothing needs to be cleared: what is older than the base is ordered.
//
//                                                                                       written by
//   BASE      1 double: of this schedule                                                 main
//   CLOCKS    per thread and thread: up to which stamp this knows that                   turn's holder
//   RELEASED  per word and thread: the clock that was released last at this word         turn's holder
//   WAITERS   per word and thread: likewise, at its list of waiters                      turn's holder
//   SEEN      per kind of access, thread and word: the stamp of the last                 turn's holder

import type { Scheduler } from './scheduler.js';

export const READ = 1;
export const WRITE = 2;
export const READ_WRITE = READ | WRITE;

const PLAIN_READ = 0;
const PLAIN_WRITE = 1;
const CALL_READ = 2;
const CALL_WRITE = 3;
const KINDS = ['reads', 'writes', 'reads by Atomics', 'writes by Atomics'] as const;

/** What an access of each kind must be ordered with: two conflict when one of them writes and one of them is plain. */
const CONFLICTS: readonly (readonly number[])[] = [
  [PLAIN_WRITE, CALL_WRITE],
  [PLAIN_READ, PLAIN_WRITE, CALL_READ, CALL_WRITE],
  [PLAIN_WRITE],
  [PLAIN_READ, PLAIN_WRITE],
];

export interface RaceMemory {
  readonly base: Float64Array;
  readonly clocks: Float64Array;
  readonly released: Float64Array;
  readonly waiters: Float64Array;
  readonly seen: Float64Array;
}

export function createRaceMemory(threads: number, memoryBytes: number): RaceMemory {
  const doubles = (count: number) => new Float64Array(new SharedArrayBuffer(count * 8));
  const words = memoryBytes / 4;
  return {
    base: doubles(1),
    clocks: doubles(threads * threads),
    released: doubles(words * threads),
    waiters: doubles(words * threads),
    seen: doubles(KINDS.length * threads * words),
  };
}

/** Main, before each schedule. */
export function beginRaces({ base, clocks }: RaceMemory, stepLimit: number): void {
  base[0]! += stepLimit + 2;
  clocks.fill(base[0]!);
}

/** All that a thread did before it ended is known to those who are told of it at this word. */
export function releaseOf(memory: RaceMemory, count: number, thread: number, address: number, steps: number): void {
  const { base, clocks, released, waiters } = memory;
  clocks[thread * count + thread] = base[0]! + steps + 1;
  for (let other = 0; other < count; other++) {
    const at = (address >>> 2) * count + other;
    const known = clocks[thread * count + other]!;
    released[at] = Math.max(released[at]!, known);
    waiters[at] = Math.max(waiters[at]!, known);
  }
}

/** One thread's part. */
export class Races {
  private readonly memory: RaceMemory;
  private readonly scheduler: Scheduler;
  private readonly me: number;
  private readonly threads: readonly string[];
  private readonly words: number;
  private readonly label: (address: number) => string;

  constructor(
    memory: RaceMemory,
    scheduler: Scheduler,
    me: number,
    threads: readonly string[],
    label: (address: number) => string,
  ) {
    this.memory = memory;
    this.scheduler = scheduler;
    this.me = me;
    this.threads = threads;
    this.words = memory.released.length / threads.length;
    this.label = label;
  }

  /** A plain access of the word at byte `address`, by the thread itself. */
  plain(address: number, access: typeof READ | typeof WRITE): void {
    this.access(address >>> 2, access === READ ? PLAIN_READ : PLAIN_WRITE);
  }

  /** A call of Atomics that has just been made. */
  call(address: number, access: number): void {
    const word = address >>> 2;
    if ((access & READ) !== 0) this.acquire(this.memory.released, word);
    this.access(word, access === READ ? CALL_READ : CALL_WRITE);
    if ((access & WRITE) !== 0) this.release(this.memory.released, word);
  }

  /** A wait that falls asleep and one that returns, and a notify. */
  waiters(address: number): void {
    this.acquire(this.memory.waiters, address >>> 2);
    this.release(this.memory.waiters, address >>> 2);
  }

  private get stamp(): number {
    return this.memory.base[0]! + this.scheduler.steps + 1;
  }

  private access(word: number, kind: number): void {
    const { seen, clocks } = this.memory;
    const count = this.threads.length;
    for (let other = 0; other < count; other++) {
      if (other === this.me) continue;
      const known = clocks[this.me * count + other]!;
      for (const before of CONFLICTS[kind]!) {
        const stamp = seen[this.at(before, other, word)]!;
        if (stamp > known) this.report(word, kind, other, before, stamp);
      }
    }
    seen[this.at(kind, this.me, word)] = this.stamp;
  }

  private at(kind: number, thread: number, word: number): number {
    return (kind * this.threads.length + thread) * this.words + word;
  }

  private acquire(released: Float64Array, word: number): void {
    const { clocks } = this.memory;
    const count = this.threads.length;
    for (let thread = 0; thread < count; thread++) {
      const stamp = released[word * count + thread]!;
      const at = this.me * count + thread;
      if (stamp > clocks[at]!) clocks[at] = stamp;
    }
  }

  private release(released: Float64Array, word: number): void {
    const { clocks } = this.memory;
    const count = this.threads.length;
    clocks[this.me * count + this.me] = this.stamp;
    for (let thread = 0; thread < count; thread++) released[word * count + thread] = clocks[this.me * count + thread]!;
  }

  private report(word: number, kind: number, other: number, before: number, stamp: number): never {
    const step = stamp - this.memory.base[0]! - 1;
    const now = `${this.threads[this.me]} ${KINDS[kind]} it at step ${this.scheduler.steps}`;
    const then = `${this.threads[other]} ${KINDS[before]} it at step ${step}`;
    const message = `race on ${this.label(word * 4)}: ${now}, ${then}, and neither happens before the other`;
    this.scheduler.condemn('race', message);
  }
}
