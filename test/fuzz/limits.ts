// Cold. Runs on: main.
// No input may take long, and none may make the process grow.

import { Script } from 'node:vm';

const MIB = 2 ** 20;
const ENTRY = 'softirqFuzzedAction';
const call = new Script(`${ENTRY}()`);

/** @throws Error with code ERR_SCRIPT_EXECUTION_TIMEOUT when it runs longer: loops end too, of WebAssembly also */
export function within(limitMs: number, action: () => void): void {
  Object.assign(globalThis, { [ENTRY]: action });
  call.runInThisContext({ timeout: limitMs });
}

export class MemoryLimit {
  private readonly base = process.memoryUsage.rss();
  private readonly growthMax: number;
  private highest = 0;

  constructor(growthMib: number) {
    this.growthMax = growthMib * MIB;
  }

  /** Most that the process has grown, in MiB. */
  get growthMib(): number {
    return Math.round(this.highest / MIB);
  }

  /** @throws Error when the process has grown too much */
  check(): void {
    this.highest = Math.max(this.highest, process.memoryUsage.rss() - this.base);
    if (this.highest > this.growthMax) {
      throw new Error(`growth=${this.growthMib} MiB of resident memory, at most ${this.growthMax / MIB}`);
    }
  }
}
