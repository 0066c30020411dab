// Hot. Runs on: every worker.
// The loop that runs an agent on a thread of its own until main says stop.

import { ContextWords, STOP } from '../memory/context.js';
import type { Views } from '../memory/views.js';
import type { Agent } from './agent.js';
import type { IdlePolicy } from './idle.js';

export function runLoop(views: Views, contextAddress: number, agent: Agent, policy: IdlePolicy): void {
  const context = new ContextWords(views, contextAddress);
  let done = context.done();
  for (;;) {
    const request = context.request();
    if (request !== done) {
      if (request === STOP) break;
      agent.handle(request);
      done = request;
      context.report(done);
    }
    if (agent.doWork() > 0) policy.busy();
    else policy.idle(agent);
    context.turn();
  }
}
