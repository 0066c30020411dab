// Cold. Runs on: main.
// A schedule as text: `0:5,1:3,0:*` is five steps of thread 0, three of thread 1, then thread 0, and from there on nobody is
// preempted. As a plan it is one thread index per step.

export function parseSchedule(text: string): Int8Array {
  const plan: number[] = [];
  for (const run of text.split(',')) {
    const parts = /^(\d+):(\d+|\*)$/.exec(run.trim());
    if (parts === null) throw new Error(`schedule=${text}: ${run} is not like 0:5 or 0:*`);
    const steps = parts[2] === '*' ? 1 : Number(parts[2]);
    for (let step = 0; step < steps; step++) plan.push(Number(parts[1]));
  }
  return Int8Array.from(plan);
}

/** A plan ends where the search last departed from the usual order, most often with a run of one step: `*`. */
export function formatSchedule(plan: Int8Array): string {
  if (plan.length === 0) return '0:*';
  const runs: { thread: number; steps: number }[] = [];
  for (const thread of plan) {
    const last = runs.at(-1);
    if (last?.thread === thread) last.steps++;
    else runs.push({ thread, steps: 1 });
  }
  const last = runs.length - 1;
  return runs.map(({ thread, steps }, at) => `${thread}:${at === last && steps === 1 ? '*' : steps}`).join(',');
}
