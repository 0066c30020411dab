// Cold. Runs on: every thread of the explorer.
// What a scenario is: two or three short bodies over one shared memory, and what must hold after every schedule of them.

/** What `create` makes once in main and every thread gets by structured clone: the memory, and any handle over it. */
export interface Shared {
  readonly memory: WebAssembly.Memory;
}

export interface Scenario<S extends Shared = Shared> {
  /** One name per thread, at most 15; a thread's index is its place here. */
  readonly threads: readonly string[];
  /** Main, once. Small memories are quick: each schedule clears them, each `spin()` copies them. */
  create(): S;
  /** Main, before each schedule: lays out the memory, which is all zero. */
  reset(shared: S): void;
  /** The thread itself, after each reset, one thread after the other: attaches un-stepped, returns the body to be stepped. */
  thread(index: number, shared: S): () => void;
  /** Main, after each schedule: null when all is well, else which invariant is violated. `ended`: threads that ended midway. */
  check(shared: S, ended: readonly string[]): string | null;
  /** After each step, in the thread that made it, un-stepped; the same answers as `check`. */
  always?(shared: S): string | null;
  /** Main, when no thread can go on and these sleep: null when that is a fine end (`check` follows). Without it: a deadlock. */
  rest?(shared: S, asleep: readonly string[], ended: readonly string[]): string | null;
  /** A name for a byte address, for traces. */
  label?(address: number): string | undefined;
  /** A finite `Atomics.wait` may also time out, at any point. Otherwise every timeout but 0 is endless. */
  readonly timeouts?: boolean;
  /** Which threads may end at any step, as by `worker.terminate()`, and how many of them in one schedule. */
  readonly ends?: Ends;
  /**
   * Plain accesses through `viewsOf()` are checked: two that conflict, of which neither happens before the other, are a
   * failure. Then code between two calls needs no steps of its own: `plainSteps` is false unless said otherwise.
   */
  readonly races?: boolean;
  /**
   * With `races`: byte addresses of words on which plain accesses are meant to race. They are not checked; a step's come before
   * its call.
   */
  readonly racing?: readonly number[];
  /**
   * With `races`: byte addresses of all words that `always` reads, and of which every value must be seen. Without this, fewer
   * schedules can be left out.
   */
  readonly watched?: readonly number[];
  /** Each plain store through `viewsOf()` by a thread of `ends` is a step: it may end between any two. Many more schedules. */
  readonly storeSteps?: boolean;
  /** False: the code before a call and the call are one step. A quarter of the schedules; for bodies whose plain accesses cannot race. */
  readonly plainSteps?: boolean;
  /**
   * Byte addresses of words that one thread alone touches while bodies run: a call on them is no step, since nobody else can
   * tell when it happened. That it is one thread alone is checked.
   */
  readonly alone?: readonly number[];
  /** A longer schedule is a livelock. Default 2000. */
  readonly stepLimit?: number;
}

export interface Ends {
  /** Their names. */
  readonly threads: readonly string[];
  /** Default 1. */
  readonly most?: number;
  /**
   * Byte address of a word in which the bit of such a thread (1 << its index) is set when it has ended, by a choice or by
   * returning, as its worker's 'exit' event would tell; whoever waits on the word wakes.
   */
  readonly word?: number;
}

/**
 * The default export of a scenario's module, which each thread loads for itself. A scenario that other modules may stand in
 * for imports those under test from `root`, which is `explore`'s option of that name, or the folder of the scenario's module:
 * `const ring: typeof import('…') = await import(new URL('ring.js', root).href)`.
 * `variant` is the fragment of the URL given to `explore` (`counter.js#atomic`), or ''.
 */
export type ScenarioFactory<S extends Shared = Shared> = (
  root: URL,
  variant: string,
) => Scenario<S> | Promise<Scenario<S>>;

/** @throws Error naming the module when it has no factory as its default export, or names a thread wrongly */
export async function loadScenario(module: URL, root: URL): Promise<Scenario> {
  const file = new URL(module);
  file.hash = '';
  const { default: factory }: { default?: ScenarioFactory } = await import(file.href);
  if (typeof factory !== 'function') {
    throw new TypeError(
      `scenario=${module.href}: the module's default export must be a function that makes a scenario`,
    );
  }
  const scenario = await factory(root, decodeURIComponent(module.hash.slice(1)));
  assertThreads(module, scenario);
  return scenario;
}

const THREADS_MAX = 15;

function assertThreads(module: URL, { threads, ends }: Scenario): void {
  if (threads.length < 1 || threads.length > THREADS_MAX) {
    throw new RangeError(`scenario=${module.href}: threads=${threads.length}: must be 1 to ${THREADS_MAX}`);
  }
  const stranger = ends?.threads.find((name) => !threads.includes(name));
  if (stranger === undefined) return;
  throw new Error(`scenario=${module.href}: ends: thread=${stranger}: must be one of ${threads.join(', ')}`);
}

/** One page of shared memory, enough for most scenarios. */
export function onePage(): Shared {
  return { memory: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) };
}

export function bufferOf(shared: Shared): SharedArrayBuffer {
  return shared.memory.buffer as ArrayBufferLike as SharedArrayBuffer;
}

export function wordsOf(shared: Shared): Int32Array<SharedArrayBuffer> {
  return new Int32Array(bufferOf(shared));
}

/**
 * Says that this thread cannot progress until another has written something. In a stepped body it is a voluntary yield;
 * modules that call `Atomics.pause` where it exists declare the same.
 */
export function spin(): void {
  (Atomics as { pause?: () => void }).pause?.();
}
