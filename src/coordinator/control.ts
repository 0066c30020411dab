// Cold. Runs on: main; tests step operations by hand.
// Operations that change a running machine, and the queue that runs them one at a time, in order (Linux's rtnl).

import { setTimeout as delay } from 'node:timers/promises';
import type { IrqLine } from '../irq/line.js';
import type { ContextWords } from '../memory/context.js';
import { GracePeriod } from '../memory/grace.js';
import { NapiError } from '../napi/bits.js';
import { type NapiState, NO_HOLDER } from '../napi/state.js';
import type { ControlOperation } from '../runtime/operation.js';

/**
 * Moves a line, and with it its NAPI, to another CPU (/proc/irq/N/smp_affinity). Complete when no other CPU will poll the
 * instance any more. Who is no CPU goes on: a worker, or who busy-polls in an attached thread.
 */
export class MoveLine implements ControlOperation {
  private readonly line: IrqLine;
  private readonly state: NapiState;
  private readonly cpu: number;
  private readonly others: readonly ContextWords[];
  private readonly demand: () => void;
  private grace: GracePeriod | null = null;

  /**
   * @param others the context words of all CPUs but `cpu`
   * @param demand throws when, as it begins, `cpu` cannot have the line
   */
  constructor(
    line: IrqLine,
    state: NapiState,
    cpu: number,
    others: readonly ContextWords[],
    demand: () => void = () => {},
  ) {
    this.line = line;
    this.state = state;
    this.cpu = cpu;
    this.others = others;
    this.demand = demand;
  }

  begin(): void {
    this.demand();
    this.line.retarget(this.cpu);
    this.grace = new GracePeriod(this.others);
  }

  step(): boolean {
    // First those who took the interrupt before the line moved and have not set SCHED yet; then the one who has.
    if (!this.grace!.over()) return false;
    const holder = this.state.holder();
    // Where it is now: if that CPU has died meanwhile, its heir's. Or a context that is no CPU polls, and goes on.
    return holder === NO_HOLDER || holder === this.line.target() || holder > this.others.length;
  }

  stuck(why: string): NapiError {
    const { state } = this;
    return new NapiError(
      'irq_set_affinity',
      state.id,
      state.load(),
      `line ${this.line.id} does not come to cpu${this.cpu}: ${why}`,
    );
  }
}

const STEP_MS = 1;
/** As long as an operation may take: after that somebody is stuck, or hopelessly overloaded. */
const LIMIT_MS = 20_000;

/** Runs operations one after the other, stepping each from a timer. */
export class ControlQueue {
  private last: Promise<void> = Promise.resolve();
  private readonly limitMs: number;

  constructor(limitMs = LIMIT_MS) {
    this.limitMs = limitMs;
  }

  /** @throws Error what the operation throws, or, when the limit has passed, who holds it. @param ended asked between steps: true ends the operation, since the machine it would change is gone */
  run(operation: ControlOperation, ended: () => boolean): Promise<void> {
    const result = this.last.then(async () => {
      if (ended()) return;
      const deadline = performance.now() + this.limitMs;
      operation.begin();
      while (!ended() && !operation.step()) {
        if (performance.now() > deadline) throw operation.stuck(`not within ${this.limitMs} ms`);
        await delay(STEP_MS);
      }
    });
    this.last = result.catch(() => {});
    return result;
  }
}
