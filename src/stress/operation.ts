// Cold. Runs on: main.
// A control operation of a round, and what all of them use.

import type { RunningHost } from '../coordinator/host.js';
import type { Config } from '../coordinator/options.js';
import type { Random } from '../runtime/random.js';

export interface Operation {
  readonly name: string;
  /** How often it is in the order in which a round takes them. Default 1; more for what few machines take. */
  readonly times?: number;
  /** Whether a machine with this configuration takes it. */
  fits(config: Config): boolean;
  /** Rejects, or throws, when what it finds is wrong. The next one begins when it is over; it leaves every instance enabled and every CPU online. */
  run(host: RunningHost, random: Random): Promise<void>;
}

export const always = () => true;
export const inNapi = ({ mode }: Config) => mode === 'napi';
export const inInterrupt = ({ mode }: Config) => mode === 'interrupt';
/** Lines move in mode napi, where there is another CPU to go to. */
export const movable = ({ mode, cpus }: Config) => mode === 'napi' && cpus > 1;

/** 0 … count-1, in any order. */
export function shuffled(random: Random, count: number): number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/**
 * @param right whether it is the error that this must end in
 * @throws Error when it ended in another one, or in none; but a machine that has ended refuses nothing any more
 */
export async function mustRefuse(
  host: RunningHost,
  what: string,
  ask: () => unknown,
  right: (error: Error & { readonly code?: string }) => boolean,
): Promise<void> {
  try {
    await ask();
  } catch (error) {
    if (right(error as Error)) return;
    throw error;
  }
  if (!host.supervisor.stopping) throw new Error(`${what} was not refused`);
}

/** @throws Error when they differ, and the machine runs */
export function mustStay(host: RunningHost, what: string, before: unknown, now: unknown): void {
  const [was, is] = [JSON.stringify(before), JSON.stringify(now)];
  if (was !== is && !host.supervisor.stopping) throw new Error(`${what} changed it from ${was} to ${is}`);
}
