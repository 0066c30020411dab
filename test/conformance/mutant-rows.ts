// Cold. Runs on: main.
// What a mutant is: the line that carries a rule, broken; and the test that dies of it.

import type { Patch } from '../interleave/mutant.js';

/** Files of this folder, without `.test.js`. */
export const SUITES = [
  'state',
  'softirq',
  'tasks',
  'backlog',
  'mitigation',
  'busy-poll',
  'waits',
  'threaded',
  'config',
  'edges-state',
  'edges-softirq',
  'edges-modes',
  'edges-threaded',
  'hotplug',
  'death',
  'edges-backlog',
] as const;
export type Suite = (typeof SUITES)[number];

export interface Mutant {
  /** Where the rule stands in the kernel. */
  readonly kernel: string;
  readonly rule: string;
  readonly patches: readonly Patch[];
  /** How the name of the test begins that kills it; its file is `suite`. */
  readonly by: string;
  readonly suite: Suite;
}

export type Row = readonly [
  rule: string,
  by: string,
  ...patches: readonly (readonly [find: string | RegExp, replace: string])[],
];

export function mutants(kernel: string, suite: Suite, file: string, rows: readonly Row[]): Mutant[] {
  return rows.map(([rule, by, ...changes]) => ({
    kernel,
    rule,
    by,
    suite,
    patches: changes.map(([find, replace]) => ({ file, find, replace })),
  }));
}
