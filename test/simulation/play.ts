// Cold. Runs on: main.
// Plays seeds, and says of each that fails how to play it again.

import type { Outcome } from './checks.js';
import { type Scenario, scenarioOf } from './scenario.js';
import { Simulation } from './simulation.js';

export interface Failure {
  readonly seed: number;
  readonly message: string;
  /** The command that plays it again. */
  readonly replay: string;
}

/** @returns what the run left behind, or what was wrong */
export function play(seed: number, overrides: Partial<Scenario> = {}): Outcome | Failure {
  try {
    return new Simulation(scenarioOf(seed, overrides)).run();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { seed, message, replay: replayCommand(seed, overrides) };
  }
}

export function isFailure(result: Outcome | Failure): result is Failure {
  return 'replay' in result;
}

function replayCommand(seed: number, overrides: Partial<Scenario>): string {
  const given = Object.keys(overrides).length === 0 ? '' : ` --with '${JSON.stringify(overrides)}'`;
  return `node build/test/simulation/replay.js ${seed}${given}`;
}
