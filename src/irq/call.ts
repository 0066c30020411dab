// Hot. Runs on: CPUs, workers, attached threads and main (call), the CPU that is called (take).
// What one context asks of a CPU: the interrupts between CPUs (smp_call_function_single_async, call_single_queue).
//
//   per kind and CPU   SUBJECTS   16 words, a bit per subject   any context sets bits (Atomics.or), the CPU takes them (exchange)
// A kind of call is a vector behind the lines in the CPU's bitmap of what is pending (line.ts), so that looking for calls costs
// nothing. Who calls has stored what the handler is to find. Calls for the same subject that were not taken yet are one.

import { ringDoorbell } from '../memory/doorbell.js';
import { CACHE_LINE_WORDS } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { CALL_KINDS, contextWord, type IrqLayout, LINES_PER_WORD, pendingWord, subjectWord } from './line.js';

/** The subject is a NAPI instance: the CPU that is called has got its SCHED bit, and schedules it if it still has. */
export const CALL_SCHEDULE = 0;
/** The subject is the context that calls: it has sent packets to the backlog of the CPU that is called, and got it SCHED. */
export const CALL_RPS = 1;
/** The subject is a NAPI instance, whose timer the caller has armed: the CPU that is called adopts it. */
export const CALL_TIMER = 2;
/** The subject is a CPU whose thread has ended: the CPU that is called takes over the timers that are armed there, and its backlog if it holds it. */
export const CALL_CPU_DEAD = 3;

/** Whoever calls. */
export class Calls {
  private readonly words: Int32Array;
  private readonly layout: IrqLayout;

  constructor(views: Views, layout: IrqLayout) {
    this.words = views.words;
    this.layout = layout;
  }

  /** @param kind one of CALL_… @param subject 0 … 511: more than there are instances, or contexts */
  call(cpu: number, kind: number, subject: number): void {
    const { words } = this;
    const vector = this.layout.lines + kind;
    Atomics.or(words, subjectWord(this.layout, kind, cpu) + (subject >> 5), 1 << (subject & 31));
    // After the subject, which the exchange in PendingCalls.run() is to find. Pairs with the load in PendingLines.any().
    Atomics.or(words, pendingWord(this.layout, cpu) + (vector >> 5), 1 << (vector & 31));
    ringDoorbell(words, contextWord(this.layout, cpu));
  }

  /** Wakes a context, CPU or not, that will find what the caller has stored. Pairs with announce() and the look after it. */
  wake(context: number): void {
    ringDoorbell(this.words, contextWord(this.layout, context));
  }
}

/** What a kind of call does, on the CPU that is called, as a hard interrupt. */
export type CallHandler = (subject: number) => void;

/** One CPU's calls. */
export class PendingCalls {
  private readonly words: Int32Array;
  private readonly layout: IrqLayout;
  private readonly cpu: number;
  private readonly handlers: readonly CallHandler[];

  /** @param handlers by kind */
  constructor(views: Views, layout: IrqLayout, cpu: number, handlers: readonly CallHandler[]) {
    this.words = views.words;
    this.layout = layout;
    this.cpu = cpu;
    this.handlers = handlers;
  }

  /** The vector of this kind was pending. @returns handlers run */
  run(kind: number): number {
    const first = subjectWord(this.layout, kind, this.cpu);
    let ran = 0;
    for (let index = 0; index < CACHE_LINE_WORDS; index += 1) {
      if (Atomics.load(this.words, first + index) === 0) continue;
      for (let bits = Atomics.exchange(this.words, first + index, 0); bits !== 0; bits &= bits - 1) {
        this.handlers[kind]!(index * LINES_PER_WORD + 31 - Math.clz32(bits & -bits));
        ran += 1;
      }
    }
    return ran;
  }
}

/** Main, when a CPU's thread has ended: nothing is pending there, and nobody calls it. @returns whether anything was, or did */
export function clearPending({ words }: Views, layout: IrqLayout, cpu: number): boolean {
  let found = 0;
  for (const first of bitmapsOf(layout, cpu)) {
    for (let index = 0; index < CACHE_LINE_WORDS; index += 1) found |= Atomics.exchange(words, first + index, 0);
  }
  return found !== 0;
}

function bitmapsOf(layout: IrqLayout, cpu: number): number[] {
  const kinds = Array.from({ length: CALL_KINDS }, (_, kind) => subjectWord(layout, kind, cpu));
  return [pendingWord(layout, cpu), ...kinds];
}
