// Cold. Runs on: main.
// How often everything in the tables was visited, and what never was.

import type { Snapshot } from '../coordinator/snapshot-types.js';
import type { DrawnRound } from './draw.js';
import { OPERATION_NAMES } from './operations.js';
import type { RoundResult } from './round.js';
import { SETTINGS } from './settings.js';
import { TRANSITIONS } from './transitions.js';

/** From so many rounds on, everything must have been visited: each deck of settings was dealt several times. */
export const ENOUGH_ROUNDS = 50;

type Counts = Record<string, number>;

const zeros = (names: readonly string[]): Counts => Object.fromEntries(names.map((name) => [name, 0]));

export class Visits {
  /** Rounds, by setting and choice. */
  readonly settings: Readonly<Record<string, Counts>> = Object.fromEntries(
    SETTINGS.map(({ name, choices }) => [name, zeros(choices.map((choice) => choice.name))]),
  );
  /** How often each was done. */
  readonly operations: Counts = zeros(OPERATION_NAMES);
  /** As the machines counted them. */
  readonly transitions: Counts = zeros(TRANSITIONS.map(({ name }) => name));

  add({ choices }: DrawnRound, { operations, snapshot }: RoundResult): void {
    for (const [setting, choice] of choices) increase(this.settings[setting]!, choice, 1);
    for (const [name, times] of operations) increase(this.operations, name, times);
    if (snapshot !== null) this.addTransitions(snapshot);
  }

  /** Names of what was never visited: `ring 64`, `move a line`. */
  never(): string[] {
    const settings = Object.entries(this.settings).flatMap(([setting, counts]) =>
      zerosOf(counts).map((choice) => `${setting} ${choice}`),
    );
    return [...settings, ...zerosOf(this.operations), ...zerosOf(this.transitions)];
  }

  private addTransitions(snapshot: Snapshot): void {
    for (const { name, count } of TRANSITIONS) increase(this.transitions, name, count(snapshot));
  }
}

function increase(counts: Counts, name: string, by: number): void {
  counts[name] = counts[name]! + by;
}

function zerosOf(counts: Counts): string[] {
  return Object.keys(counts).filter((name) => counts[name] === 0);
}
