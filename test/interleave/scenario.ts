// Cold. Runs on: every thread of the explorer.
// What a scenario is: two or three short bodies over one shared memory, and what must hold after every schedule of them.

/** What `create` makes once in main and every thread gets by structured clone: the memory, and any handle over it. */
export interface Shared {
  readonly memory: WebAssembly.Memory;
}

export interface Scenario<S extends Shared = Shared> {
  /** One name per thread; a thread's index is its place here. */
  readonly threads: readonly string[];
  /** Main, once. Small memories are quick: each schedule clears them, each `spin()` copies them. */
  create(): S;
  /** Main, before each schedule: lays out the memory, which is all zero. */
  reset(shared: S): void;
  /** The thread itself, after each reset, one thread after the other: attaches un-stepped, returns the body to be stepped. */
  thread(index: number, shared: S): () => void;
  /** Main, after each schedule: null when all is well, else which invariant is violated. */
  check(shared: S): string | null;
  /** After each step, in the thread that made it, un-stepped; the same answers as `check`. */
  always?(shared: S): string | null;
  /** Main, when no thread can go on and these sleep: null when that is a fine end (`check` follows). Without it: a deadlock. */
  rest?(shared: S, asleep: readonly string[]): string | null;
  /** A name for a byte address, for traces. */
  label?(address: number): string | undefined;
  /** A finite `Atomics.wait` may also time out, at any point. Otherwise every timeout but 0 is endless. */
  readonly timeouts?: boolean;
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

/**
 * The default export of a file in scenarios/. It imports the modules under test from `root`, so that a mutant can stand in:
 * `const ring: typeof import('…') = await import(new URL('src/ring/rx-ring.js', root).href)`.
 * `variant` is what follows the colon in `explore('name:variant')`, or ''.
 */
export type ScenarioFactory<S extends Shared = Shared> = (
  root: URL,
  variant: string,
) => Scenario<S> | Promise<Scenario<S>>;

/** The folder that holds src/: build/, unless a mutant takes its place. */
export const BUILD_ROOT = new URL('../../', import.meta.url);

export async function loadScenario(spec: string, root: URL): Promise<Scenario> {
  const [name = '', variant = ''] = spec.split(':', 2);
  const file: { default: ScenarioFactory } = await import(new URL(`scenarios/${name}.js`, import.meta.url).href);
  return file.default(root, variant);
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
