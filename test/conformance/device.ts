// Cold. Runs on: main.
// A device of the deterministic machine that many cases use.

import type { NapiOptions } from '../../src/simulate/napi.js';
import { simulate } from '../../src/testing.js';

/** On a line that masks itself, with packets in its ring: who polled with which budget and found what, and what completions returned. */
export function device(packets = 0, options: NapiOptions = {}, cpus = 1) {
  const m = simulate({ cpus });
  const ring = { packets, irqs: 0 };
  const polls: string[] = [];
  const completions: boolean[] = [];
  /** Called as each poll begins, with its number. */
  const hooks: { onPoll: ((poll: number) => void) | null } = { onPoll: null };
  const line = m.line('eth0', () => {
    ring.irqs += 1;
    a.schedule();
  });
  const a = m.napi(
    'a',
    (napi, budget) => {
      hooks.onPoll?.(napi.polls);
      const work = Math.min(ring.packets, budget);
      ring.packets -= work;
      polls.push(`${work}/${budget}`);
      if (work === budget) return work;
      const unmask = napi.completeDone(work);
      completions.push(unmask);
      if (unmask) line.unmask();
      return work;
    },
    options,
  );
  const arrive = (count = 1) => {
    ring.packets += count;
    line.raise();
  };
  return { m, a, line, ring, polls, completions, hooks, arrive };
}

/** GRO that holds what `held` says, and notes how it is flushed. */
export function groOf(held: number) {
  const flushes: string[] = [];
  const flush = (oldOnly: boolean) => flushes.push(oldOnly ? 'old' : 'all');
  return { flushes, gro: { held, count: 0, flush, deliver: () => {} } };
}
