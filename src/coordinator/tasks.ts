// Cold. Runs on: main (makes them), workers (run them).
// What a worker thread is given, and what every worker does around its agent.

import { instantiateBursts } from '../bursts/load.js';
import { type Flushed, RecordingAgent } from '../capture/write-agent.js';
import {
  buildCpuRecorder,
  buildNicRecorder,
  type CpuRecorderTask,
  type NicRecorderTask,
} from '../capture/write-build.js';
import { buildCpu, type CpuLayout, type CpuSettings } from '../cpu/build.js';
import { joinMachine } from '../memory/bells.js';
import { ContextWords } from '../memory/context.js';
import { CPU_COUNTERS, counterAddresses, NIC_COUNTERS } from '../memory/counters.js';
import { attachMemory, type Handle } from '../memory/handle.js';
import { DOUBLE_BYTES } from '../memory/layout.js';
import { Barrier } from '../memory/sync/barrier.js';
import type { Views } from '../memory/views.js';
import { buildNic, type NicRegions, type NicSettings } from '../nic/build.js';
import type { SourceFault } from '../nic/devices/device.js';
import type { Agent } from '../runtime/agent.js';
import { type Clock, MonotonicClock } from '../runtime/clock.js';
import { SpinThenSleep } from '../runtime/idle.js';
import { runLoop } from '../runtime/loop.js';
import { stderrPrintk } from '../runtime/printk.js';
import { nameThread, threadId, threadUse } from '../runtime/thread.js';
import { gunzipInflater } from './inflater.js';
import { loadSink, loadTasks } from './modules.js';
import type { SinkOption, TaskConfig } from './options.js';
import { calibrateWork } from './work.js';

/** What every kind of worker is given. */
export interface RoleTask {
  readonly handle: Handle;
  /** Byte address of the role's context words. */
  readonly context: number;
  /** Where all threads meet before they begin; null: this one begins at once, the others run already. */
  readonly meeting: { readonly barrier: number; readonly parties: number } | null;
  readonly spin: boolean;
}

export interface NicTask extends RoleTask {
  readonly regions: NicRegions;
  readonly settings: NicSettings;
  readonly recorder: NicRecorderTask | null;
}

export interface CpuTask extends RoleTask {
  readonly layout: CpuLayout;
  readonly settings: Omit<CpuSettings, 'workIterations'>;
  readonly workNs: number;
  readonly once: number;
  readonly workSpeed: number;
  readonly sink: SinkOption | null;
  readonly recorder: CpuRecorderTask | null;
  readonly tasks: readonly TaskConfig[];
}

/** Threads that load a module or a capture may take their time, but not for ever. */
const START_TIMEOUT_MS = 30_000;

/** @returns why the source ended before its end */
export function runNicTask(task: NicTask): SourceFault | null {
  const views = attachMemory(task.handle);
  const bursts = instantiateBursts(task.handle.module, task.handle.memory);
  const clock = new MonotonicClock();
  const recorder = task.recorder === null ? null : buildNicRecorder(views, bursts, clock, task.recorder);
  const seams = { bursts, clock, recorder, inflater: gunzipInflater };
  const nic = buildNic(views, task.regions, task.settings, seams);
  const counters = counterAddresses(NIC_COUNTERS, task.regions.counters, NIC_COUNTERS);
  runRole(views, task, recordingAgent(nic, recorder), clock, counters);
  return nic.close();
}

export async function runCpuTask(task: CpuTask): Promise<void> {
  const views = attachMemory(task.handle);
  const bursts = instantiateBursts(task.handle.module, task.handle.memory);
  const clock = new MonotonicClock();
  joinMachine(task.handle.generation, views, task.layout.bells);
  const sink = await loadSink(task.sink, task.layout.cpu);
  const tasks = await loadTasks(task.tasks, task.layout.cpu);
  const workIterations = calibrateWork(views, bursts, clock, task);
  const { layout } = task;
  const recorder = task.recorder === null ? null : buildCpuRecorder(views, bursts, clock, layout, task.recorder);
  const outside = { bursts, clock, printk: stderrPrintk(), trace: null, needResched: () => false };
  const context = new ContextWords(views, task.context);
  const signalPending = () => context.request() !== context.done();
  const cpu = buildCpu(
    views,
    layout,
    { ...task.settings, workIterations },
    { ...outside, sink, recorder, tasks, signalPending },
  );
  const counters = counterAddresses(CPU_COUNTERS, layout.counters, CPU_COUNTERS);
  runRole(views, task, recordingAgent(cpu, recorder), clock, counters);
}

export function recordingAgent(agent: Agent, recorder: Flushed | null): Agent {
  return recorder === null ? agent : new RecordingAgent(agent, recorder);
}

/** Meets the others, runs the agent until main says stop, and leaves the thread's own figures behind. */
export function runRole(
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
  if (task.meeting !== null) {
    const { barrier, parties } = task.meeting;
    new Barrier(views.words.buffer, barrier, parties).wait(START_TIMEOUT_MS);
  }
  const before = threadUse(tid);
  runLoop(views, task.context, agent, policy);
  const after = threadUse(tid);
  if (before === null || after === null) return;
  add(views, counters.cpuNs, after.cpuNs - before.cpuNs);
  add(views, counters.involuntarySwitches, after.involuntarySwitches - before.involuntarySwitches);
}

/** A role may have had threads before this one. */
function add({ doubles }: Views, counter: number, amount: number): void {
  const at = counter / DOUBLE_BYTES;
  doubles[at] = doubles[at]! + amount;
}
