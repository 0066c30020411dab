// Cold. Runs on: main, at every stop.
// The identities that hold at every orderly stop. What a violation says is a bug in softirq.

import { readBacklog } from '../net/backlog-packets.js';
import { assertBuffersOnce } from '../ring/check.js';
import type { Machine } from './machine.js';
import type { Plan } from './plan.js';
import type { Snapshot } from './snapshot-types.js';

/** @returns one line per violation */
export function verify(machine: Machine, plan: Plan, snapshot: Snapshot, mode: 'napi' | 'interrupt'): string[] {
  const violations = [
    ...conservation(snapshot),
    ...recordings(snapshot),
    ...interrupts(snapshot),
    ...buffers(machine, plan),
  ];
  return mode === 'napi' ? [...violations, ...polls(snapshot, machine.disables)] : violations;
}

function conservation({ conservation: law }: Snapshot): string[] {
  if (law.holds) return [];
  const { offered, delivered, dropped, inFlight } = law;
  return [`offered ${offered} ≠ delivered ${delivered} + dropped ${dropped} + in flight ${inFlight}`];
}

/** Every packet that was delivered, or dropped, is in the file that was to have it. */
function recordings({ config, conservation, recordings }: Snapshot): string[] {
  const delivered = typeof config.write === 'string' ? conservation.delivered : 0;
  const dropped = typeof config.writeDropped === 'string' ? conservation.dropped : 0;
  const recorded = recordings.reduce((total, { packets }) => total + packets, 0);
  if (recorded === delivered + dropped) return [];
  return [`recorded ${recorded} ≠ delivered ${delivered} + dropped ${dropped} that were to be recorded`];
}

function interrupts({ nics, cpus }: Snapshot): string[] {
  const lines = nics.reduce((total, nic) => total + nic.irqs, 0);
  const handled = cpus.reduce((total, cpu) => total + cpu.hardirqs, 0);
  return lines === handled ? [] : [`Σ nics.irqs ${lines} ≠ Σ cpus.hardirqs ${handled}`];
}

/** @param disables each of them may leave one interrupt without its completion */
function polls({ nics }: Snapshot, disables: number): string[] {
  const violations: string[] = [];
  for (const { name, queues } of nics) {
    for (const queue of queues) {
      const stillOff = queue.fullBudgetPolls + queue.missedReschedules + queue.deferredPolls;
      const ended = queue.completions + queue.unaskedPolls + stillOff;
      if (queue.polls !== ended)
        violations.push(`${name} queue ${queue.id}: polls ${queue.polls} ≠ ${ended} ways to end`);
    }
    const open = queues.reduce((total, queue) => total + queue.irqs - queue.completions, 0);
    const most = queues.length + disables;
    if (open < 0 || open > most) {
      violations.push(`${name}: irqs - completions = ${open}, not within 0 … ${most}`);
    }
  }
  return violations;
}

function buffers({ views }: Machine, plan: Plan): string[] {
  const { pools, rings, links } = plan.cpus[0]!;
  const inBacklogs = plan.backlogs.flatMap((backlog) => readBacklog(views, backlog, links).buffers);
  return pools.flatMap((pool, queue) => {
    try {
      assertBuffersOnce(views, pool, links, [rings[queue]!], inBacklogs);
      return [];
    } catch (error) {
      return [`queue ${queue}: ${(error as Error).message}`];
    }
  });
}
