// Cold. Runs on: main.
// Pins each role to a core of its own, as far as there are cores.

import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ContextWords } from '../memory/context.js';
import type { Views } from '../memory/views.js';
import type { Plan } from './plan.js';

/** The NIC goes to core 0, CPU n to core n + 1, round again where there are fewer. @returns notes on what was not possible */
export function pinRoles(views: Views, plan: Plan): string[] {
  const cores = availableParallelism();
  const tids = [plan.nicContext, ...plan.cpuContexts].map((context) => new ContextWords(views, context).tid());
  try {
    tids.forEach((tid, role) => {
      if (tid === 0) throw new Error('threads have no kernel id here');
      execFileSync('taskset', ['-pc', String(role % cores), String(tid)], { stdio: 'ignore' });
    });
    return [];
  } catch (error) {
    return [`pin=true is ignored: it needs Linux and taskset (${(error as Error).message.split('\n')[0]})`];
  }
}
