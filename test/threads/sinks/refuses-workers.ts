// Cold. Runs on: CPU 0, a NAPI's worker.
// A sink that no thread but CPU 0 can have.

import type { Sink } from '../../../src/index.js';

export default function refusesWorkers({ cpu }: { readonly cpu: number }): Sink {
  if (cpu !== 0) throw new Error('no workers here');
  return () => {};
}
