// Cold. Runs on: main.
// What of a machine outlives it: nothing should.

import { readdirSync, readFileSync } from 'node:fs';

/** Kernel names of the machines' threads that still run in this process. Linux only; elsewhere none is seen. */
export function threadsLeft(): string[] {
  try {
    return readdirSync('/proc/self/task')
      .map(nameOf)
      .filter((name) => /^(nic|cpu)\d/.test(name));
  } catch {
    return [];
  }
}

function nameOf(tid: string): string {
  try {
    return readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').trim();
  } catch {
    return ''; // It ended between the two looks.
  }
}

/** What keeps this process alive, besides its input and output. */
export function resourcesLeft(): string[] {
  return process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY|File)/.test(name));
}
