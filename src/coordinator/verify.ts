// Cold. Runs on: main, at every stop.
// The identities that hold at every orderly stop. What a violation says is a bug in softirq.

import { BATCH_ENTRIES } from '../bursts/layout.js';
import { readBacklog } from '../net/backlog-packets.js';
import { assertBuffersOnce } from '../ring/check.js';
import type { Machine } from './machine.js';
import type { Plan } from './plan.js';
import type { Snapshot } from './snapshot-types.js';

/**
 * A CPU that dies between two stores leaves counters of which one is out and the next is not. What may still be demanded, for each
 * of `accidents`:
 *   offered = delivered + dropped + lostWithCpu + in flight, and each buffer once      exactly: main has set these words right
 *   recorded − delivered − dropped            one burst more or less: counted before it is recorded, whole blocks only
 *   Σ nics.irqs − Σ cpus.hardirqs             0 or −1: hardirqs is counted first
 *   polls − ways to end                       0 or 1: a poll is counted as it begins
 *   irqs − completions                        one more or less: taken and not counted, or unmasked and not counted
 * Tallies (what packets were made of) and flow tables may hold what the burst in hand was made of, or a part of it.
 * @param accidents CPUs that were lost
 * @returns one line per violation
 */
export function verify(
  machine: Machine,
  plan: Plan,
  snapshot: Snapshot,
  mode: 'napi' | 'interrupt',
  accidents: number,
): string[] {
  const violations = [
    ...conservation(snapshot, accidents),
    ...recordings(snapshot, accidents),
    ...interrupts(snapshot, accidents),
    ...buffers(machine, plan),
  ];
  return mode === 'napi' ? [...violations, ...polls(snapshot, machine.disables, accidents)] : violations;
}

function conservation({ conservation: law }: Snapshot, accidents: number): string[] {
  const { offered, delivered, dropped, lostWithCpu, inFlight, holds } = law;
  const violations: string[] = [];
  const parts = `delivered ${delivered} + dropped ${dropped} + lost with CPUs ${lostWithCpu} + in flight ${inFlight}`;
  if (!holds) violations.push(`offered ${offered} ≠ ${parts}`);
  const most = accidents * BATCH_ENTRIES;
  if (lostWithCpu < 0 || lostWithCpu > most) {
    violations.push(`lost with CPUs ${lostWithCpu}, not within 0 … ${most} of ${accidents} accidents`);
  }
  return violations;
}

/** Every packet that was delivered, or dropped, is in the file that was to have it. */
function recordings({ config, conservation, recordings }: Snapshot, accidents: number): string[] {
  const delivered = typeof config.write === 'string' ? conservation.delivered : 0;
  const dropped = typeof config.writeDropped === 'string' ? conservation.dropped : 0;
  const recorded = recordings.reduce((total, { packets }) => total + packets, 0);
  if (Math.abs(recorded - delivered - dropped) <= accidents * BATCH_ENTRIES) return [];
  return [`recorded ${recorded} ≠ delivered ${delivered} + dropped ${dropped} that were to be recorded`];
}

function interrupts({ nics, cpus }: Snapshot, accidents: number): string[] {
  const lines = nics.reduce((total, nic) => total + nic.irqs, 0);
  const handled = cpus.reduce((total, cpu) => total + cpu.hardirqs, 0);
  const uncounted = handled - lines;
  return uncounted >= 0 && uncounted <= accidents ? [] : [`Σ nics.irqs ${lines} ≠ Σ cpus.hardirqs ${handled}`];
}

/** @param disables each of them may leave one interrupt without its completion */
function polls({ nics }: Snapshot, disables: number, accidents: number): string[] {
  const violations: string[] = [];
  for (const { name, queues } of nics) {
    for (const queue of queues) {
      const stillOff = queue.fullBudgetPolls + queue.missedReschedules + queue.deferredPolls;
      const ended = queue.completions + queue.unaskedPolls + stillOff;
      if (queue.polls < ended || queue.polls > ended + accidents)
        violations.push(`${name} queue ${queue.id}: polls ${queue.polls} ≠ ${ended} ways to end`);
    }
    const open = queues.reduce((total, queue) => total + queue.irqs - queue.completions, 0);
    const most = queues.length + disables + accidents;
    if (open < -accidents || open > most) {
      violations.push(`${name}: irqs - completions = ${open}, not within ${-accidents} … ${most}`);
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
