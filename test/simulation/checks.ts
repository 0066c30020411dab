// Cold. Runs on: main.
// What must hold between two turns of a simulation, what must hold at its end, and what is left of it to compare.

import { takeSnapshot } from '../../src/coordinator/snapshot.js';
import type { CpuSnapshot, NicSnapshot, Snapshot, StackSnapshot } from '../../src/coordinator/snapshot-types.js';
import { verify } from '../../src/coordinator/verify.js';
import { readNic } from '../../src/nic/nic.js';
import { sentByFlow } from './frames.js';
import { isLossless } from './scenario.js';
import type { Simulation } from './simulation.js';

/** All that a run leaves behind; the same for the same seed. */
export interface Outcome {
  readonly nic: NicSnapshot;
  readonly cpus: readonly CpuSnapshot[];
  readonly stack: StackSnapshot;
  readonly offered: number;
  readonly dropped: number;
  readonly moves: number;
  readonly steps: number;
  /** Every packet, in short. */
  readonly flows: string;
}

/** Between two turns no thread has anything in its hands, so the laws of a stop hold at any time. */
export function assertConsistent(simulation: Simulation): void {
  const { machine, plan, flows, scenario } = simulation;
  const snapshot = takeSnapshot(simulation.source, true);
  const violations = verify(machine, plan, snapshot, scenario.mode, 0);
  const { delivered, deliveredBytes } = snapshot.stack;
  if (delivered !== flows.packets) violations.push(`delivered=${delivered}, but ${flows.packets} came to the sink`);
  if (deliveredBytes !== flows.bytes) violations.push(`deliveredBytes=${deliveredBytes}, but ${flows.bytes} came`);
  refuse(violations);
}

/** Nothing moves any more: then nothing is in flight, and every packet is accounted for, flow by flow. */
export function assertDrained(simulation: Simulation): void {
  const { machine, plan, scenario } = simulation;
  const { conservation } = takeSnapshot(simulation.source, true);
  const { held, ended } = readNic(machine.views, plan.nic.state);
  const violations: string[] = [...simulation.printed];
  if (!ended) violations.push('the source has not ended');
  if (held > 0 || conservation.inFlight > 0) violations.push(`stall: ${conservation.inFlight} packets are in flight`);
  if (!scenario.endless && conservation.offered !== scenario.packets)
    violations.push(`offered=${conservation.offered}`);
  refuse([...violations, ...lostOf(simulation)]);
}

function lostOf({ machine, plan, flows, scenario }: Simulation): string[] {
  const sent = sentByFlow(machine.views, plan, scenario);
  if (!isLossless(scenario)) return [];
  return [...sent].flatMap(([flow, count]) =>
    flows.count(flow) === count ? [] : [`flow ${flow}: ${count} sent, ${flows.count(flow)} delivered`],
  );
}

function refuse(violations: readonly string[]): void {
  if (violations.length > 0) throw new Error(violations.join('; '));
}

export function outcomeOf(simulation: Simulation): Outcome {
  const snapshot: Snapshot = takeSnapshot(simulation.source, true);
  return {
    nic: snapshot.nics[0]!,
    cpus: snapshot.cpus,
    stack: snapshot.stack,
    offered: snapshot.conservation.offered,
    dropped: snapshot.conservation.dropped,
    moves: simulation.mover.completed,
    steps: simulation.steps,
    flows: simulation.flows.digest(),
  };
}
