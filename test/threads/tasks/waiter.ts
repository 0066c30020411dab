// Cold. Runs on: CPU n.
// An application that waits for what the sink `signals` brings, as epoll_wait, and counts what it was told of.

import type { TaskFactory } from '../../../src/index.js';
import { WaitEvent } from '../../../src/sync.js';
import { BROUGHT, LINES_BYTES, SEEN, WAKES } from '../sinks/signals.js';

const factory: TaskFactory = ({ cpu, data, napi }) => {
  const at = cpu * LINES_BYTES;
  const buffer = data as SharedArrayBuffer;
  const words = new Int32Array(buffer, at, LINES_BYTES / 4);
  const wait = napi.wait([new WaitEvent(buffer, at)], { usecs: 200, prefer: true });
  return () => {
    if (wait.wait(1000) === 0) return false;
    words[SEEN] = Atomics.load(words, BROUGHT);
    words[WAKES] = words[WAKES]! + 1;
    return true;
  };
};

export default factory;
