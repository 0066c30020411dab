#!/usr/bin/env node
// Cold. Runs on: main.
// The executable. Faults end here, as one line and an exit status.

import { debuglog } from 'node:util';
import { CommanderError } from 'commander';
import { softirqCommand } from './command.js';
import { DONE, explain } from './one-line.js';
import { profileMain } from './profile-main.js';
import { tolerateFileSizeLimit } from './signals.js';
import { tolerateClosed } from './streams.js';

const debug = debuglog('softirq'); // NODE_DEBUG=softirq shows the stack

/** @returns the exit status */
async function main(): Promise<number> {
  try {
    await softirqCommand().parseAsync();
    return DONE;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === DONE) return DONE; // --help and --version
    const { line, status } = explain(error);
    process.stderr.write(`${line}\n`);
    debug('%O', error);
    return status;
  }
}

tolerateClosed(process.stdout);
tolerateClosed(process.stderr);
tolerateFileSizeLimit();
profileMain();
const status = await main();
process.exitCode ||= status; // unless writing failed
