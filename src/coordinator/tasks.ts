// Cold. Runs on: main (makes them), workers (run them).
// What a worker thread is given, and what every worker does around its agent.

import { instantiateBursts } from '../bursts/load.js';
import { buildCpu, type CpuLayout, type CpuSettings } from '../cpu/build.js';
import { ContextWords } from '../memory/context.js';
import { CPU_COUNTERS, counterAddresses, NIC_COUNTERS } from '../memory/counters.js';
import { attachMemory, type Handle } from '../memory/handle.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import { Barrier } from '../memory/sync.js';
import type { Views } from '../memory/views.js';
import type { Sink, SinkFactory } from '../net/sink.js';
import { buildNic, type NicRegions, type NicSettings } from '../nic/build.js';
import type { SourceFault } from '../nic/devices/device.js';
import type { Agent } from '../runtime/agent.js';
import { type Clock, MonotonicClock } from '../runtime/clock.js';
import { SpinThenSleep } from '../runtime/idle.js';
import { runLoop } from '../runtime/loop.js';
import { nameThread, threadId, threadUse } from '../runtime/thread.js';
import { gunzipInflater } from './inflater.js';
import type { SinkOption } from './options.js';
import { calibrateWork } from './work.js';

/** What both kinds of worker are given. */
interface RoleTask {
  readonly handle: Handle;
  /** Byte address of the role's context words. */
  readonly context: number;
  readonly barrier: number;
  readonly parties: number;
  readonly spin: boolean;
}

export interface NicTask extends RoleTask {
  readonly regions: NicRegions;
  readonly settings: NicSettings;
}

export interface CpuTask extends RoleTask {
  readonly layout: CpuLayout;
  readonly settings: Omit<CpuSettings, 'workIterations'>;
  readonly workNs: number;
  readonly once: number;
  readonly workSpeed: number;
  readonly sink: SinkOption | null;
}

/** Threads that load a module or a capture may take their time, but not for ever. */
const START_TIMEOUT_MS = 30_000;

/** @returns why the source ended before its end */
export function runNicTask(task: NicTask): SourceFault | null {
  const views = attachMemory(task.handle);
  const bursts = instantiateBursts(task.handle.module, task.handle.memory);
  const clock = new MonotonicClock();
  const nic = buildNic(views, task.regions, task.settings, { bursts, clock, inflater: gunzipInflater });
  const counters = counterAddresses(NIC_COUNTERS, task.regions.counters, NIC_COUNTERS);
  runRole(views, task, nic, clock, counters);
  return nic.close();
}

export async function runCpuTask(task: CpuTask): Promise<void> {
  const views = attachMemory(task.handle);
  const bursts = instantiateBursts(task.handle.module, task.handle.memory);
  const clock = new MonotonicClock();
  const sink = await loadSink(task.sink, task.layout.cpu);
  const workIterations = calibrateWork(views, bursts, clock, task);
  const seams = { bursts, clock, sink, needResched: () => false };
  const cpu = buildCpu(views, task.layout, { ...task.settings, workIterations }, seams);
  const counters = counterAddresses(CPU_COUNTERS, task.layout.counters, CPU_COUNTERS);
  runRole(views, task, cpu, clock, counters);
}

/** Meets the others, runs the agent until main says stop, and leaves the thread's own figures behind. */
function runRole(
  views: Views,
  task: RoleTask,
  agent: Agent,
  clock: Clock,
  counters: { readonly sleeps: number; readonly cpuNs: number; readonly involuntarySwitches: number },
): void {
  const context = new ContextWords(views, task.context);
  const tid = threadId();
  nameThread(agent.role);
  context.writeTid(tid);
  const policy = new SpinThenSleep(views, task.context, clock, task.spin, counters.sleeps);
  new Barrier(views, task.barrier, task.parties).wait(START_TIMEOUT_MS);
  const before = threadUse(tid);
  runLoop(views, task.context, agent, policy);
  const after = threadUse(tid);
  if (before === null || after === null) return;
  views.doubles[counters.cpuNs / DOUBLE_BYTES] = after.cpuNs - before.cpuNs;
  views.doubles[counters.involuntarySwitches / DOUBLE_BYTES] = after.involuntarySwitches - before.involuntarySwitches;
}

async function loadSink(option: SinkOption | null, cpu: number): Promise<Sink | null> {
  if (option === null) return null;
  const url = String(option.url);
  const { default: factory } = await importSink(url);
  if (typeof factory !== 'function') throw new TypeError(`sink ${url}: its default export must be a function`);
  const sink: unknown = factory({ cpu, data: option.data });
  if (typeof sink !== 'function') throw new TypeError(`sink ${url}: its default export must return the sink function`);
  return sink as Sink;
}

async function importSink(url: string): Promise<{ readonly default?: SinkFactory }> {
  try {
    return await import(url);
  } catch (error) {
    throw new Error(`sink ${url}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
