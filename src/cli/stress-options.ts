// Cold. Runs on: main.
// The options of `softirq stress`. What they may be is checked by resolveSoak() alone.

import type { Command } from 'commander';

const LINES: readonly (readonly [flags: string, help: string])[] = [
  ['--packets <n>', 'begin rounds until so many packets were delivered'],
  ['--minutes <m>', 'stop when so much time has passed'],
  ['--seed <n>', '0 … 134217727; the same seed draws the same rounds (default: any)'],
  ['--round <n>', 'only this one of the rounds of the seed'],
  ['--json', 'print one JSON document on stdout instead of the summary'],
];

export function addStressOptions(command: Command): void {
  for (const [flags, help] of LINES) command.option(flags, help);
}

export const STRESS_NOTES = `
Each round starts a machine with settings that the seed draws, changes it while
traffic runs, and checks every packet: none lost, none twice, each flow in
order, every buffer in one place. The first round that shows something wrong
ends it.

Exit status: 0 done, also after SIGINT or SIGTERM; 1 something was wrong, or
was never visited; 2 bad usage.
The threads' timing is not drawn: repeat a round some times.`;
