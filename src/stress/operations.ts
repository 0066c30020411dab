// Cold. Runs on: main.
// What is done to a machine while traffic runs, as a table: one row per control operation. A new one is one more row; `fits` says
// which machines take it, also by the options that it needs.

import type { Snapshot } from '../coordinator/snapshot-types.js';
import { always, type Operation } from './operation.js';
import { CPU_OPERATIONS, KILL, LOCK_UP } from './operations-cpus.js';
import { LINE_OPERATIONS } from './operations-lines.js';
import { NAPI_OPERATIONS } from './operations-napi.js';
import { SETTING_OPERATIONS } from './operations-settings.js';

export const OPERATIONS: readonly Operation[] = [
  { name: 'snapshot', fits: always, run: async (host) => compareSnapshots(host.snapshot(), host.snapshot()) },
  ...LINE_OPERATIONS,
  ...CPU_OPERATIONS,
  ...NAPI_OPERATIONS,
  ...SETTING_OPERATIONS,
];

/** Of every round: how it ends. */
export const STOP = 'stop';
export const STOP_IN_A_MOVE = 'stop in a move';

/** Those by which CPUs die. */
export const ACCIDENTS: readonly string[] = [KILL, LOCK_UP];

/** Names of all that is counted. */
export const OPERATION_NAMES: readonly string[] = [...OPERATIONS.map(({ name }) => name), STOP, STOP_IN_A_MOVE];

/** @throws Error when a counter went back */
function compareSnapshots(before: Snapshot, now: Snapshot): void {
  const [was, is] = [countersOf(before), countersOf(now)];
  const wrong = was.findIndex((value, index) => is[index]! < value);
  if (wrong >= 0) throw new Error(`counter ${wrong} of two snapshots went back from ${was[wrong]} to ${is[wrong]}`);
}

function countersOf({ nics, cpus, stack }: Snapshot): number[] {
  const ofCpus = cpus.flatMap(({ hardirqs, netRxSoftirqs, processed, sleeps }) => [
    hardirqs,
    netRxSoftirqs,
    processed,
    sleeps,
  ]);
  const ofQueues = nics.flatMap(({ queues }) =>
    queues.flatMap(({ rxPackets, irqs, polls }) => [rxPackets, irqs, polls]),
  );
  return [stack.delivered, stack.deliveredBytes, nics[0]!.offeredPackets, ...ofQueues, ...ofCpus];
}
