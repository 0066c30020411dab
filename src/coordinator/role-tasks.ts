// Cold. Runs on: main.
// What the thread of each role is given, at the start of the machine and whenever a role begins anew.

import type { NicSettings } from '../nic/build.js';
import type { Machine } from './machine.js';
import type { Config } from './options.js';
import type { Plan } from './plan.js';
import { workerPart } from './recording-paths.js';
import type { Recordings } from './recordings.js';
import type { CpuTask, NicTask } from './tasks.js';
import type { WorkerTask } from './worker-task.js';

/** Where the threads meet that start together; null: this one waits for no other. */
export type Meeting = NicTask['meeting'];

export interface RoleTasks {
  nic(meeting: Meeting): NicTask;
  cpu(cpu: number, meeting: Meeting): CpuTask;
  /** @param role `napi/nic0-4`: the thread of this queue's NAPI */
  worker(queue: number, role: string): WorkerTask;
}

export function roleTasks(
  machine: Machine,
  plan: Plan,
  config: Config,
  settings: NicSettings,
  recordings: Recordings,
): RoleTasks {
  const shared = { handle: machine.handle, spin: config.spin };
  const ofPolling = { ...shared, ...pollingTask(plan, config) };
  const ofNic = { ...shared, context: plan.nicContext, regions: plan.nic, settings };
  return {
    nic: (meeting) => ({ ...ofNic, meeting, recorder: recordings.nicTask() }),
    cpu: (cpu, meeting) => ({
      ...ofPolling,
      ...{ meeting, tasks: config.task },
      context: plan.cpuContexts[cpu]!,
      layout: plan.cpus[cpu]!,
      recorder: recordings.cpuTask(`cpu${cpu}`),
    }),
    worker: (queue, role) => ({
      ...ofPolling,
      ...{ meeting: null, role, queue },
      context: plan.pollerContexts[queue]!,
      layout: plan.pollers[queue]!,
      recorder: recordings.cpuTask(workerPart(queue)),
    }),
  };
}

/** What all roles are given that poll. */
function pollingTask({ once, workSpeed }: Plan, config: Config) {
  const { mode, irq, checkBuffers, verifyL4, weight, work, sink } = config;
  return {
    settings: { mode, irq, checkBuffers, verifyL4, weight, threadIrqs: false },
    workNs: work,
    once,
    workSpeed,
    sink: sink === null ? null : { ...sink, url: String(sink.url) },
  };
}
