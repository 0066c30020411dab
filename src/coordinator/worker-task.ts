// Cold. Runs on: main (makes it), a NAPI's own worker (runs it).
// What the worker of a threaded NAPI is given, and what it does around its agent.

import { instantiateBursts } from '../bursts/load.js';
import { buildCpuRecorder, type CpuRecorderTask } from '../capture/write-build.js';
import type { CpuLayout } from '../cpu/build.js';
import { buildNapiWorker, type PollerSettings } from '../cpu/poll-build.js';
import { joinMachine } from '../memory/bells.js';
import { CPU_COUNTERS, counterAddresses } from '../memory/counters.js';
import { attachMemory } from '../memory/handle.js';
import { MonotonicClock } from '../runtime/clock.js';
import { stderrPrintk } from '../runtime/printk.js';
import { loadSink } from './modules.js';
import type { SinkOption } from './options.js';
import { type RoleTask, recordingAgent, runRole } from './tasks.js';
import { calibrateWork } from './work.js';

export interface WorkerTask extends RoleTask {
  /** `napi/nic0-4` */
  readonly role: string;
  readonly queue: number;
  readonly layout: CpuLayout;
  readonly settings: Omit<PollerSettings, 'workIterations'>;
  readonly workNs: number;
  readonly once: number;
  readonly workSpeed: number;
  readonly sink: SinkOption | null;
  readonly recorder: CpuRecorderTask | null;
}

export async function runWorkerTask(task: WorkerTask): Promise<void> {
  const { layout, queue, role } = task;
  const views = attachMemory(task.handle);
  const bursts = instantiateBursts(task.handle.module, task.handle.memory);
  const clock = new MonotonicClock();
  joinMachine(task.handle.generation, views, layout.bells);
  const sink = await loadSink(task.sink, layout.cpu);
  const workIterations = calibrateWork(views, bursts, clock, task);
  const recorder = task.recorder === null ? null : buildCpuRecorder(views, bursts, clock, layout, task.recorder);
  const seams = { bursts, clock, printk: stderrPrintk(), sink, recorder, isAsked: () => false, turn: () => {} };
  const worker = buildNapiWorker(views, layout, { ...task.settings, workIterations }, seams, queue, role);
  const counters = counterAddresses(CPU_COUNTERS, layout.counters, CPU_COUNTERS);
  runRole(views, task, recordingAgent(worker, recorder), clock, counters);
}
