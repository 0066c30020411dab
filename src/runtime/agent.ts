// Hot. Runs on: every worker.
// A role as a duty cycle. Threads, sleeping, clocks, random, burst functions and views come from outside, so that the same
// agent runs on a worker, on one thread with others, and under the interleaving explorer.

export interface Agent {
  /** `nic0`, `cpu1`: how errors, profiles and reports call this role. */
  readonly role: string;
  /** Does what there is to do, a bounded amount. @returns how much it was; 0 = nothing to do */
  doWork(): number;
  /** When there will be something to do although nobody rings, in the clock's ns; Infinity = never. */
  nextNs(): number;
  /**
   * Called after the doorbell has been announced and before the thread sleeps: looks at every source of work.
   * @returns true when there is something to do after all
   */
  workArrived(): boolean;
  /** Carries out a request of main that is not STOP. */
  handle(request: number): void;
}
