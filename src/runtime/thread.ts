// Cold. Runs on: every worker at start and end; main for snapshots.
// What Linux tells about a thread. Elsewhere each answer is null.

import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';

/** Kernel id of the calling thread; 0 where there is none. */
export function threadId(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return 0;
  }
}

/** Names the calling thread for `top -H`, `perf` and debuggers. */
export function nameThread(role: string): void {
  try {
    writeFileSync('/proc/thread-self/comm', role);
  } catch {
    // Only Linux has it, and a name is a convenience.
  }
}

export interface ThreadUse {
  /** ns on a CPU since the thread began. */
  readonly cpuNs: number;
  readonly involuntarySwitches: number;
}

/** What thread `tid` of this process has used; null when it is gone or the system does not tell. */
export function threadUse(tid: number): ThreadUse | null {
  if (tid === 0) return null;
  try {
    const folder = `/proc/self/task/${tid}`;
    const cpuNs = Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]);
    const status = readFileSync(`${folder}/status`, 'utf8');
    const involuntarySwitches = Number(/nonvoluntary_ctxt_switches:\s*(\d+)/.exec(status)?.[1] ?? 0);
    return { cpuNs, involuntarySwitches };
  } catch {
    return null;
  }
}
