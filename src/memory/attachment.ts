// Cold. Runs on: main, attached threads.
// A place for a thread of the application in the machine, of which there is a fixed number.
//
//   0  PLACE     ticket × 4 + state                                      compareExchange
//   1  TID       kernel thread id, 0 where there is none                 attached thread, once
//   2  CPU_NS    a double: what its thread had used when it attached     attached thread, once
//
// who        PLACE from → to           why
// attach     FREE → GIVEN, a new one   main has made a handle of it
// claim      GIVEN → TAKEN, the same   the thread that has the handle; a handle is good for one thread, once
// release    TAKEN → FREE              close()
// reclaim    TAKEN → FREE              main: its thread has ended without close(), and was not polling

import { CACHE_LINE_BYTES } from './layout.js';
import type { Views } from './views.js';

const PLACE = 0;
const TID = 1;
const CPU_NS = 2;
export const ATTACHMENT_BYTES = CACHE_LINE_BYTES;

const FREE = 0;
const GIVEN = 1;
const TAKEN = 2;
const STATES = 4;

export class AttachmentWords {
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly base: number;

  constructor(views: Views, address: number) {
    this.words = views.words;
    this.doubles = views.doubles;
    this.base = address / 4;
  }

  // ── main ──

  /** @returns the ticket for whoever is to have it; 0: it is not free */
  give(): number {
    const old = Atomics.load(this.words, this.base + PLACE);
    if (old % STATES !== FREE) return 0;
    const ticket = Math.floor(old / STATES) + 1;
    return this.change(old, ticket * STATES + GIVEN) ? ticket : 0;
  }

  /** A thread has it now. */
  get taken(): boolean {
    return Atomics.load(this.words, this.base + PLACE) % STATES === TAKEN;
  }

  /** Its thread has gone without a word. */
  reclaim(): void {
    const old = Atomics.load(this.words, this.base + PLACE);
    if (old % STATES === TAKEN) this.change(old, old - TAKEN);
  }

  get tid(): number {
    return Atomics.load(this.words, this.base + TID);
  }

  get cpuNs(): number {
    return this.doubles[(this.base + CPU_NS) / 2]!;
  }

  // ── the thread ──

  /** @returns false: the ticket was used before, or is none */
  claim(ticket: number, tid: number, cpuNs: number): boolean {
    const given = ticket * STATES + GIVEN;
    if (Atomics.load(this.words, this.base + PLACE) !== given) return false;
    if (!this.change(given, ticket * STATES + TAKEN)) return false;
    this.doubles[(this.base + CPU_NS) / 2] = cpuNs;
    Atomics.store(this.words, this.base + TID, tid);
    return true;
  }

  release(ticket: number): void {
    Atomics.store(this.words, this.base + TID, 0);
    this.change(ticket * STATES + TAKEN, ticket * STATES + FREE);
  }

  private change(from: number, to: number): boolean {
    return Atomics.compareExchange(this.words, this.base + PLACE, from, to) === from;
  }
}
