// Cold. Runs on: every thread of the explorer.
// The agents of a world, and the bodies that run them.

import type { Burst } from '../../../src/net/sink.js';
import type { Nic } from '../../../src/nic/nic.js';
import type { Agent } from '../../../src/runtime/agent.js';
import type { Shared } from '../scenario.js';
import { deviceOf } from './frames.js';
import type { World } from './world.js';

const CORE = { threadIrqs: false };
const RECEIVE = { workIterations: 0, verifyL4: false };

/** @param first the frame it begins with; those before have been offered by another */
export function nicOf(world: World, shared: Shared, first = 0, count = world.options.frames.length - first): Nic {
  const { parts, plan, options } = world;
  const { NIC_COUNTERS, NIC_QUEUE_COUNTERS, counterAddresses } = parts;
  const views = world.views(shared);
  const layout = { ...plan.nic, ...counterAddresses(NIC_COUNTERS, plan.nic.counters, NIC_COUNTERS) };
  const queue = {
    ring: new parts.RxRingProducer(views, plan.nic.rings[0]!),
    line: world.line(shared),
    ...counterAddresses(NIC_QUEUE_COUNTERS, plan.nic.queueCounters[0]!, NIC_QUEUE_COUNTERS),
  };
  const seams = { bursts: world.bursts(shared), clock: new parts.VirtualClock(), recorder: null };
  const device = deviceOf(plan.nic.frames, first, count, options.burst);
  return new parts.Nic('nic0', views, seams, layout, { device, queues: [queue], full: 'wait', framesMax: count });
}

/** A NIC on its loop, until it sleeps for good. */
export function nicLoop(world: World, shared: Shared): () => void {
  const { parts, plan } = world;
  const nic = nicOf(world, shared);
  const sleeps = parts.counterAddress(parts.NIC_COUNTERS, plan.nic.counters, 'sleeps');
  return () => runLoop(world, shared, nic, plan.nicContext, sleeps);
}

/** A CPU on its loop, until it sleeps for good. */
export function cpuLoop(world: World, shared: Shared, cpu: number, agent = cpuOf(world, shared, cpu)): () => void {
  const { parts, plan } = world;
  const sleeps = parts.counterAddress(parts.CPU_COUNTERS, plan.cpus[cpu]!.counters, 'sleeps');
  return () => runLoop(world, shared, agent, plan.cpuContexts[cpu]!, sleeps);
}

/** @param nowNs at what time it stands */
export function cpuOf(world: World, shared: Shared, cpu: number, nowNs = 0): Agent {
  const { parts, plan, options, mode } = world;
  const layout = plan.cpus[cpu]!;
  const irq = options.flow === 'nolatch' ? 'nolatch' : 'latch';
  const checkBuffers = mode === 'napi';
  const settings = { ...CORE, ...RECEIVE, weight: options.weight, mode, irq, checkBuffers } as const;
  const seams = seamsOf(world, shared, cpu);
  seams.clock.advance(nowNs);
  return parts.buildCpu(world.views(shared), layout, settings, seams);
}

/** The NAPI's worker on its loop, until it sleeps for good or is asked to stop. */
export function workerLoop(world: World, shared: Shared): () => void {
  const { parts, plan, options } = world;
  const layout = plan.pollers[0]!;
  const irq = options.flow === 'nolatch' ? 'nolatch' : 'latch';
  const settings = { ...RECEIVE, weight: options.weight, irq, checkBuffers: true } as const;
  const seams = { ...seamsOf(world, shared, layout.cpu), isAsked: () => false, turn: () => {} };
  const agent = parts.buildNapiWorker(world.views(shared), layout, settings, seams, 0, 'napi');
  const sleeps = parts.counterAddress(parts.CPU_COUNTERS, layout.counters, 'sleeps');
  return () => runLoop(world, shared, agent, plan.pollerContexts[0]!, sleeps);
}

/**
 * A context that schedules the NAPI without any interrupt, and polls it if it may: as a driver's watchdog does, or busy
 * polling will. Neither interrupts nor a loop: one call.
 */
export function scheduler(world: World, shared: Shared, cpu: number): () => void {
  const { parts, plan, options } = world;
  const { CPU_COUNTERS, POLL_COUNTERS, counterAddress, counterAddresses } = parts;
  const views = world.views(shared);
  const layout = plan.cpus[cpu]!;
  const counters = counterAddresses(CPU_COUNTERS, layout.counters, CPU_COUNTERS);
  const { bursts, clock } = seamsOf(world, shared, cpu);
  const states = Array.from({ length: layout.napiCount }, (_, id) => parts.napiState(views, layout.napis, id));
  const none = () => 0;
  const { printk, trace } = seamsOf(world, shared, cpu);
  const hooks = { deliver: none, needResched: () => false, printk, trace, threadIrqs: false };
  const softirqs = new parts.Softirqs(views, layout.softirq, clock, hooks, counters);
  const softnet = new parts.Softnet(views, layout.softnet, cpu, states, softirqs);
  const poller = new parts.NapiPoller(views, softnet, { clock, printk, trace }, counters.lastPollNs);
  new parts.NetRxAction(views, softnet, poller, { clock, deliver: none }, world.sysctls(shared), counters);
  softnet.add(0, { weight: options.weight });
  const { ring, pool } = world.hold(shared);
  const polled = counterAddresses(POLL_COUNTERS, layout.pollCounters[0]!, POLL_COUNTERS);
  const { batch, buffers, links } = layout;
  const where = { batch, buffers, links, taken: polled.taken };
  const rx = new parts.RxQueue(views, { bursts, ring, pool, state: states[0]! }, where);
  const burst = new parts.Burst(views, batch, buffers, links);
  const at = (name: (typeof CPU_COUNTERS)[number]) => counterAddress(CPU_COUNTERS, layout.counters, name);
  const places = { ...counters, ...layout, malformed: at('ethernetTruncated') };
  const sink = (burst: Burst) => world.witness.receive(world.notes(shared), burst);
  const receive = new parts.Receive(views, places, RECEIVE, { bursts, burst, recorder: null, sink });
  const recheck = options.flow === 'nolatch';
  const line = world.line(shared);
  new parts.RxPoll(views, { cpu, queue: 0, softnet, rx, receive, line, recheck, beforeRelease() {} }, polled);
  return () => {
    softirqs.irqEnter();
    softnet.napiSchedule(0);
    softirqs.irqExit();
  };
}

/** In interrupt mode the ring belongs to the line's target, and the state word is not used. */
function seamsOf(world: World, shared: Shared, cpu: number) {
  const bursts = world.bursts(shared);
  return {
    bursts: world.mode === 'napi' ? world.witness.guarded(bursts, world.notes(shared), cpu) : bursts,
    clock: new world.parts.VirtualClock(),
    printk: new world.parts.Printk((line) => {
      throw new Error(line);
    }),
    trace: null,
    tasks: [],
    signalPending: () => false,
    recorder: null,
    sink: (burst: Burst) => world.witness.receive(world.notes(shared), burst),
    needResched: () => world.options.needResched ?? false,
  };
}

/** Without spinning, which would never end while time stands still. */
function runLoop(world: World, shared: Shared, agent: Agent, context: number, sleeps: number): void {
  const { parts } = world;
  const views = world.views(shared);
  const idle = new parts.SpinThenSleep(views, context, new parts.VirtualClock(), false, sleeps);
  parts.runLoop(views, context, agent, idle);
}
