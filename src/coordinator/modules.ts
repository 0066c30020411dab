// Cold. Runs on: CPUs, at start.
// The user's modules: imported by URL, their default export called once per CPU.

import type { TaskFactory } from '../cpu/application-task.js';
import type { LoadedTask } from '../cpu/build.js';
import type { TaskNapi } from '../cpu/task-napi.js';
import { capabilitiesOf } from '../napi/busy-params.js';
import type { Sink, SinkFactory } from '../net/sink.js';
import { BUILT_IN_TASKS } from './built-in-tasks.js';
import type { SinkOption, TaskConfig } from './options.js';

/** @throws Error · TypeError that name the module and what is wrong with it */
export async function loadSink(option: SinkOption | null, cpu: number): Promise<Sink | null> {
  if (option === null) return null;
  const make = await factoryOf<SinkFactory>('sink', String(option.url), 'the sink function');
  return make({ cpu, data: option.data });
}

/** @throws Error · TypeError that name the module and what is wrong with it */
export async function loadTasks(options: readonly TaskConfig[], cpu: number): Promise<LoadedTask[]> {
  const tasks: LoadedTask[] = [];
  for (const { url, data, name, weight, capabilities } of options) {
    const make = BUILT_IN_TASKS.get(url) ?? (await factoryOf<TaskFactory>('task', url, 'the step function'));
    const begin = (napi: TaskNapi) => make({ cpu, data, napi });
    tasks.push({ name, weight, capabilities: capabilitiesOf(capabilities), begin });
  }
  return tasks;
}

/** @param what what it must return @returns what names the module when it throws, or returns something else */
async function factoryOf<F>(kind: string, url: string, what: string): Promise<F> {
  const { default: factory } = await importModule(kind, url);
  if (typeof factory !== 'function') throw new TypeError(`${kind} ${url}: its default export must be a function`);
  return ((context: unknown) => {
    const made = called(kind, url, () => factory(context));
    if (typeof made !== 'function') throw new TypeError(`${kind} ${url}: its default export must return ${what}`);
    return made;
  }) as F;
}

function called(kind: string, url: string, factory: () => unknown): unknown {
  try {
    return factory();
  } catch (error) {
    throw named(kind, url, error);
  }
}

async function importModule(kind: string, url: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(url);
  } catch (error) {
    throw named(kind, url, error);
  }
}

function named(kind: string, url: string, error: unknown): Error {
  return new Error(`${kind} ${url}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
