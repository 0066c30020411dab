// Cold. Runs on: main.
// `softirq run`: starts the machine, shows its progress, stops it on a signal, prints what came of it.

import { availableParallelism } from 'node:os';
import { BrokenCaptureError, InvariantError } from '../coordinator/errors.js';
import { type Host, startHost } from '../coordinator/host.js';
import { parseRate } from '../coordinator/option-values.js';
import type { Config, HostOptions, Rate } from '../coordinator/options.js';
import { resolveOptions } from '../coordinator/resolve-options.js';
import type { Snapshot } from '../coordinator/snapshot-types.js';
import { summary } from '../report/text.js';
import { plural } from '../report/units.js';
import { Progress, paintFor } from './progress.js';
import { onStopSignal } from './signals.js';

const NICS = 1;

export interface RunOutput {
  /** One JSON document on stdout in place of the summary. */
  readonly json: boolean;
  /** How the memory is divided, on stderr. */
  readonly memory: boolean;
  /** What is to be said before the start. */
  readonly notes: readonly string[];
}

/**
 * Ends when the machine has stopped and the summary is printed.
 * @param start injected by tests
 * @throws SoftirqOptionError and CaptureError before anything runs; BrokenCaptureError, RoleError and InvariantError when the run failed
 */
export async function runCommand(options: HostOptions, output: RunOutput, start = startHost): Promise<void> {
  const config = resolveOptions(options);
  const progress = new Progress(process.stderr);
  try {
    print(await runHost(config, () => start(options), output, progress), output);
  } catch (error) {
    progress.end();
    if (error instanceof InvariantError || error instanceof BrokenCaptureError) print(error.snapshot, output);
    throw error;
  }
}

async function runHost(
  config: Config,
  start: () => Promise<Host>,
  output: RunOutput,
  progress: Progress,
): Promise<Snapshot> {
  let host: Host | null = null;
  let signalled = false;
  const forget = onStopSignal((signal) => {
    signalled = true;
    progress.phase(`${signal}: stopping in order; another one ends it at once`);
    if (host !== null) stop(host);
  });
  try {
    announce(config, output, progress); // Only now: whoever reads it may send a signal.
    host = await start();
    if (signalled) stop(host); // It came while the threads were starting.
    introduce(host, output, progress);
    progress.watch(host);
    return await host.done;
  } finally {
    progress.end();
    forget();
  }
}

function stop(host: Host): void {
  host.stop().catch(() => {}); // host.done tells the same to the one who waits
}

/** Before the start: what is to be expected, and what takes long. */
function announce(config: Config, { notes }: RunOutput, progress: Progress): void {
  for (const note of notes) progress.note(note);
  const threads = config.cpus + NICS;
  if (!config.spin) {
    const cores = plural(availableParallelism(), 'core');
    progress.note(`${threads} threads on ${cores}: nobody spins; expect lower rates`);
  }
  const slow = slowStart(config);
  if (slow !== null) progress.phase(slow);
  else progress.phaseLater(`starting ${threads} threads…`);
}

/** What will surely take a second or more. */
function slowStart({ device, rate, mode }: Config): string | null {
  if (device !== 'pktgen' || !isPercent(parseRate(rate))) return null;
  return mode === 'napi' ? 'calibrating for one second…' : 'calibrating for some seconds…';
}

function isPercent(rate: Rate): boolean {
  return typeof rate === 'object' && 'percent' in rate;
}

function introduce(host: Host, output: RunOutput, progress: Progress): void {
  if (output.memory) progress.note(`shared memory\n${host.memory}`);
  for (const note of host.notes) progress.note(note);
}

function print(snapshot: Snapshot, { json }: RunOutput): void {
  const text = json ? `${JSON.stringify(snapshot, null, 2)}\n` : summary(snapshot, paintFor(process.stdout));
  process.stdout.write(text);
}
