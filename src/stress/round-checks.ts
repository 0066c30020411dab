// Cold. Runs on: main.
// What must hold of a round's machine when it has come to an orderly end.

import type { Snapshot } from '../coordinator/snapshot-types.js';
import type { FlowRecord } from './flow-record.js';

/** What is known of a round besides its snapshot. */
export interface Evidence {
  readonly record: Pick<FlowRecord, 'violations'>;
  /** That its packets are of. */
  readonly flows: number;
  /** How often a CPU was killed or locked up. */
  readonly accidents: number;
  /** The watchdog's lines of what stands still. */
  readonly standing: () => readonly string[];
}

/** A CPU has so many packets in hand at most; in mode interrupt one. */
const BURST = 64;

/** @returns one line for each thing that is wrong */
export function roundViolations(snapshot: Snapshot, evidence: Evidence): string[] {
  const { offered, delivered, dropped, lostWithCpu: lost } = snapshot.conservation;
  const { record, flows } = evidence;
  return [
    ...inFlight(snapshot, evidence),
    ...lostWithout(snapshot, evidence),
    ...malformed(snapshot),
    ...full(snapshot),
    ...record.violations({ flows, offered, delivered, dropped, lost }),
  ];
}

function inFlight({ conservation }: Snapshot, { standing }: Evidence): string[] {
  const { inFlight } = conservation;
  return inFlight > 0 ? [`${inFlight} packets are in flight after the drain`, ...standing()] : [];
}

/** Nothing is lost but what was in the hand of a CPU that died. */
function lostWithout({ conservation, config }: Snapshot, { accidents }: Evidence): string[] {
  const { lostWithCpu: lost } = conservation;
  const most = accidents * (config.mode === 'interrupt' ? 1 : BURST);
  return lost > most ? [`${lost} packets are lost with CPUs, of which ${accidents} died: ${most} at most`] : [];
}

function malformed({ stack }: Snapshot): string[] {
  return Object.entries(stack.malformed)
    .filter(([, packets]) => packets > 0)
    .map(([reason, packets]) => `${packets} packets as pktgen sends them were dropped as malformed: ${reason}`);
}

function full({ config, nics: [nic] }: Snapshot): string[] {
  const [wrong, times] = config.full === 'wait' ? ['missed', nic!.rxMissedErrors] : ['held', nic!.pauses];
  return times > 0 ? [`full=${config.full}, and frames were ${wrong} ${times} times`] : [];
}
