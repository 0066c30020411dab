// Cold. Runs on: CPU n.
// A sink that counts its CPU's packets, and signals the task there that waits for them. Behind the event's own two words stand these,
// so that one line is a CPU's.

import type { SinkFactory } from '../../../src/index.js';
import { WaitEvent } from '../../../src/sync.js';

/** Packets, written by the sink. */
export const BROUGHT = 2;
/** How many of them the task knows of, and how often it was woken. */
export const SEEN = 3;
export const WAKES = 4;

const factory: SinkFactory = ({ cpu, data }) => {
  const at = cpu * WaitEvent.BYTES;
  const words = new Int32Array(data as SharedArrayBuffer, at);
  const event = new WaitEvent(data as SharedArrayBuffer, at);
  return (burst) => {
    Atomics.add(words, BROUGHT, burst.count);
    event.signal(burst.napiId);
  };
};

export default factory;
