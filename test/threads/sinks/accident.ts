// Cold. Runs on: CPU n.
// A sink that after some bursts, on one CPU, does what it must not.

import type { Burst, Sink } from '../../../src/index.js';

export interface Accident {
  readonly kind: keyof typeof ACCIDENTS;
  /** Where it happens; the other CPUs receive in peace. */
  readonly cpu: number;
  readonly afterBursts: number;
  /** Of one double: when it happened, in ms since 1970. */
  readonly at: Float64Array;
}

const ACCIDENTS = {
  throw: (): void => {
    throw new Error('the sink has had enough');
  },
  exit: (): void => process.exit(3),
  'out of memory': (at: Float64Array): void => {
    // Many small objects that all stay: the heap grows to its limit.
    for (const kept: number[][] = []; ; at[0] = Date.now())
      kept.push(Array.from({ length: 10_000 }, () => Math.random()));
  },
  promise: (): unknown => Promise.resolve(),
  'never returns': (): void => {
    for (;;);
  },
};

export default function accident({ cpu, data }: { readonly cpu: number; readonly data: unknown }): Sink {
  const { kind, cpu: where, afterBursts, at } = data as Accident;
  let bursts = 0;
  const sink = (_burst: Burst): unknown => {
    bursts += 1;
    if (cpu !== where || bursts < afterBursts) return undefined;
    at[0] = Date.now();
    return ACCIDENTS[kind](at);
  };
  return sink as Sink;
}
