// Hot. Runs on: CPU n, in process context.
// What becomes of a task after a step that had nothing to do: what can wake it, when it is asked again in any case, and what ends it.

import type { Bell } from '../memory/bells.js';
import type { NapiWait } from '../napi/wait.js';

/** A task that waits for nothing is asked again after this time. */
const NAP_NS = 1e6;

export class TaskSleep {
  /** Waits of the present step that found nothing; the first `count` stand. */
  private readonly waits: NapiWait[] = [];
  private count = 0;
  private timeoutNs = NAP_NS;
  private readonly bell: Bell | null;
  /** What a sink, or another task, threw within a call of this one: the CPU is in the middle of a poll, and cannot go on. */
  fault: { readonly error: unknown } | null = null;

  /** @param bell by which others wake this CPU; null: there are none */
  constructor(bell: Bell | null) {
    this.bell = bell;
  }

  /** A step begins. */
  begin(): void {
    this.count = 0;
    this.timeoutNs = NAP_NS;
  }

  /** A wait of this step found nothing: its events end the sleep, and so does its time-out. The shortest counts. */
  on(wait: NapiWait, timeoutNs: number): void {
    this.timeoutNs = this.count === 0 ? timeoutNs : Math.min(this.timeoutNs, timeoutNs);
    this.waits[this.count] = wait;
    this.count += 1;
  }

  /** The CPU has said that it sleeps, and will look at isOver() once more. Each time: a late ring may have used what was armed. */
  arm(): void {
    if (this.bell === null) return;
    for (let index = 0; index < this.count; index += 1) this.waits[index]!.arm(this.bell);
  }

  /** Whatever the step makes of it, the CPU ends by it. @throws the same */
  fail(error: unknown): never {
    this.fault ??= { error };
    throw error;
  }

  /** How long it may last, ns; Infinity: until an event. */
  get ns(): number {
    return this.timeoutNs;
  }

  /** An event has come. */
  isOver(): boolean {
    for (let index = 0; index < this.count; index += 1) if (this.waits[index]!.isReady()) return true;
    return false;
  }
}
