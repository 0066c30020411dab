// Cold. Runs on: main.
// Which threads have read and written which words, in all schedules of a search so far. A step on a word that no other thread
// touches in a way that matters to it needs no preemption before it: whatever the others would do before that step they do behind
// it, too, with the same outcome and at the price of the same preemption. Such a plan is kept back, and is wanted when another
// thread does touch the word: a schedule that shows it is found without that plan.
//
// a thread                              what matters to it, of others
// reads a word                          that they write it
// writes it                             that they read or write it
// waits, notifies, or leaves a wait     that they do so on that word
// makes a plain store, or ends          nothing: plain accesses are in the order of calls (races.ts)
// spins                                 everything, and so to others: it goes on when the memory is another
// waits, and may time out               likewise
// writes what `always` reads            everything, and so to a plain access that is meant to race (scenario.ts)
// may end, and others are told of it    everything
// sleeps or returns, and one may end    everything: when nobody can go on, nobody is ended any more

import type { ControlMemory } from './control.js';
import type { Scenario } from './scenario.js';
import { addressAt, ENDS, OPS, type Op, opAt, plainAt, takenAt } from './trace.js';

const READS = 1;
const WRITES = 2;
const WAITS = 4;
const KINDS: readonly number[] = [READS, WRITES, WAITS];
/** What of others matters, by kind. */
const MATTERS: Readonly<Record<number, number>> = { [READS]: WRITES, [WRITES]: READS | WRITES, [WAITS]: WAITS };
const NO_WORD = -1;

/** A schedule as far as it is planned, and how many preemptions that takes. */
export interface Plan {
  readonly choices: Int8Array;
  readonly preemptions: number;
}

interface Touch {
  readonly thread: number;
  readonly word: number;
  readonly kinds: number;
}

export class Footprints {
  private readonly memory: ControlMemory;
  private readonly exitWord: number;
  private readonly watched: ReadonlySet<number>;
  private readonly timeouts: boolean;
  /** Bit per thread that has waited for the memory to be another. */
  private rested = 0;
  /** Bit per thread, by word and kind. */
  private readonly touched = new Map<number, number>();
  /** By word: the plans, and what the step touches before which they depart. */
  private readonly kept = new Map<number, { readonly plan: Plan; readonly touch: Touch }[]>();

  constructor(memory: ControlMemory, { ends, watched = [], timeouts = false }: Scenario) {
    this.memory = memory;
    this.exitWord = ends?.word === undefined ? NO_WORD : ends.word / 4;
    this.watched = new Set(watched.map((address) => address >>> 2));
    this.timeouts = timeouts;
  }

  /** A step that was made. @returns plans that are wanted now */
  note(step: number): Plan[] {
    const touch = this.touchOf(step);
    const isNew = this.touch(touch);
    const bit = 1 << touch.thread;
    if (this.rests(step) && (this.rested & bit) === 0) {
      this.rested |= bit;
      return [...this.kept.keys()].flatMap((word) => this.release(word));
    }
    return isNew ? this.release(touch.word) : [];
  }

  /** @returns true when the thread has not touched the word in all of these ways before */
  private touch({ thread, word, kinds }: Touch): boolean {
    let isNew = false;
    for (const kind of KINDS) {
      if ((kinds & kind) === 0) continue;
      const before = this.touchers(word, kind);
      isNew ||= (before & (1 << thread)) === 0;
      this.touched.set(word * KINDS.length * 2 + kind, before | (1 << thread));
    }
    return isNew;
  }

  /** No preemption is needed before this step. @param plan of that preemption, which is kept back then */
  keepsBack(step: number, plan: () => Plan): boolean {
    const touch = this.touchOf(step);
    if (this.isOpen(step, touch) || this.mayEnd(touch.thread) || this.matters(touch)) return false;
    const kept = this.kept.get(touch.word) ?? [];
    kept.push({ plan: plan(), touch });
    this.kept.set(touch.word, kept);
    return true;
  }

  private isOpen(step: number, { word, kinds }: Touch): boolean {
    if (this.rests(step) || this.mayBeLast(step) || plainAt(this.memory, step)) return true;
    return (kinds & WRITES) !== 0 && this.watched.has(word);
  }

  /** Nobody may be able to go on after it: then nobody is ended any more, either. */
  private mayBeLast(step: number): boolean {
    const op = OPS[opAt(this.memory, step)]!;
    return this.memory.endsMax > 0 && (op === 'end' || op === 'wait');
  }

  private rests(step: number): boolean {
    const op = OPS[opAt(this.memory, step)]!;
    return op === 'spin' || (op === 'wait' && this.timeouts);
  }

  private touchers(word: number, kind: number): number {
    return this.touched.get(word * KINDS.length * 2 + kind) ?? 0;
  }

  private matters({ thread, word, kinds }: Touch): boolean {
    const others = ~(1 << thread);
    if ((this.rested & others) !== 0) return true;
    return KINDS.some(
      (kind) =>
        (kinds & kind) !== 0 &&
        KINDS.some((other) => (MATTERS[kind]! & other) !== 0 && (this.touchers(word, other) & others) !== 0),
    );
  }

  private release(word: number): Plan[] {
    const kept = this.kept.get(word) ?? [];
    const wanted = kept.filter(({ touch }) => this.matters(touch));
    if (wanted.length > 0)
      this.kept.set(
        word,
        kept.filter(({ touch }) => !this.matters(touch)),
      );
    return wanted.map(({ plan }) => plan);
  }

  private mayEnd(thread: number): boolean {
    const { endable, endsMax } = this.memory;
    return this.exitWord !== NO_WORD && endsMax > 0 && (endable & (1 << thread)) !== 0;
  }

  private touchOf(step: number): Touch {
    const { memory } = this;
    const op = OPS[opAt(memory, step)]!;
    const thread = takenAt(memory, step) % ENDS;
    if (op !== 'end' && op !== 'killed') return { thread, word: addressAt(memory, step) >>> 2, kinds: kindsOf(op) };
    const tells = this.exitWord !== NO_WORD && (memory.endable & (1 << thread)) !== 0;
    return { thread, word: this.exitWord, kinds: tells ? WRITES | WAITS : 0 };
  }
}

function kindsOf(op: Op): number {
  switch (op) {
    case 'plain':
    case 'spin':
    case 'threw':
    case 'write':
      return 0;
    case 'load':
      return READS;
    case 'store':
      return WRITES;
    case 'wait':
      return READS | WAITS;
    case 'notify':
      return WAITS;
    default:
      return READS | WRITES;
  }
}
