// Cold. Runs on: CPU n.
// Sleeps without a time-out until the event, and answers each signal by a count. CPU 1 passes it on to CPU 0's event.

import type { TaskFactory } from '../../../src/index.js';
import { WaitEvent } from '../../../src/sync.js';

/** Words of an answer, behind the events. */
export const ANSWERS = 8 * (WaitEvent.BYTES / 4);

const factory: TaskFactory = ({ cpu, data, napi }) => {
  const buffer = data as SharedArrayBuffer;
  const words = new Int32Array(buffer);
  const events = [0, 1].map((index) => new WaitEvent(buffer, index * WaitEvent.BYTES));
  const wait = napi.wait([events[cpu]!]);
  return () => {
    if (wait.wait(Number.POSITIVE_INFINITY) === 0) return false;
    Atomics.add(words, ANSWERS + cpu, 1);
    Atomics.notify(words, ANSWERS + cpu);
    if (cpu === 1) events[0]!.signal(0);
    return true;
  };
};

export default factory;
