// Cold. Runs on: main.
// What each role's thread had used when traffic began: what the system tells since then is the machine's.

import { type ThreadUse, threadUse } from '../runtime/thread.js';

const NOTHING_YET: ThreadUse = { cpuNs: 0, involuntarySwitches: 0 };

export class ThreadUses {
  private readonly atStart = new Map<string, ThreadUse>();

  /**
   * The thread of `role` begins now.
   * @param tid its kernel thread id @param before what threads of the role before this one have used
   */
  begin(role: string, tid: number, before: ThreadUse = NOTHING_YET): void {
    const use = threadUse(tid);
    if (use !== null) this.atStart.set(role, difference(use, before));
  }

  /** What the role has used until now; null when it has no thread, or the system does not tell. */
  since(role: string, tid: number): ThreadUse | null {
    const [now, start] = [threadUse(tid), this.atStart.get(role)];
    return now === null || start === undefined ? null : difference(now, start);
  }
}

function difference(a: ThreadUse, b: ThreadUse): ThreadUse {
  return { cpuNs: a.cpuNs - b.cpuNs, involuntarySwitches: a.involuntarySwitches - b.involuntarySwitches };
}
