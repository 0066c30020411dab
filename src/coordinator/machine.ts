// Cold. Runs on: main, before any thread.
// Makes the machine: the memory, and in it every ring, pool, line and NAPI instance, with all rings posted.

import { referenceBursts } from '../bursts/reference/reference.js';
import { napiState } from '../cpu/build.js';
import { RxQueue } from '../driver/rx-queue.js';
import { IrqLine, type LineFlow } from '../irq/line.js';
import { joinMachine } from '../memory/bells.js';
import { ContextWords } from '../memory/context.js';
import { counterAddress, POLL_COUNTERS } from '../memory/counters.js';
import { attachMemory, createMemory, type Handle } from '../memory/handle.js';
import type { Views } from '../memory/views.js';
import { NapiIds } from '../napi/control.js';
import { NapiDevice } from '../napi/device.js';
import { NAPI_POLL_WEIGHT } from '../napi/napi.js';
import { Softnet } from '../napi/softnet.js';
import type { NapiState } from '../napi/state.js';
import { Sysctls } from '../napi/sysctl.js';
import { NapiThreads } from '../napi/threaded.js';
import { BufferPool, createBufferPool } from '../ring/buffer-pool.js';
import { createRxRing, RxRingConsumer } from '../ring/rx-ring.js';
import { HZ } from '../runtime/clock.js';
import { stderrPrintk } from '../runtime/printk.js';
import type { Plan } from './plan.js';

const NICS = 1;

export interface Machine {
  readonly handle: Handle;
  readonly views: Views;
  readonly lines: readonly IrqLine[];
  readonly sysctls: Sysctls;
  readonly device: NapiDevice;
  readonly threads: NapiThreads;
  /** The queues' instances; none in interrupt mode. */
  readonly states: readonly NapiState[];
  /** How often one of them was disabled: each time an interrupt may be left without its completion. */
  disables: number;
}

/** @param ring descriptors per ring */
export function createMachine(plan: Plan, ring: number, flow: LineFlow, module: WebAssembly.Module): Machine {
  const handle = createMemory(plan.bytes, module);
  const views = attachMemory(handle);
  joinMachine(handle.generation, views, plan.cpus[0]!.bells);
  const { irq, rings, napis, napiCount } = plan.cpus[0]!;
  for (const { softnet } of plan.polling) Softnet.create(views, softnet);
  for (const address of plan.pollerContexts) new ContextWords(views, address).end(); // until a thread has it
  const states = flow === 'level' ? [] : rings.map((_, queue) => napiState(views, napis, queue));
  const threads = new NapiThreads();
  const device = createDevice(plan, states, threads);
  for (let id = states.length; id < napiCount; id += 1) napiState(views, napis, id).create();
  const sysctls = new Sysctls(views, plan.cpus[0]!.sysctls, HZ);
  sysctls.create();
  const lines = rings.map((_, queue) => {
    const line = new IrqLine(views, irq, queue);
    line.create(flow, queue % plan.cpus.length);
    return line;
  });
  rings.forEach((address, queue) => {
    createRxRing(views, address, ring);
    createBufferPool(views, plan.cpus[0]!.pools[queue]!, queue * plan.poolCapacity, plan.poolCapacity);
    postAll(handle, views, plan, queue);
  });
  return { handle, views, lines, sysctls, device, threads, states, disables: 0 };
}

/** Its instances have an index each, so that what is set persists. */
function createDevice({ polling }: Plan, states: readonly NapiState[], threads: NapiThreads): NapiDevice {
  const contexts = polling.length + NICS;
  const device = new NapiDevice('nic0', states.length, new NapiIds(states, contexts), threads);
  for (const [queue, state] of states.entries()) {
    device.add(state, queue, NAPI_POLL_WEIGHT, stderrPrintk());
    device.enable(state);
  }
  return device;
}

/** The driver's part of bringing a queue up: every slot gets a fresh buffer. */
function postAll(handle: Handle, views: Views, plan: Plan, queue: number): void {
  const cpu = plan.cpus[0]!;
  const { batch, buffers, links } = cpu;
  const parts = {
    bursts: referenceBursts(handle.memory, views),
    ring: new RxRingConsumer(views, cpu.rings[queue]!, plan.nicContext),
    pool: new BufferPool(views, cpu.pools[queue]!, links),
    state: napiState(views, cpu.napis, queue),
  };
  const taken = counterAddress(POLL_COUNTERS, cpu.pollCounters[queue]!, 'taken');
  const rx = new RxQueue(views, parts, { batch, buffers, links, taken });
  rx.claim();
  rx.refill();
  rx.release();
}
