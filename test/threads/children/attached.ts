// Cold. Runs on: a thread of the application.
// Attaches itself, and does what it is told, one order at a time; answers with what came of it.

import { parentPort, workerData } from 'node:worker_threads';
import { type AttachHandle, attachHost, type BusyLoop, type Sink } from '../../../src/index.js';
import type { FlowTable } from '../flow-table.js';
import flowCheck from '../sinks/flow-check.js';

export interface Given {
  readonly handle: AttachHandle;
  /** Checks the packets; null: they are counted. */
  readonly table: FlowTable | null;
}

export type Order =
  /** Busy-polls every instance in turn, `ms` each, until the machine ends. */
  | { readonly call: 'poll'; readonly ms: number; readonly options: Partial<BusyLoop> }
  /** One busy loop with these options, of `ms`. */
  | { readonly call: 'loop'; readonly ms: number; readonly options: Partial<BusyLoop> }
  /** The next packet makes the sink throw. */
  | { readonly call: 'throw' }
  /** A busy loop that never ends, or whose `loopEnd` never returns. */
  | { readonly call: 'forever' | 'block' }
  /** Writes CAP_NET_ADMIN into its handle. */
  | { readonly call: 'grant' }
  | { readonly call: 'suspend' | 'resume' | 'close' | 'again' | 'ids' };

/** Attached threads come after CPUs and the NIC: any number that is none of a CPU. */
const CONTEXT = 999;
const { handle, table } = workerData as Given;
const check = table === null ? () => {} : flowCheck({ cpu: CONTEXT, data: table });
let seen = 0;
let throws = false;
const sink: Sink = (burst) => {
  seen += burst.count;
  check(burst);
  if (throws) throw new RangeError('the sink has had enough');
};
const host = attachHost(handle, { sink });

function loop(id: number, ms: number, options: Partial<BusyLoop>): void {
  const end = performance.now() + ms;
  host.busyLoop(id, { ...options, loopEnd: () => performance.now() >= end });
}

function carryOut(order: Order): unknown {
  const [id = 0] = host.ids;
  switch (order.call) {
    case 'poll':
      while (!host.ended) for (const each of host.ids) loop(each, order.ms, order.options);
      return seen;
    case 'loop':
      loop(id, order.ms, order.options);
      return seen;
    case 'throw':
      throws = true;
      return loop(id, 1000, {});
    case 'forever':
      return host.busyLoop(id, { loopEnd: () => false });
    case 'block':
      // Not before it has polled: while the CPU polls, the first turns find the instance claimed.
      return host.busyLoop(id, {
        loopEnd: () => seen > 0 && Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) === 'ok',
      });
    case 'suspend':
      return host.suspendIrqs(id);
    case 'resume':
      return host.resumeIrqs(id);
    case 'close':
      return host.close();
    case 'grant':
      return Object.assign(handle.capabilities, { capNetAdmin: true });
    case 'again':
      return attachHost(handle);
    default:
      return [...host.ids];
  }
}

parentPort!.on('message', (order: Order) => {
  try {
    parentPort!.postMessage({ result: carryOut(order) });
  } catch (error) {
    const { name, message } = error as Error;
    parentPort!.postMessage({ error: { name, message } });
  }
});
parentPort!.postMessage({ result: 'attached' });
