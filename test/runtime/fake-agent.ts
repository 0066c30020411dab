// Cold. Runs on: main.
// An agent that does what a test says, and notes what it is asked.

import { ContextWords } from '../../src/memory/context.js';
import { isAsleep } from '../../src/memory/doorbell.js';
import type { Views } from '../../src/memory/views.js';
import type { Agent } from '../../src/runtime/agent.js';
import { space } from '../memory/space.js';

export const CONTEXT = 64;
export const SLEEPS = 512;

export class FakeAgent implements Agent {
  readonly role = 'fake';
  readonly views: Views = space();
  readonly context = new ContextWords(this.views, CONTEXT);
  /** What doWork() returns, turn by turn; then 0. */
  work: number[] = [];
  wakeNs = Number.POSITIVE_INFINITY;
  arrived = false;
  readonly handled: number[] = [];
  /** Whether the doorbell said ASLEEP, each time that workArrived() was asked. */
  readonly asked: boolean[] = [];
  atWork = () => {};

  doWork(): number {
    this.atWork();
    return this.work.shift() ?? 0;
  }

  nextNs(): number {
    return this.wakeNs;
  }

  workArrived(): boolean {
    this.asked.push(isAsleep(this.views.words, CONTEXT / 4));
    return this.arrived;
  }

  handle(request: number): void {
    this.handled.push(request);
  }
}
