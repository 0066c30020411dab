// Cold. Runs on: main.
// Every fault in one line, in the words that the user typed.

import { CommanderError } from 'commander';
import { CaptureError } from '../capture/capture-error.js';
import { BrokenCaptureError, SoftirqOptionError } from '../coordinator/errors.js';

/** Exit statuses. */
export const DONE = 0;
export const FAILED = 1;
export const BAD_USAGE = 2;

/** How a command says that the arguments are wrong where no option is to blame. */
export class UsageError extends Error {}

/** The line on stderr, and the exit status. */
export function explain(error: unknown): { readonly line: string; readonly status: number } {
  if (error instanceof SoftirqOptionError) return { line: oneLine(optionFault(error)), status: BAD_USAGE };
  if (error instanceof CaptureError) {
    const status = error instanceof BrokenCaptureError ? FAILED : BAD_USAGE;
    return { line: oneLine(`--device pcap:${error.message}`), status };
  }
  if (error instanceof CommanderError || error instanceof UsageError) {
    return { line: oneLine(error.message.replace(/^error: /, '')), status: BAD_USAGE };
  }
  return { line: oneLine(error instanceof Error ? error.message : String(error)), status: FAILED };
}

/** `budgetUsecs` ▶ `--budget-usecs`. */
function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function optionFault({ option, value, expected }: SoftirqOptionError): string {
  if (value === undefined) return `${flagOf(option)} is missing: it ${expected}`;
  return `${flagOf(option)} ${typeof value === 'string' && value !== '' ? value : JSON.stringify(value)}: ${expected}`;
}

function oneLine(text: string): string {
  const flat = text.replace(/\s*\n\s*/g, ' ').trim();
  // A value may hold anything that a shell passes on; a terminal must not obey it.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return `softirq: ${flat.replace(/[\x00-\x1f\x7f-\x9f]/g, (c) => JSON.stringify(c).slice(1, -1))}`;
}
