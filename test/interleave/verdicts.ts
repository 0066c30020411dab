// Cold. Runs on: main.
// What the tests of this folder say about a scenario: that it passes; that a mutant dies of it, or lives.

import type { Test } from 'tap';
import type { Exploration, ExploreOptions } from '../../src/explore/explore.js';
import { type Patch, withMutant } from './mutant.js';
import { exploreSpec } from './specs.js';

const BOUND = 2;
/** For a whole test file; much of it is waiting for a busy machine's cores. */
export const TIMEOUT_MS = 240_000;
/** Some mutants loop for ever between two calls. */
const ANSWER_MS = 1000;

/** Every schedule with at most `BOUND` preemptions was run, and all is well after each. */
export function passes(t: Test, ...specs: string[]): Promise<void> {
  return passesWithin(t, { bound: BOUND }, ...specs);
}

/** Likewise, for another bound, or beyond it at random. */
export async function passesWithin(t: Test, options: ExploreOptions, ...specs: string[]): Promise<void> {
  for (const spec of specs) {
    const start = performance.now();
    const result = await exploreSpec(spec, options);
    const ms = Math.round(performance.now() - start);
    t.same(texts(result), [], `${spec} passes`);
    t.ok(result.complete, `${spec} is explored to the end`);
    t.comment(`${result.summary}; ${result.steps} steps, ${ms} ms`);
  }
}

export interface Mutant {
  /** What is wrong with it. */
  readonly what: string;
  readonly patches: readonly Patch[];
  /** The scenario that tells. */
  readonly spec: string;
  /** Default 2. */
  readonly bound?: number;
}

export interface Condemned extends Mutant {
  /** What goes wrong. */
  readonly message: RegExp;
}

/** The scenario fails. */
export async function dies(t: Test, mutants: readonly Condemned[]): Promise<void> {
  for (const { what, patches, spec, message, bound = BOUND } of mutants) {
    const { failures, schedules } = await exploreMutant(patches, spec, { shrink: false, bound });
    const [failure] = failures;
    t.match(failure?.message, message, `${what}: ${spec} fails`);
    if (failure === undefined) continue;
    const [first] = failure.message!.split('\n');
    const size = `${failure.trace.length} steps, ${failure.preemptions} preemptions, schedule ${schedules}`;
    t.comment(`${what}: killed by ${spec}: ${first} (${size})`);
  }
}

/** What a reader can follow. */
const SHORT_STEPS = 60;

/** The scenario fails, and a short schedule shows it. */
export async function diesShortly(t: Test, bugs: readonly Condemned[]): Promise<void> {
  t.comment('steps  preemptions  scenario                 bug');
  for (const { what, patches, spec, message } of bugs) {
    const [failure] = (await exploreMutant(patches, spec)).failures;
    t.match(failure?.message, message, `${what}: ${spec} fails`);
    if (failure === undefined) continue;
    const steps = failure.trace.length;
    t.ok(steps <= SHORT_STEPS, `${what}: ${steps} steps`);
    t.comment(`${String(steps).padStart(5)}  ${String(failure.preemptions).padStart(11)}  ${spec.padEnd(23)}  ${what}`);
  }
}

export interface Spared extends Mutant {
  /** Why the line is there all the same. */
  readonly why: string;
}

/** The scenario passes: what the mutant lacks is not what keeps wake-ups. A scenario that learns to tell is welcome here. */
export async function lives(t: Test, mutants: readonly Spared[]): Promise<void> {
  for (const { what, patches, spec, why } of mutants) {
    const result = await exploreMutant(patches, spec);
    t.same(texts(result), [], `${what}: ${spec} passes`);
    t.comment(`${what}: ${spec} passes: ${why}`);
  }
}

function exploreMutant(patches: readonly Patch[], spec: string, options: ExploreOptions = {}): Promise<Exploration> {
  return withMutant(patches, (root) => exploreSpec(spec, { root, bound: BOUND, answerMs: ANSWER_MS, ...options }));
}

function texts({ failures }: Exploration): string[] {
  return failures.map(({ text }) => text);
}
