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

export class RoleTasks {
  private readonly machine: Machine;
  private readonly plan: Plan;
  private readonly config: Config;
  private readonly nicSettings: NicSettings;
  private readonly recordings: Recordings;

  constructor(machine: Machine, plan: Plan, config: Config, nicSettings: NicSettings, recordings: Recordings) {
    this.machine = machine;
    this.plan = plan;
    this.config = config;
    this.nicSettings = nicSettings;
    this.recordings = recordings;
  }

  nic(meeting: Meeting): NicTask {
    const { nicContext, nic } = this.plan;
    const ofNic = { context: nicContext, regions: nic, settings: this.nicSettings };
    return { ...this.shared(), ...ofNic, meeting, recorder: this.recordings.nicTask() };
  }

  cpu(cpu: number, meeting: Meeting): CpuTask {
    const { plan, config, recordings } = this;
    const ofCpu = { context: plan.cpuContexts[cpu]!, layout: plan.cpus[cpu]!, tasks: config.task };
    return { ...this.ofPolling(), ...ofCpu, meeting, recorder: recordings.cpuTask(`cpu${cpu}`) };
  }

  /** @param role `napi/nic0-4`: the thread of this queue's NAPI */
  worker(queue: number, role: string): WorkerTask {
    const { plan, recordings } = this;
    const ofWorker = { role, queue, context: plan.pollerContexts[queue]!, layout: plan.pollers[queue]! };
    return { ...this.ofPolling(), ...ofWorker, meeting: null, recorder: recordings.cpuTask(workerPart(queue)) };
  }

  private shared() {
    return { handle: this.machine.handle, spin: this.config.spin };
  }

  private ofPolling() {
    const { plan } = this;
    const { mode, irq, checkBuffers, verifyL4, weight, work, sink } = this.config;
    return {
      ...this.shared(),
      settings: { mode, irq, checkBuffers, verifyL4, weight, threadIrqs: false },
      workNs: work,
      once: plan.once,
      workSpeed: plan.workSpeed,
      sink: sink === null ? null : { ...sink, url: String(sink.url) },
    };
  }
}
