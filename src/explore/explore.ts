// Cold. Runs on: main.
// Runs a scenario on every thread schedule within a bound, and on random ones beyond it.
//
// What a passed exploration shows: no schedule with at most `bound` preemptions (and ends of threads) breaks what the scenario
// checks, when threads switch at calls of Atomics. Atomics are sequentially consistent, and so is a program without data
// races: for scenarios whose plain accesses do not race (`races`) this is all that such schedules can do.
// What it does not show: anything about schedules with more preemptions (most lost wake-ups need two; for the others there is
// `random`, with the chance that it misses one), about inputs that the scenario does not have, about memory that is neither
// the scenario's nor its views', about WebAssembly code, whose accesses nobody sees, nor about asynchronous code. Bytes of one
// word are not told apart by the race check.

import { Random } from '../runtime/random.js';
import { Crew } from './crew.js';
import { DEPTH_MAX, Pct } from './pct.js';
import { parseSchedule } from './plan.js';
import { type Failure, failureOf, type Source } from './report.js';
import { Search } from './search.js';
import { moduleUrl, rootOf, type SourceOptions, sourceOf } from './source.js';

const USUAL_BOUND = 2;
const USUAL_DEPTH = 3;
const USUAL_SEED = 1;
const ANSWER_MS = 5000;
const SCHEDULES_MAX = 500_000;

export interface RandomOptions {
  readonly schedules: number;
  /** Same seed, same schedules. Default 1. */
  readonly seed?: number;
  /** Of the bugs looked for: how many steps must come in a certain order. 1 … 16, default 3. */
  readonly depth?: number;
}

export interface ExploreOptions extends SourceOptions {
  /** The most preemptions and ends in a schedule. Default 2. */
  readonly bound?: number;
  /** Schedules beyond the bound, once all within it have passed. */
  readonly random?: RandomOptions;
  /** How many failures end the search. Default 1. */
  readonly stopAfter?: number;
  /** More schedules than this are an error: the scenario is too large for its bound. Default 500,000. */
  readonly schedulesMax?: number;
  /** Then the search ends, with `complete` false. Default: none. */
  readonly timeLimitSeconds?: number;
  /** How long a thread may run between two steps. Default 5,000 ms. */
  readonly answerMs?: number;
  /**
   * Where `races` is checked, a schedule that comes to a state that was met before is not followed further: what would come then
   * was run. True: each is followed to its end.
   */
  readonly allSchedules?: boolean;
  /** False: failures are shown as they were found. */
  readonly shrink?: boolean;
}

export interface RandomExploration {
  readonly schedules: number;
  readonly seed: number;
  readonly depth: number;
  /** The most steps of a schedule. */
  readonly steps: number;
  /** Of the schedules, those that were drawn when this was known. */
  readonly counted: number;
  /** The probability that all of these missed a bug of this depth is at most this (pct.ts). */
  readonly missBound: number;
}

export interface Exploration {
  readonly schedules: number;
  /** Of the schedules, those that led to a state that was met before. */
  readonly cut: number;
  readonly steps: number;
  readonly failures: readonly Failure[];
  /** How many preemptions the last schedules of the search within the bound had. */
  readonly boundReached: number;
  /** All schedules with at most `boundReached` preemptions were run. */
  readonly complete: boolean;
  readonly random: RandomExploration | null;
  /** One line of it, for a person. */
  readonly summary: string;
}

/**
 * @param module URL or path of a module whose default export makes a scenario (`ScenarioFactory`); `#variant` may follow.
 * Each thread loads it.
 * @throws Error when the module cannot be loaded, an option is out of range, or `schedulesMax` does not suffice
 */
export async function explore(module: URL | string, options: ExploreOptions = {}): Promise<Exploration> {
  assertOptions(options);
  const url = moduleUrl(module);
  const crew = await Crew.start(url, rootOf(url, options), options.answerMs ?? ANSWER_MS, options.allSchedules);
  try {
    const source = sourceOf(url, options);
    return await explored(crew, new Search(crew, source, limitsOf(options)), source, options);
  } finally {
    await crew.close();
  }
}

/** One schedule again, as a failure names it. `message` is null when it is fine now. */
export async function replay(module: URL | string, schedule: string, options: ExploreOptions = {}): Promise<Failure> {
  const plan = parseSchedule(schedule);
  const url = moduleUrl(module);
  const crew = await Crew.start(url, rootOf(url, options), options.answerMs ?? ANSWER_MS);
  try {
    const message = crew.run(plan);
    return failureOf(crew, sourceOf(url, options), { plan, message, trace: crew.trace() });
  } finally {
    await crew.close();
  }
}

async function explored(crew: Crew, search: Search, source: Source, options: ExploreOptions): Promise<Exploration> {
  const boundReached = await search.withinBound();
  const complete = !search.ended;
  const within = search.schedules;
  const wanted = options.random !== undefined && !search.ended;
  const random = wanted ? await exploredAtRandom(crew, search, options.random) : null;
  const { schedules, cut, steps, failures } = search;
  const lines = [
    `${source.name}: ${complete ? 'all' : 'not all'} schedules with at most ${boundReached} preemptions: ${within}`,
    ...(cut === 0 ? [] : [`${cut} of them to a state met before`]),
    ...(random === null ? [] : [`${random.schedules} at random (seed ${random.seed})`]),
    ...(random === null || failures.length > 0 ? [] : [missText(random)]),
    `failures: ${failures.length}`,
  ];
  return { schedules, cut, steps, failures, boundReached, complete, random, summary: lines.join('; ') };
}

async function exploredAtRandom(crew: Crew, search: Search, options: RandomOptions): Promise<RandomExploration> {
  const { schedules, seed = USUAL_SEED, depth = USUAL_DEPTH } = options;
  const pct = new Pct(crew.control.memory, new Random(seed), depth, crew.scenario.timeouts ?? false);
  const before = search.schedules;
  const counted = await search.random(pct, schedules);
  const { longest: steps } = search;
  const missBound = pct.missBound(steps, counted);
  return { schedules: search.schedules - before, seed, depth, steps, counted, missBound };
}

function missText({ depth, steps, missBound }: RandomExploration): string {
  return `a bug of depth ${depth} in ${steps} steps is missed with p ≤ ${missBound.toPrecision(3)}`;
}

function limitsOf(options: ExploreOptions) {
  return {
    bound: options.bound ?? USUAL_BOUND,
    stopAfter: options.stopAfter ?? 1,
    schedulesMax: options.schedulesMax ?? SCHEDULES_MAX,
    timeLimitSeconds: options.timeLimitSeconds ?? Number.POSITIVE_INFINITY,
    shrink: options.shrink ?? true,
  };
}

function assertOptions({ bound = 0, stopAfter = 1, random, timeLimitSeconds = 1 }: ExploreOptions): void {
  assertWhole('bound', bound, 0);
  if (stopAfter !== Number.POSITIVE_INFINITY) assertWhole('stopAfter', stopAfter, 1);
  if (!(timeLimitSeconds > 0)) throw new RangeError(`explore: timeLimitSeconds=${timeLimitSeconds}: must be above 0`);
  if (random === undefined) return;
  assertWhole('random.schedules', random.schedules, 1);
  assertWhole('random.seed', random.seed ?? 0, 0);
  assertWhole('random.depth', random.depth ?? 1, 1, DEPTH_MAX);
}

function assertWhole(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const right = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new RangeError(`explore: ${name}=${value}: must be a whole number ${right}`);
}
