// Cold. Runs on: main.
// Poll functions that many cases use, and a machine.

import type { PollFunction, SimulatedNapi } from '../../src/simulate/napi.js';
import { type SimulatedCpu, type Simulation, simulate } from '../../src/testing.js';

/** Always uses its whole budget: there is always more. */
export const busy: PollFunction = (_, budget) => budget;

/** Finds `work` packets, and completes. */
export function finds(work: number): PollFunction {
  return (napi) => {
    napi.completeDone(work);
    return work;
  };
}

/** Finds what `next` says, poll by poll; completes when that is under budget, and says what complete returned. */
export function script(next: readonly number[], completions: boolean[] = []): PollFunction {
  const left = [...next];
  return (napi, budget) => {
    const work = left.shift() ?? 0;
    if (work < budget) completions.push(napi.completeDone(work));
    return work;
  };
}

/** The bits that come and go; LISTED stays. */
export function bits(napi: SimulatedNapi): string {
  return napi.state.filter((bit) => bit !== 'LISTED').join('|');
}

/** With three CPUs. */
export function three(): [Simulation, SimulatedCpu, SimulatedCpu, SimulatedCpu] {
  const m = simulate({ cpus: 3 });
  return [m, m.cpus[0]!, m.cpus[1]!, m.cpus[2]!];
}
