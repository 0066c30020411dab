// Cold. Runs on: main.
// The application's tasks on one CPU of the deterministic machine. They end with the CPU's thread, and begin anew with the next.

import { ApplicationTask, type Step, type TaskFactory } from '../cpu/application-task.js';
import type { CpuCore } from '../cpu/core.js';
import { NICE_0_WEIGHT } from '../cpu/scheduler.js';
import { TaskNapi } from '../cpu/task-napi.js';
import { TaskSleep } from '../cpu/task-sleep.js';
import { counterAddresses, readCounters, TASK_COUNTERS } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { type Capability, capabilitiesOf } from '../napi/busy-params.js';
import type { WaitSeams } from '../napi/wait.js';
import type { Waitable } from '../napi/wait-event.js';
import type { Clock } from '../runtime/clock.js';
import { assertWhole } from './check.js';
import { TASKS_MAX } from './layout.js';

/** What a task has used, as of now. */
export interface TaskUse {
  /** Calls of its step function. */
  readonly steps: number;
  readonly runNs: number;
}

export interface ApplicationOptions {
  /** Its share of the CPU, against 1024 of ksoftirqd. Default 1024. */
  readonly weight?: number;
  /** What its factory is given as `data`. Default null. */
  readonly data?: unknown;
  /** Default: none. */
  readonly capabilities?: readonly Capability[];
  /** What its `napi.packets` are: m.event() of the test's own. Default: none. */
  readonly packets?: readonly Waitable[];
}

/** What tasks need of their CPU. */
export interface TasksCpu {
  readonly id: number;
  readonly waitSeams: WaitSeams;
  /** Runs `code` as this CPU. */
  task<T>(code: () => T): T;
  /** The test's own code, called by this CPU, which may end in it. */
  guard<T>(code: () => T): () => T;
}

interface Added {
  readonly name: string;
  readonly factory: TaskFactory;
  readonly options: ApplicationOptions;
  /** Block of TASK_COUNTERS. */
  readonly block: number;
}

export class CpuTasks {
  private readonly views: Views;
  private readonly clock: Clock;
  private readonly cpu: TasksCpu;
  private readonly blocks: readonly number[];
  private readonly added: Added[] = [];

  /** @param blocks of TASK_COUNTERS, one for each task that there can be */
  constructor(views: Views, clock: Clock, cpu: TasksCpu, blocks: readonly number[]) {
    this.views = views;
    this.clock = clock;
    this.cpu = cpu;
    this.blocks = blocks;
  }

  add(core: CpuCore, name: string, factory: TaskFactory, options: ApplicationOptions): TaskUse {
    assertWhole(`cpu${this.cpu.id}: tasks`, this.added.length + 1, 1, TASKS_MAX);
    assertWhole(`task ${name}: weight`, options.weight ?? NICE_0_WEIGHT, 1);
    const block = this.blocks[this.added.length]!;
    const task = { name, factory, options, block };
    this.begin(core, task);
    this.added.push(task);
    const read = () => readCounters(this.views, TASK_COUNTERS, block);
    return {
      get steps() {
        return read().steps;
      },
      get runNs() {
        return read().runNs;
      },
    };
  }

  /** The CPU has a thread again. */
  beginAnew(core: CpuCore): void {
    for (const task of this.added) this.begin(core, task);
  }

  private begin(core: CpuCore, { name, factory, options, block }: Added): void {
    const { cpu } = this;
    const { weight = NICE_0_WEIGHT, data = null, capabilities = [], packets = [] } = options;
    const { interrupts, busyPoller, scheduler } = core;
    const counters = counterAddresses(TASK_COUNTERS, block, TASK_COUNTERS);
    const sleep = new TaskSleep(null);
    const napi = new TaskNapi({ ...cpu.waitSeams, busyPoller, packets }, capabilitiesOf(capabilities), sleep);
    const step: Step = cpu.guard(cpu.task(() => factory({ cpu: cpu.id, data, napi })));
    const interrupted = () => interrupts.any();
    scheduler.add(
      new ApplicationTask(this.views, { name, step, sleep, weight }, { clock: this.clock, interrupted }, counters),
    );
  }
}
