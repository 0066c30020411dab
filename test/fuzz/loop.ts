// Cold. Runs on: main.
// The guided loop: mutate, run a batch, and keep each input that reaches code which none has reached before, or of which
// the target says something new.

import { setImmediate as turn } from 'node:timers/promises';
import { Random } from '../../src/runtime/random.js';
import { Corpus } from './corpus.js';
import { Coverage } from './coverage.js';
import { MemoryLimit, within } from './limits.js';
import { minimise } from './minimise.js';
import type { Target } from './target.js';

const INPUT_MS_MAX = 5000;
const GROWTH_MIB_MAX = 400;
const REPORT_MS = 5000;

export interface Progress {
  readonly target: string;
  readonly inputs: number;
  readonly perSecond: number;
  /** Inputs that are kept. */
  readonly corpus: number;
  /** Characters of source that have run, and their share. */
  readonly covered: number;
  readonly share: number;
  readonly growthMib: number;
}

export interface Failure {
  readonly target: string;
  readonly input: Uint8Array;
  readonly reason: string;
}

export interface Outcome extends Progress {
  /** Null when all properties held. */
  readonly failure: Failure | null;
}

export interface LoopOptions {
  readonly seed: number;
  readonly isOver: (inputs: number, elapsedMs: number) => boolean;
  readonly report: (progress: Progress) => void;
}

export async function fuzz(target: Target, { seed, isOver, report }: LoopOptions): Promise<Outcome> {
  const random = new Random(seed);
  const memory = new MemoryLimit(GROWTH_MIB_MAX);
  const coverage = new Coverage(target.covers);
  const corpus = new Corpus(target, coverage);
  const start = performance.now();
  let [inputs, nextReport] = [0, REPORT_MS];
  const progress = (): Progress => ({
    target: target.name,
    inputs,
    perSecond: Math.round((inputs / (performance.now() - start)) * 1000),
    corpus: corpus.inputs.length,
    covered: coverage.covered,
    share: coverage.share,
    growthMib: memory.growthMib,
  });
  try {
    for (let batch: readonly Uint8Array[] = target.seeds; ; batch = corpus.mutated(random)) {
      const words: string[] = [];
      const failure = failureOf(target, batch, memory, words);
      if (failure !== null) return { ...progress(), failure };
      inputs += batch.length;
      corpus.keep(batch, words);
      const elapsed = performance.now() - start;
      if (elapsed > nextReport) report(progress());
      while (elapsed > nextReport) nextReport += REPORT_MS;
      if (isOver(inputs, elapsed)) return { ...progress(), failure: null };
      await turn(); // zlib frees a broken stream's memory only then
    }
  } finally {
    coverage.close();
  }
}

/** @param words what the target says of each input is added */
function failureOf(target: Target, batch: readonly Uint8Array[], memory: MemoryLimit, words: string[]): Failure | null {
  try {
    within(INPUT_MS_MAX * 2, () => words.push(...target.run(batch)));
    memory.check();
    return null;
  } catch (error) {
    const reason = `${reasonOf(error)}, of no input alone`;
    return locate(target, batch) ?? { target: target.name, input: batch.at(-1)!, reason };
  }
}

/** The input of the batch that fails alone, made as small as it can be. */
function locate(target: Target, batch: readonly Uint8Array[]): Failure | null {
  for (const input of batch) {
    const reason = tryInput(target, input);
    if (reason === null) continue;
    const small = minimise(input, (candidate) => tryInput(target, candidate) !== null);
    return { target: target.name, input: small, reason: tryInput(target, small) ?? reason };
  }
  return null;
}

/** @returns what does not hold, or null */
export function tryInput(target: Target, input: Uint8Array): string | null {
  try {
    within(INPUT_MS_MAX, () => target.run([input]));
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  const { code, stack } = error as NodeJS.ErrnoException;
  return code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? `no end after ${INPUT_MS_MAX} ms` : String(stack);
}
