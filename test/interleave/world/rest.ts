// Cold. Runs on: main.
// What must hold when no thread of a world has anything left to do.

import type { Shared } from '../scenario.js';
import { enabledFor } from './laws.js';
import type { World } from './world.js';

/** The line is enabled and for this CPU, nobody polls, the ring is empty, each buffer is in one place. */
export function unrest(world: World, shared: Shared, target: number): string | null {
  const { parts, plan, options } = world;
  const views = world.views(shared);
  const line = views.words[world.lineWord]!;
  if (line !== enabledFor(options.flow, target)) return `line=${line.toString(16)} at rest`;
  for (let id = 0; id < plan.cpus[0]!.napiCount; id++) {
    if (parts.napiState(views, plan.cpus[0]!.napis, id).holder() >= 0) return `napi ${id} is scheduled at rest`;
  }
  const waiting = parts.ringWaiting(views, plan.nic.rings[0]!);
  if (waiting !== 0) return `ring=${waiting} at rest`;
  buffersOnce(world, shared);
  return null;
}

/** @throws Error when a buffer is in no place, or in two */
export function buffersOnce(world: World, shared: Shared): void {
  const { pools, links, rings } = world.plan.cpus[0]!;
  world.parts.assertBuffersOnce(world.views(shared), pools[0]!, links, rings, []);
}

/** The identities that a run asserts at its stop. At rest there is a completion for each interrupt. */
export function miscounted(world: World, shared: Shared): string | null {
  const { parts, plan, options } = world;
  const { CPU_COUNTERS, POLL_COUNTERS, readCounters, sumCounters } = parts;
  const views = world.views(shared);
  const perCpu = [...plan.cpus, ...plan.pollers].map(({ pollCounters }) =>
    readCounters(views, POLL_COUNTERS, pollCounters[0]!),
  );
  const total = sumCounters(perCpu, POLL_COUNTERS);
  const { irqs, polls, completions, taken } = total;
  const { hardirqs } = sumCounters(
    plan.cpus.map(({ counters }) => readCounters(views, CPU_COUNTERS, counters)),
    CPU_COUNTERS,
  );
  if (taken !== options.frames.length) return `taken=${taken}`;
  if (irqs !== hardirqs) return `irqs=${irqs} hardirqs=${hardirqs}`;
  if (world.mode === 'interrupt') return null;
  if (irqs !== completions) return `irqs=${irqs} completions=${completions} at rest`;
  const stillOff = total.fullBudgetPolls + total.missedReschedules + total.deferredPolls;
  const ends = completions + total.unaskedPolls + stillOff;
  return polls === ends ? null : `polls=${polls}, of which ${ends} have ended`;
}
