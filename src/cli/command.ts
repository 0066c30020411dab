// Cold. Runs on: main.
// The command line: which command, and its options as typed.

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { didYouMean } from '../coordinator/nearest.js';
import type { HostOptions } from '../coordinator/options.js';
import type { SoakOptions } from '../stress/options.js';
import { UsageError } from './one-line.js';
import { expandModes, orOf } from './presets.js';
import { addRunOptions, RUN_NOTES } from './run-options.js';
import { addStressOptions, STRESS_NOTES } from './stress-options.js';

/** `softirq`, ready to parse. Faults are thrown, for explain() to put in one line. */
export function softirqCommand(): Command {
  const program = new Command('softirq')
    .description('Linux NAPI for Node.js: interrupts, softirqs and budgets over lock-free rings in shared memory.')
    .version(ownVersion())
    .exitOverride()
    .helpCommand(true)
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments()
    .action((_, { args: [name] }: Command) => {
      const wrong = name === undefined ? 'no command given' : `unknown command '${name}'`;
      const names = program.commands.map((command) => command.name());
      throw new UsageError(`${wrong}: must be ${orOf(names)}${didYouMean(name, names) || '; try softirq run --help'}`);
    });
  addRun(program);
  addStress(program);
  return program;
}

function addRun(program: Command): void {
  const run = program.command('run').description('receive packets and show what became of them');
  addRunOptions(run);
  run.addHelpText('after', RUN_NOTES).allowExcessArguments();
  run.action(async ({ json = false, memory = false, ...typed }, { args: [extra] }: Command) => {
    if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}': every value follows its option`);
    const { runCommand } = await import('./run.js'); // Help does not need the machine.
    const { options, notes } = expandModes(typed);
    await runCommand(options as unknown as HostOptions, { json, memory, notes });
  });
}

function addStress(program: Command): void {
  const stress = program
    .command('stress')
    .description('run machines under random settings and changes, and check everything');
  addStressOptions(stress);
  stress.addHelpText('after', STRESS_NOTES).allowExcessArguments();
  stress.action(async ({ json = false, ...options }, { args: [extra] }: Command) => {
    if (extra !== undefined) throw new UsageError(`unexpected argument '${extra}': every value follows its option`);
    const { stressCommand } = await import('./stress.js');
    await stressCommand(options as SoakOptions, { json });
  });
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
