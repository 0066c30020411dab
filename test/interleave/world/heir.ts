// Cold. Runs on: every thread of the explorer.
// A CPU that ends, and main, which hands over what it has left to another: the real migration code, on a thread of its own.

import { CALL_KINDS } from '../../../src/irq/line.js';
import { NAPI_BYTES } from '../../../src/napi/words.js';
import { type Shared, spin } from '../scenario.js';
import { cpuOf } from './agents.js';
import { NOTES } from './witness.js';
import type { World } from './world.js';

/** The CPU that ends, and the one that inherits. */
export const MORTAL = 0;
export const HEIR = 1;

// Words beside the witness's.
const ENDED = NOTES; // explorer: bits of threads that have ended
const ACCIDENT = NOTES + 1; // main: 1 + frames that it has found to be lost

/** Of an instance, as src/napi/state.ts draws it. */
const TIMER = 30;
const LINE_BYTES = 64; // a cache line
const TURNS_MAX = 100;

/** Byte address of the word in which the explorer tells main that a thread has ended. */
export function endedAddress(world: World): number {
  return (world.notesWord + ENDED) * 4;
}

/** Frames that main has counted as lost. */
function lostOf(world: World, shared: Shared): number {
  return Math.max(0, world.notes(shared).words[world.notesWord + ACCIDENT]! - 1);
}

/** By main. */
export function noteLost(world: World, shared: Shared, { lost }: { readonly lost: readonly number[] }): void {
  world.notes(shared).words[world.notesWord + ACCIDENT] = 1 + lost[0]!;
}

/** What remains of the CPU when its thread has ended, as main sees it. */
export function remains(world: World, shared: Shared) {
  const views = world.views(shared);
  const dead = new world.parts.CpuDead(views, world.plan);
  const context = new world.parts.ContextWords(views, world.plan.cpuContexts[MORTAL]!);
  return { dead, context };
}

export function hasEnded(world: World, shared: Shared): boolean {
  return Atomics.load(world.notes(shared).words, world.notesWord + ENDED) !== 0;
}

/** Waits until the explorer says that a thread has ended. */
export function untilEnded(world: World, shared: Shared): void {
  const { words } = world.notes(shared);
  Atomics.wait(words, world.notesWord + ENDED, 0);
}

/** After all threads: what main does then, and the heir, until it has nothing more to do. @param nowNs at what time it goes on */
export function inherit(world: World, shared: Shared, accident: boolean, nowNs = 0): void {
  const { dead, context } = remains(world, shared);
  context.end();
  dead.takeOver(MORTAL, [HEIR], accident);
  noteLost(world, shared, dead);
  const heir = cpuOf(world, shared, HEIR, nowNs);
  while (heir.doWork() > 0);
  // Lines follow a backlog.
  for (let turn = 0; dead.holds(MORTAL); turn += 1) {
    if (turn === TURNS_MAX) throw new Error('main takes over, and there is always more');
    dead.takeOver(MORTAL, [HEIR], false);
    while (heir.doWork() > 0);
  }
}

/** What counters say, and main; and what the sinks saw: all that is delivered, and of what is lost perhaps a part. */
export function unaccounted(world: World, shared: Shared): string | null {
  const { parts, plan, witness, options } = world;
  const views = world.notes(shared);
  const total = options.frames.length;
  const delivered = plan.cpus.reduce(
    (sum, { counters }) => sum + parts.readCounters(views, parts.CPU_COUNTERS, counters).delivered,
    0,
  );
  const lost = lostOf(world, shared);
  if (delivered + lost !== total) return `delivered=${delivered} + lost=${lost} of ${total} frames`;
  const seen = witness.delivered(views);
  const unseen = total - seen;
  if (unseen < 0 || unseen > lost) return `seen=${seen} of ${total} frames, lost=${lost}`;
  const orders = Array.from({ length: seen + 1 }, (_, before) => witness.disorder(views, before, unseen));
  return orders.includes(null) ? null : orders[0]!;
}

/** What main does on a worker's 'exit' event. */
export function bury(world: World, shared: Shared): () => void {
  const { dead, context } = remains(world, shared);
  return () => {
    untilEnded(world, shared);
    context.end();
    dead.takeOver(MORTAL, [HEIR], true);
    noteLost(world, shared, dead);
    for (; world.mode === 'interrupt' && dead.holds(MORTAL); dead.takeOver(MORTAL, [HEIR], false)) spin();
  };
}

/** What others may touch beside main of that which it looks at when it takes over. */
export interface Shares {
  /** Kinds of calls that the mortal CPU may be told of. */
  readonly calls?: readonly number[];
  /** Backlogs are used. */
  readonly backlogs?: boolean;
  /** The heir adopts timers: it looks at those of all instances. */
  readonly timers?: boolean;
}

/** Words that main alone touches when it takes over: bitmaps of the mortal CPU but for lines, and backlogs. */
export function mainsWords({ plan }: World, { calls = [], backlogs = false, timers = false }: Shares = {}): number[] {
  const { irq, napis, napiCount } = plan.cpus[MORTAL]!;
  const bitmap = irq.address + irq.lines * LINE_BYTES;
  const pending = wordsFrom(bitmap + MORTAL * LINE_BYTES + 4, 15);
  const kinds = Array.from({ length: CALL_KINDS }, (_, kind) => kind).filter((kind) => !calls.includes(kind));
  const subjects = kinds.map((kind) => bitmap + (irq.cpus * (kind + 1) + MORTAL) * LINE_BYTES);
  if (backlogs) return [...pending, ...subjects.flatMap((address) => wordsFrom(address, 16))];
  const unused = Array.from({ length: napiCount - 1 }, (_, id) => napis + (id + 1) * NAPI_BYTES);
  return [
    ...pending,
    ...subjects.flatMap((address) => wordsFrom(address, 16)),
    ...unused.flatMap((napi) => napiWords(napi, timers)),
  ];
}

/** @param adopted the heir looks at the timer, too */
function napiWords(napi: number, adopted: boolean): number[] {
  return wordsFrom(napi, NAPI_BYTES / 4).filter((address) => !adopted || address !== napi + TIMER * 4);
}

function wordsFrom(address: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => address + index * 4);
}
