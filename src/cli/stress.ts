// Cold. Runs on: main.
// `softirq stress`: rounds of machines under random settings and operations, progress meanwhile, and a summary.

import { resolveSoak, type SoakConfig, type SoakOptions } from '../stress/options.js';
import { Soak, type SoakReport } from '../stress/soak.js';
import { Progress, paintFor } from './progress.js';
import { onStopSignal } from './signals.js';
import { soakLine, soakSummary } from './stress-text.js';

/** A soak that has shown something wrong. */
class StressError extends Error {}

type Rounds = Pick<Soak, 'toEnd' | 'stop' | 'seconds' | 'delivered' | 'current'>;

/**
 * Ends when the rounds are over and the summary is printed.
 * @param soakOf injected by tests
 * @throws SoftirqOptionError before anything runs; StressError when something was wrong, or never visited
 */
export async function stressCommand(
  options: SoakOptions,
  { json }: { readonly json: boolean },
  soakOf: (config: SoakConfig) => Rounds = (config) => new Soak(config),
): Promise<void> {
  const config = resolveSoak(options);
  const progress = new Progress(process.stderr);
  const soak = soakOf(config);
  const forget = onStopSignal((signal) => {
    progress.note(`${signal}: stopping in order; another one ends it at once`);
    soak.stop();
  });
  try {
    progress.note(`seed ${config.seed}`);
    progress.showLine(() => soakLine(soak, config));
    print(await soak.toEnd(), json, progress);
  } finally {
    progress.end();
    forget();
  }
}

function print(report: SoakReport, json: boolean, progress: Progress): void {
  progress.end();
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : soakSummary(report, paintFor(process.stdout)));
  const fault = faultOf(report);
  if (fault !== null) throw new StressError(fault);
}

function faultOf({ violation, neverVisited, seed }: SoakReport): string | null {
  if (violation !== null) {
    const { round, what, repeat } = violation;
    return `seed ${seed}, round ${round}: ${what.join('; ')}; repeat it: ${repeat}`;
  }
  if (neverVisited === null || neverVisited.length === 0) return null;
  return `seed ${seed}: never visited: ${neverVisited.join(', ')}`;
}
