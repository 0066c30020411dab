// Cold. Runs on: every thread of the explorer.
// The tables of src/irq/line.ts and src/napi/state.ts once more, as what two states of a word say about the step between them.

const ENABLED = 1;
const CAUSE = 2;
const PENDING = 4;
const FLOWS = { latch: 16, nolatch: 0, level: 8 };
const TARGET_SHIFT = 16;
const FLAGS = ENABLED | CAUSE | PENDING;

const SCHED = 1;
const MISSED = 2;
const IDLE = 16; // LISTED

/** The line at rest. */
export function enabledFor(flow: keyof typeof FLOWS, target: number): number {
  return ENABLED | FLOWS[flow] | (target << TARGET_SHIFT);
}

/** The CPU that holds SCHED, or -1. */
export function holderOf(napi: number): number {
  return (napi & SCHED) === 0 ? -1 : napi >> 16;
}

/** from → to, and who may: any, the holder of SCHED, or the line's target. */
const LINE_MOVES: readonly { from: number; to: number; who: 'any' | 'cpu' | 'target' }[] = [
  { from: ENABLED, to: PENDING, who: 'any' }, // raise
  { from: 0, to: CAUSE, who: 'any' }, // raise, latch
  { from: PENDING, to: 0, who: 'target' }, // take
  { from: 0, to: ENABLED, who: 'cpu' }, // unmask
  { from: CAUSE, to: PENDING, who: 'cpu' }, // unmask, latch
  { from: ENABLED, to: 0, who: 'cpu' }, // mask
];

/** @param cpu who made the step; -1: another thread @returns the law that the step broke, or null */
export function lawBroken(line: number, lineNow: number, napi: number, napiNow: number, cpu: number): string | null {
  return (
    (line === lineNow ? null : lineLaw(line, lineNow, cpu)) ??
    (napi === napiNow ? null : napiLaw(napi, napiNow, cpu)) ??
    ((lineNow & ENABLED) !== 0 && (napiNow & SCHED) !== 0 ? 'the line is enabled while SCHED is held' : null)
  );
}

function lineLaw(was: number, now: number, cpu: number): string | null {
  const from = was & FLAGS;
  const to = now & FLAGS;
  const moved = was >> TARGET_SHIFT !== now >> TARGET_SHIFT;
  if (moved) return from === to ? null : `line: ${from} → ${to} while it moves`;
  const move = LINE_MOVES.find((move) => move.from === from && move.to === to);
  if (move === undefined) return `line: ${from} → ${to}`;
  if (move.who === 'target' && cpu !== now >> TARGET_SHIFT) return `line: taken by ${cpu}, not by its target`;
  return move.who === 'any' || cpu >= 0 ? null : `line: ${from} → ${to} by a thread that is no CPU`;
}

function napiLaw(was: number, now: number, cpu: number): string | null {
  const step = `${was.toString(16)} → ${now.toString(16)} by ${cpu}`;
  if (was === IDLE) return holderOf(now) === cpu && (now & MISSED) === 0 ? null : `napi: ${step}`;
  if (now === (was | MISSED)) return null;
  const completes = now === IDLE ? (was & MISSED) === 0 : now === (was & ~MISSED);
  return completes && holderOf(was) === cpu ? null : `napi: ${step}`;
}
