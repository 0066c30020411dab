// Cold. Runs on: main.
// What a deterministic machine is made by.

import { assertOneOf, assertTime, assertWhole } from './check.js';
import { CPUS_MAX } from './layout.js';

export interface SimulateOptions {
  /** 1 … 63. Default 1. */
  readonly cpus?: number;
  /** Decides whose turn it is in m.turn(), m.run() and whatever waits. Any integer. Default 1. */
  readonly seed?: number;
  /** Jiffies per second: 1 … 10,000. Default 1000. */
  readonly hz?: number;
  /** ns that a turn of m.turn() takes: one of these, drawn by the seed. Default [0]: time stands still unless a test moves it. */
  readonly turnNs?: readonly number[];
  /** net.core.netdev_budget, packets: as m.sysctls.set(), later. Default 300. */
  readonly budget?: number;
  /** net.core.netdev_budget_usecs, µs. Default, and least: 2 jiffies. */
  readonly budgetUsecs?: number;
  /** `threadirqs`: softirqs after interrupts are left to ksoftirqd. Default false. */
  readonly threadIrqs?: boolean;
}

const OPTIONS = ['cpus', 'seed', 'hz', 'turnNs', 'budget', 'budgetUsecs', 'threadIrqs'];

/** @throws RangeError naming the option, its value, and what would be right */
export function assertOptions(options: SimulateOptions): void {
  for (const name of Object.keys(options)) assertOneOf('option', name, OPTIONS);
  const { cpus = 1, seed = 1, hz = 1000, turnNs = [0], budget = 300, budgetUsecs = 0, threadIrqs = false } = options;
  assertWhole('cpus', cpus, 1, CPUS_MAX);
  assertWhole('seed', seed, Number.MIN_SAFE_INTEGER);
  assertWhole('hz', hz, 1, 10_000);
  assertWhole('turnNs.length', turnNs.length, 1);
  for (const ns of turnNs) assertTime('turnNs', ns);
  assertWhole('budget', budget, -(2 ** 31), 2 ** 31 - 1); // The kernel checks no range either.
  assertTime('budgetUsecs', budgetUsecs);
  assertOneOf('threadIrqs', threadIrqs, [true, false]);
}
