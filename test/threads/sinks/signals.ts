// Cold. Runs on: CPU n.
// A sink that counts its CPU's packets, and signals the task there that waits for them. Behind the event stands a line of these words;
// both together are a CPU's.

import type { SinkFactory } from '../../../src/index.js';
import { WaitEvent } from '../../../src/sync.js';

/** Bytes of both. */
export const LINES_BYTES = 2 * WaitEvent.BYTES;
/** Packets, written by the sink. With the next two, in the line behind the event. */
export const BROUGHT = WaitEvent.BYTES / 4;
/** How many of them the task knows of, and how often it was woken. */
export const SEEN = BROUGHT + 1;
export const WAKES = SEEN + 1;

const factory: SinkFactory = ({ cpu, data }) => {
  const at = cpu * LINES_BYTES;
  const words = new Int32Array(data as SharedArrayBuffer, at);
  const event = new WaitEvent(data as SharedArrayBuffer, at);
  return (burst) => {
    Atomics.add(words, BROUGHT, burst.count);
    event.signal(burst.napiId);
  };
};

export default factory;
