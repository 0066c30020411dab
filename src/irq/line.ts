// Hot. Runs on: NIC (raise), CPUs (take), CPUs, workers and attached threads (raise, mask, unmask), main (retarget).
//
// Interrupt lines, a word each, and beside them a bitmap per CPU: which lines it should look at.
//   line × 16 words        LINE      any thread, by compareExchange only
//   behind the lines       PENDING   16 words per CPU; any thread sets bits (Atomics.or), the CPU takes them (exchange)
//   behind the bitmaps     SUBJECTS  of calls (call.ts); a kind of call is a vector of PENDING behind the lines
// PENDING in the line is the truth; the CPU's bitmap and its doorbell are hints.
//
// who       from → to                                  why
// raise     ENABLED → PENDING                          deliver, and mask in the same step (auto-mask); tell the target
// raise     masked → masked|CAUSE       (latch)        remembered, at most once, until unmasked
// raise     masked → masked             (nolatch)      leaves no trace: the driver must look again after unmasking
// raise     ENABLED → ENABLED|PENDING   (level)        asserted; never masked
// take      PENDING → not PENDING                      whoever makes this change runs the handler
// unmask    masked → ENABLED                           NAPI complete
// unmask    ENABLED, or PENDING → the same           nobody asked: a busy poller, or a timer; or its interrupt is on its way
// unmask    masked|CAUSE → PENDING      (latch)        it came while masked: delivered now, still masked
// mask      ENABLED → masked                           a driver that looked again and found work: nobody else delivers
// retarget  any target → another                       affinity; a PENDING line is told to the new target
// never     PENDING and CAUSE together, nor with ENABLED    one event, one interrupt (but a level line is always ENABLED)

import { CONTEXT_BYTES } from '../memory/context.js';
import { ringDoorbell } from '../memory/doorbell.js';
import { CACHE_LINE_BYTES, CACHE_LINE_WORDS } from '../memory/layout.js';
import type { Views } from '../memory/views.js';

const ENABLED = 1;
const CAUSE = 2;
const PENDING = 4;
const LEVEL = 8;
const LATCH = 16;
const TARGET_SHIFT = 16;
const TARGET_MASK = 0xfff;

export const LINES_PER_WORD = 32;
/** Kinds of calls: the last vectors of a bitmap. */
export const CALL_KINDS = 4;
/** One bitmap of a cache line per CPU. */
export const LINES_MAX = CACHE_LINE_WORDS * LINES_PER_WORD - CALL_KINDS;

export type LineFlow = 'latch' | 'nolatch' | 'level';

/** Where the lines are; the same for every thread. `contexts` is the address of CPU 0's context words. */
export interface IrqLayout {
  readonly address: number;
  readonly lines: number;
  readonly cpus: number;
  readonly contexts: number;
}

/** @throws RangeError when a CPU's bitmap has no room for so many lines */
export function irqRegionBytes(lines: number, cpus: number): number {
  if (lines > LINES_MAX) throw new RangeError(`lines=${lines}: must be at most ${LINES_MAX}`);
  return (lines + cpus + CALL_KINDS * cpus) * CACHE_LINE_BYTES;
}

/** First word of a CPU's bitmap of what is pending. */
export function pendingWord(layout: IrqLayout, cpu: number): number {
  return (layout.address + (layout.lines + cpu) * CACHE_LINE_BYTES) / 4;
}

/** First word of the bitmap of subjects for which a CPU is called. */
export function subjectWord({ address, lines, cpus }: IrqLayout, kind: number, cpu: number): number {
  return (address + (lines + cpus + kind * cpus + cpu) * CACHE_LINE_BYTES) / 4;
}

/** First word of a context: the CPUs' lie first, then the NIC's, then those of workers and attached threads. */
export function contextWord(layout: IrqLayout, context: number): number {
  return (layout.contexts + context * CONTEXT_BYTES) / 4;
}

function flowBits(flow: LineFlow): number {
  if (flow === 'level') return LEVEL;
  return flow === 'latch' ? LATCH : 0;
}

export class IrqLine {
  readonly id: number;
  private readonly words: Int32Array;
  private readonly at: number;
  private readonly layout: IrqLayout;

  constructor(views: Views, layout: IrqLayout, id: number) {
    this.id = id;
    this.words = views.words;
    this.at = layout.address / 4 + id * CACHE_LINE_WORDS;
    this.layout = layout;
  }

  /** Main, before any thread runs: an enabled line for `cpu`. */
  create(flow: LineFlow, cpu: number): void {
    this.words[this.at] = ENABLED | flowBits(flow) | (cpu << TARGET_SHIFT);
  }

  /** The device's event. Whoever calls it has published what the handler is to find. */
  raise(): void {
    for (;;) {
      // Pairs with the compareExchange in unmask(): the ring's HEAD was stored before this load, so either we find the
      // line enabled, or the driver's unmask finds CAUSE (latch), or its look at the ring finds HEAD (nolatch).
      const old = Atomics.load(this.words, this.at);
      const next = raised(old);
      if (next === old) return;
      if (Atomics.compareExchange(this.words, this.at, old, next) !== old) continue;
      if ((next & PENDING) !== 0) this.tell(targetOf(next));
      return;
    }
  }

