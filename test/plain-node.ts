// Cold. Runs on: main.
// Node as a user starts it. tap puts its loader into the NODE_OPTIONS of each process that a test starts, whatever environment
// the test gives: every module of the process and of its threads would go through it.

import { execPath } from 'node:process';

/** What spawn() and its like take first. `env` becomes Node: it has the same process id. */
export function plainNode(...args: string[]): [command: string, args: string[]] {
  return ['env', ['-u', 'NODE_OPTIONS', execPath, ...args]];
}
