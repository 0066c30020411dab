// Hot. Runs on: CPU n.
// A task of the application: the step function that a user's module brought, and what it has used.

import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { Clock } from '../runtime/clock.js';
import type { Task } from './scheduler.js';
import type { TaskNapi } from './task-napi.js';
import type { TaskSleep } from './task-sleep.js';

/**
 * Does a little work, synchronously. @returns how much, or whether any; 0 or false: nothing to do, asked again in a millisecond, or
 * when what it waits for (TaskWait) has come
 */
export type Step = () => number | boolean;

/** What a task is given: its CPU, what the options say, and a handle for busy polling and waiting. */
export interface TaskContext {
  readonly cpu: number;
  readonly data: unknown;
  readonly napi: TaskNapi;
}

/** A module given as task: its default export is called once per CPU. */
export type TaskFactory = (context: TaskContext) => Step;

/** Byte addresses of the counters that this file writes. */
export interface TaskCounters {
  readonly steps: number;
  readonly runNs: number;
}

/** What a task is. */
export interface TaskParts {
  readonly name: string;
  readonly step: Step;
  readonly sleep: TaskSleep;
  readonly weight: number;
}

/** What it sees of its CPU. */
export interface TaskSeams {
  readonly clock: Clock;
  /** An interrupt is pending: the turn ends, so that it is taken. */
  readonly interrupted: () => boolean;
}

/** In a turn, also where a virtual clock stands still. */
const STEPS_MAX = 1000;

export class ApplicationTask implements Task {
  readonly weight: number;
  private readonly name: string;
  private readonly step: Step;
  private readonly sleep: TaskSleep;
  private readonly doubles: Float64Array;
  private readonly steps: number;
  private readonly runNs: number;
  private readonly clock: Clock;
  private readonly interrupted: () => boolean;
  private wakeNs = 0;

  constructor(views: Views, task: TaskParts, seams: TaskSeams, counters: TaskCounters) {
    this.name = task.name;
    this.step = task.step;
    this.sleep = task.sleep;
    this.weight = task.weight;
    this.doubles = views.doubles;
    this.steps = counters.steps / DOUBLE_BYTES;
    this.runNs = counters.runNs / DOUBLE_BYTES;
    this.clock = seams.clock;
    this.interrupted = seams.interrupted;
  }

  isRunnable(nowNs: number): boolean {
    return nowNs >= this.wakeNs || this.sleep.isOver();
  }

  nextNs(): number {
    return this.wakeNs;
  }

  prepareToWait(): void {
    this.sleep.arm();
  }

  /** @throws Error what the step function threw, with the task's name, or a sink within it; TypeError when it returns anything else */
  run(untilNs: number): number {
    const startNs = this.clock.nowNs;
    let work = 0;
    let steps = 0;
    this.wakeNs = 0; // An event may have ended its sleep.
    do {
      work = this.once();
      steps += 1;
      this.clock.tick();
    } while (work > 0 && steps < STEPS_MAX && this.clock.nowNs < untilNs && !this.interrupted());
    this.doubles[this.steps] = this.doubles[this.steps]! + steps;
    this.doubles[this.runNs] = this.doubles[this.runNs]! + this.clock.nowNs - startNs;
    if (!(work > 0)) this.wakeNs = this.clock.nowNs + this.sleep.ns;
    return steps;
  }

  private once(): number {
    const did = this.called();
    return typeof did === 'number' || typeof did === 'boolean' ? Number(did) : refuse(this.name, did);
  }

  private called(): unknown {
    const { sleep } = this;
    sleep.begin();
    try {
      const did = this.step();
      if (sleep.fault === null) return did;
    } catch (error) {
      if (sleep.fault === null) throw failed(this.name, error);
    }
    throw sleep.fault.error;
  }
}

function failed(name: string, error: unknown): Error {
  return new Error(`task ${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
}

function refuse(name: string, returned: unknown): never {
  const what = returned instanceof Promise ? 'a promise' : String(returned);
  throw new TypeError(`task ${name}: its step function returned ${what}: it must return a number or a boolean`);
}
