// Cold. Runs on: whoever holds the turn.
// Tells a state that the search has met before, so that what follows is run once (Musuvathi and Qadeer, "Partial-Order Reduction
// for Context-Bounded State Exploration", 2007). Nobody sees the variables of a thread. But a thread is deterministic: what it
// is at depends on what it has read, and that on what those had read whose writes it has read. So each thread has a hash of its
// steps and of all that came before them in this sense, each word the hash that its last writer had then, and a state is known by
// the hashes of all threads and words, and by who may go on.
//
// Two schedules that come to one state differ in the order of steps of which none touches what another has written. Plain
// accesses are not looked at: where the race check has passed they are in the order of these reads and writes. So this is for
// scenarios with `races`.
//
//                                                                                       written by
//   THREADS   per thread: the hash of its steps so far                                  turn's holder
//   RESTS     per thread: of the memory's bytes when it came to rest                    turn's holder
//   SLOTS     per word: its last writer's hash then, or 0; behind them, per word: of    turn's holder; main, between schedules
//             its list of waiters
//   ALL       of all slots                                                              turn's holder; main, between schedules
//   TOUCHED   slots that are not 0                                                      likewise
//   MET       the states that were met, with the fewest preemptions before them: an     turn's holder
//             open hash table

import type { Control } from './control.js';
import { READ, WRITE } from './races.js';
import { FINISHED, RUNNABLE, type Threads } from './threads.js';

// A hash has 64 bits: two words.
const HASH = 2;
const ENTRY = HASH + 1;
/** A full table learns no more. */
const TABLE = 1 << 22;
const TABLE_FULL = TABLE * 0.75;

// What makes hashes of the same thing differ.
const STEP = 1;
const WRITES = 2;
const WAITS = 3;
const ENDS = 4;

export interface StateMemory {
  readonly threads: Int32Array;
  readonly rests: Int32Array;
  readonly slots: Int32Array;
  readonly all: Int32Array;
  /** The first word is their number. */
  readonly touched: Int32Array;
  /** The first word is their number. */
  readonly met: Int32Array;
}

export function createStateMemory(threads: number, memoryBytes: number): StateMemory {
  const words = (count: number) => new Int32Array(new SharedArrayBuffer(count * 4));
  const slots = (2 * memoryBytes) / 4;
  return {
    threads: words(threads * HASH),
    rests: words(threads * HASH),
    slots: words(slots * HASH),
    all: words(HASH),
    touched: words(1 + slots),
    met: words(1 + TABLE * ENTRY),
  };
}

/** Main, before each schedule. */
export function beginStates({ threads, rests, slots, all, touched }: StateMemory): void {
  for (let at = touched[0]!; at > 0; at--) slots.fill(0, touched[at]! * HASH, (touched[at]! + 1) * HASH);
  touched[0] = 0;
  for (let word = 0; word < threads.length; word++) threads[word] = 1 + Math.floor(word / HASH); // Whose steps they are counts, too.
  rests.fill(0);
  all.fill(0);
}

export class States {
  private readonly memory: StateMemory;
  private readonly control: Control;
  private readonly threads: Threads;
  private readonly shared: Int32Array;
  private readonly me: number;
  // A hash at work.
  private low = 0;
  private high = 0;

  constructor(memory: StateMemory, control: Control, threads: Threads, shared: SharedArrayBuffer, me: number) {
    this.memory = memory;
    this.control = control;
    this.threads = threads;
    this.shared = new Int32Array(shared);
    this.me = me;
  }

  /** A call of Atomics that has just been made. */
  call(address: number, access: number): void {
    this.access(this.me, address >>> 2, access, WRITES);
  }

  /** A wait that falls asleep and one that returns, and a notify. @param result which of these, or how many it woke */
  waiters(address: number, result: number): void {
    this.access(this.me, (address >>> 2) + this.shared.length, READ | WRITE, WAITS);
    this.enter(this.memory.threads, this.me);
    this.mix(result);
    this.leave(this.memory.threads, this.me);
  }

  /** The explorer says in a word of the scenario's that `thread` has ended. */
  ended(thread: number, address: number): void {
    this.access(thread, address >>> 2, READ | WRITE, ENDS);
    this.access(thread, (address >>> 2) + this.shared.length, READ | WRITE, ENDS);
  }

