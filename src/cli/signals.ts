// Cold. Runs on: main.

import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
export type StopSignal = (typeof SIGNALS)[number];
const KILLED = 128; // exit status of a process that a signal has ended, less the signal's number

/**
 * The first signal calls `stop`; a second one ends the process at once.
 * @returns what takes the handlers away again
 */
export function onStopSignal(stop: (signal: StopSignal) => void): () => void {
  let asked = false;
  const handle = (signal: StopSignal) => {
    if (asked) process.exit(KILLED + constants.signals[signal]);
    asked = true;
    stop(signal);
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of SIGNALS) process.off(signal, handle);
  };
}

/** A file that may not grow any more (`ulimit -f`) is an error of the write, EFBIG, and no reason to be killed. */
export function tolerateFileSizeLimit(): void {
  process.on('SIGXFSZ', () => {});
}
