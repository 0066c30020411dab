// Cold. Runs on: main.
// A grace period (Linux's RCU): over when every thread has been at the top of its loop since it began, or sleeps. A thread
// that saw the old state before has then finished what it did with it.

import type { ContextWords } from './context.js';

export class GracePeriod {
  private readonly waiting: Map<ContextWords, number>;

  /** Begins now: what the threads are to see has been stored before. */
  constructor(contexts: readonly ContextWords[]) {
    this.waiting = new Map(contexts.map((context) => [context, context.quiescent()]));
  }

  over(): boolean {
    for (const [context, before] of this.waiting) {
      if (context.quiescent() !== before || context.asleep()) this.waiting.delete(context);
    }
    return this.waiting.size === 0;
  }
}
