// Cold. Runs on: main; tests step operations by hand.
// An operation that changes a running machine, as an agent: it can be stepped from a timer, by the simulation, by the explorer.

export interface ControlOperation {
  /** @throws Error when it cannot begin; nothing has been changed then but what the kernel would have changed too */
  begin(): void;
  /** @returns true when the operation is complete */
  step(): boolean;
  /** What is told when a limit has passed, or nothing moves any more: who holds it. */
  stuck(why: string): Error;
}