  stepped(): void {
    this.enter(this.memory.threads, this.me);
    this.mix(STEP);
    this.leave(this.memory.threads, this.me);
  }

  /** It waits until the memory is another. */
  rest(): void {
    this.low = this.high = 0;
    for (let word = 0; word < this.shared.length; word++) {
      const value = this.shared[word]!;
      if (value === 0) continue;
      this.mix(word);
      this.mix(value);
    }
    this.leave(this.memory.rests, this.me);
  }

  /** Whether the search has been at this state, with as many preemptions at most; it has now. */
  meet(): boolean {
    const { met } = this.memory;
    this.hashState();
    if (this.low === 0) this.low = 1;
    const entry = this.entryOf();
    const { preemptions } = this.control;
    if (met[entry] !== 0 && met[entry + HASH]! <= preemptions) return true;
    if (met[entry] === 0) {
      if (met[0]! > TABLE_FULL) return false;
      met[0]!++;
    }
    met[entry] = this.low;
    met[entry + 1] = this.high;
    met[entry + HASH] = preemptions;
    return false;
  }

  /** Where this state is in the table, or belongs. */
  private entryOf(): number {
    const { met } = this.memory;
    for (let at = this.high & (TABLE - 1); ; at = (at + 1) & (TABLE - 1)) {
      const entry = 1 + at * ENTRY;
      if (met[entry] === 0 || (met[entry] === this.low && met[entry + 1] === this.high)) return entry;
    }
  }

  private hashState(): void {
    const { control, threads, memory } = this;
    this.enter(memory.all, 0);
    // A thread that could go on is preempted by any other; one that cannot is not.
    this.mix(this.me < threads.count && threads.status(this.me) === RUNNABLE ? this.me : -1);
    this.mix(control.fresh);
    this.mix(control.ended);
    for (let thread = 0; thread < threads.count; thread++) {
      this.mixHash(memory.threads, thread);
      this.mix(threads.standing(thread));
      if (threads.status(thread) !== RUNNABLE && threads.status(thread) !== FINISHED)
        this.mixHash(memory.rests, thread);
    }
  }

  private access(thread: number, slot: number, access: number, kind: number): void {
    const { threads, slots } = this.memory;
    this.enter(threads, thread);
    if ((access & READ) !== 0) this.mixHash(slots, slot);
    if ((access & WRITE) !== 0) {
      this.mix(kind);
      this.leave(threads, thread);
      this.write(slot, thread);
    } else this.leave(threads, thread);
  }

  /** The slot's hash is the thread's. */
  private write(slot: number, thread: number): void {
    const { threads, slots, touched } = this.memory;
    if (slots[slot * HASH] === 0 && slots[slot * HASH + 1] === 0) touched[++touched[0]!] = slot;
    else this.flip(slot);
    slots[slot * HASH] = threads[thread * HASH]!;
    slots[slot * HASH + 1] = threads[thread * HASH + 1]!;
    this.flip(slot);
  }

  /** Into the hash of all slots, or out of it. */
  private flip(slot: number): void {
    const { slots, all } = this.memory;
    this.low = slot;
    this.high = ~slot;
    this.mixHash(slots, slot);
    all[0]! ^= this.low;
    all[1]! ^= this.high;
  }

  private enter(hashes: Int32Array, index: number): void {
    this.low = hashes[index * HASH]!;
    this.high = hashes[index * HASH + 1]!;
  }

  private leave(hashes: Int32Array, index: number): void {
    hashes[index * HASH] = this.low;
    hashes[index * HASH + 1] = this.high;
  }

  private mixHash(hashes: Int32Array, index: number): void {
    this.mix(hashes[index * HASH]!);
    this.mix(hashes[index * HASH + 1]!);
  }

  /** The two halves of the hash by the finishers of MurmurHash3 and of lowbias32. */
  private mix(value: number): void {
    let low = Math.imul(this.low ^ value, 0x85ebca6b);
    low = Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    this.low = ((low ^ (low >>> 16)) + 0x9e3779b9) | 0;
    let high = Math.imul(this.high ^ (value + 0x7f4a7c15), 0x7feb352d);
    high = Math.imul(high ^ (high >>> 15), 0x846ca68b);
    this.high = ((high ^ (high >>> 16)) + 0x6a09e667) | 0;
  }
}