  /**
   * The CPU's side of the delivery. @returns true when this CPU now runs the handler. A line that has meanwhile moved is
   * told to its new target.
   */
  take(cpu: number): boolean {
    for (;;) {
      const old = Atomics.load(this.words, this.at);
      if ((old & PENDING) === 0) return false;
      if (targetOf(old) !== cpu) {
        this.tell(targetOf(old));
        return false;
      }
      if (Atomics.compareExchange(this.words, this.at, old, old & ~PENDING) === old) return true;
    }
  }

  /**
   * After NAPI has completed. The caller owns the right to unmask: it cleared SCHED.
   * @returns false when it was not masked, or is so only until an interrupt that is on its way has been polled for
   */
  unmask(): boolean {
    for (;;) {
      const old = Atomics.load(this.words, this.at);
      if ((old & (ENABLED | PENDING)) !== 0) return false;
      const latched = (old & CAUSE) !== 0;
      const next = latched ? (old & ~CAUSE) | PENDING : old | ENABLED;
      if (Atomics.compareExchange(this.words, this.at, old, next) !== old) continue; // Pairs with the load in raise().
      if (latched) this.tell(targetOf(next));
      return true;
    }
  }

  /** @returns true when this call masked the line; false when an interrupt is already on its way */
  mask(): boolean {
    for (;;) {
      const old = Atomics.load(this.words, this.at);
      if ((old & ENABLED) === 0) return false;
      if (Atomics.compareExchange(this.words, this.at, old, old & ~ENABLED) === old) return true;
    }
  }

  /** Moves the line to another CPU. An interrupt that is on its way goes with it. */
  retarget(cpu: number): void {
    for (;;) {
      const old = Atomics.load(this.words, this.at);
      const next = (old & ~(TARGET_MASK << TARGET_SHIFT)) | (cpu << TARGET_SHIFT);
      if (Atomics.compareExchange(this.words, this.at, old, next) !== old) continue;
      if ((next & PENDING) !== 0) this.tell(cpu);
      return;
    }
  }

  /** The CPU that takes this line's interrupts. */
  target(): number {
    return targetOf(Atomics.load(this.words, this.at));
  }

  isPending(): boolean {
    return (Atomics.load(this.words, this.at) & PENDING) !== 0;
  }

  /** False: masked, or an interrupt is on its way (which, but for a level line, masks it). */
  isEnabled(): boolean {
    return (Atomics.load(this.words, this.at) & ENABLED) !== 0;
  }

  /** For reports: `on, not pending, for cpu1`, `masked, cause latched, for cpu0`. */
  describe(): string {
    const word = Atomics.load(this.words, this.at);
    const cause = (word & CAUSE) === 0 ? '' : ', cause latched';
    const pending = (word & PENDING) === 0 ? 'not pending' : 'pending';
    return `${(word & ENABLED) === 0 ? 'masked' : 'on'}, ${pending}${cause}, for cpu${targetOf(word)}`;
  }

  /** Hints the CPU that this line is pending, and wakes it. */
  private tell(cpu: number): void {
    const word = pendingWord(this.layout, cpu) + (this.id >> 5);
    Atomics.or(this.words, word, 1 << (this.id & 31)); // Pairs with the load in PendingLines.any().
    ringDoorbell(this.words, contextWord(this.layout, cpu));
  }
}

function raised(old: number): number {
  if ((old & LEVEL) !== 0) return old | PENDING;
  if ((old & ENABLED) !== 0) return (old & ~ENABLED) | PENDING;
  return (old & (LATCH | PENDING)) === LATCH ? old | CAUSE : old;
}

function targetOf(word: number): number {
  return (word >> TARGET_SHIFT) & TARGET_MASK;
}

/** One CPU's bitmap of lines to look at, and of kinds of calls. */
export class PendingLines {
  /** Bits from here on are kinds of calls. */
  readonly lines: number;
  private readonly words: Int32Array;
  private readonly first: number;
  private readonly count: number;

  constructor(views: Views, layout: IrqLayout, cpu: number) {
    this.lines = layout.lines;
    this.words = views.words;
    this.first = pendingWord(layout, cpu);
    this.count = Math.ceil((layout.lines + CALL_KINDS) / LINES_PER_WORD);
  }

  any(): boolean {
    for (let word = this.first; word < this.first + this.count; word += 1) {
      if (Atomics.load(this.words, word) !== 0) return true;
    }
    return false;
  }

  /** How many words takeWord() has. */
  get wordCount(): number {
    return this.count;
  }

  /** Takes 32 bits: bit i of word `index` is line 32 × index + i, or a kind of call behind the lines. */
  takeWord(index: number): number {
    const word = this.first + index;
    return Atomics.load(this.words, word) === 0 ? 0 : Atomics.exchange(this.words, word, 0);
  }
}
