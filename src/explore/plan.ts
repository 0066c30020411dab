// Cold. Runs on: main.
// A schedule as text: `0:5,1:3,0:end,1:*` is five steps of thread 0, three of thread 1, then thread 0 ends, then thread 1, and
// from there on nobody is preempted. As a plan it is one choice per step.

import { ENDS } from './trace.js';

/** @throws Error naming the part that is wrong */
export function parseSchedule(text: string): Int8Array {
  const plan: number[] = [];
  for (const run of text.split(',')) {
    const [, thread, steps] = /^(\d+):(\d+|\*|end)$/.exec(run.trim()) ?? [];
    if (steps === undefined || Number(thread) >= ENDS) {
      throw new Error(`schedule=${text}: ${run} is not like 0:5, 0:end or 0:*`);
    }
    const choice = Number(thread) + (steps === 'end' ? ENDS : 0);
    const count = /\d/.test(steps) ? Number(steps) : 1;
    for (let step = 0; step < count; step++) plan.push(choice);
  }
  return Int8Array.from(plan);
}

/** A plan ends where the schedule last departs from the usual order, most often with a run of one step: `*`. */
export function formatSchedule(plan: Int8Array): string {
  if (plan.length === 0) return '0:*';
  const runs: { choice: number; steps: number }[] = [];
  for (const choice of plan) {
    const last = runs.at(-1);
    if (last?.choice === choice) last.steps++;
    else runs.push({ choice, steps: 1 });
  }
  const last = runs.length - 1;
  return runs.map(({ choice, steps }, at) => runText(choice, steps, at === last)).join(',');
}

function runText(choice: number, steps: number, isLast: boolean): string {
  if (choice >= ENDS) return `${choice - ENDS}:end`;
  return `${choice}:${isLast && steps === 1 ? '*' : steps}`;
}
