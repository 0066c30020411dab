// Cold. Runs on: main, before any thread.
// Makes the machine: the memory, and in it every ring, pool, line and NAPI instance, with all rings posted.

import { referenceBursts } from '../bursts/reference/reference.js';
import { napiState } from '../cpu/build.js';
import { RxQueue } from '../driver/rx-queue.js';
import { IrqLine, type LineFlow } from '../irq/line.js';
import { attachMemory, createMemory, type Handle } from '../memory/handle.js';
import type { Views } from '../memory/views.js';
import { NapiIds } from '../napi/control.js';
import { Softnet } from '../napi/softnet.js';
import { BufferPool, createBufferPool } from '../ring/buffer-pool.js';
import { createRxRing, RxRingConsumer } from '../ring/rx-ring.js';
import type { Config } from './options.js';
import type { Plan } from './plan.js';

export type Tunables = Pick<Config, 'deferHardIrqs' | 'groFlushTimeout' | 'irqSuspendTimeout'>;

export interface Machine {
  readonly handle: Handle;
  readonly views: Views;
  readonly lines: readonly IrqLine[];
}

/** @param ring descriptors per ring */
export function createMachine(plan: Plan, ring: number, flow: LineFlow, module: WebAssembly.Module): Machine {
  const handle = createMemory(plan.bytes, module);
  const views = attachMemory(handle);
  const { irq, rings, napis, napiCount } = plan.cpus[0]!;
  for (const { softnet } of plan.cpus) Softnet.create(views, softnet);
  for (let id = 0; id < napiCount; id += 1) napiState(views, napis, id).create();
  const ids = new NapiIds(
    rings.map((_, queue) => napiState(views, napis, queue)),
    plan.cpus.length + 1,
  );
  const lines = rings.map((_, queue) => {
    ids.assign(napiState(views, napis, queue));
    const line = new IrqLine(views, irq, queue);
    line.create(flow, queue % plan.cpus.length);
    return line;
  });
  rings.forEach((address, queue) => {
    createRxRing(views, address, ring);
    createBufferPool(views, plan.cpus[0]!.pools[queue]!, queue * plan.poolCapacity, plan.poolCapacity);
    postAll(handle, views, plan, queue);
  });
  return { handle, views, lines };
}

/** The device's tunables, the same for all its queues. */
export function setTunables({ views }: Machine, { cpus, nic }: Plan, config: Tunables): void {
  nic.rings.forEach((_, queue) => {
    const state = napiState(views, cpus[0]!.napis, queue);
    state.deferHardIrqs = config.deferHardIrqs;
    state.groFlushTimeoutNs = config.groFlushTimeout;
    state.irqSuspendTimeoutNs = config.irqSuspendTimeout;
  });
}

/** The driver's part of bringing a queue up: every slot gets a fresh buffer. */
function postAll(handle: Handle, views: Views, plan: Plan, queue: number): void {
  const cpu = plan.cpus[0]!;
  const rx = new RxQueue(
    views,
    referenceBursts(handle.memory, views),
    new RxRingConsumer(views, cpu.rings[queue]!, plan.nicContext),
    new BufferPool(views, cpu.pools[queue]!, cpu.links),
    napiState(views, cpu.napis, queue),
    cpu.batch,
    cpu.buffers,
    cpu.links,
  );
  rx.claim();
  rx.refill();
  rx.release();
}
