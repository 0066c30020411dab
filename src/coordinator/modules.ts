// Cold. Runs on: CPUs, at start.
// The user's modules: imported by URL, their default export called once per CPU.

import type { LoadedTask } from '../cpu/build.js';
import { TaskNapi } from '../cpu/task-napi.js';
import type { Sink } from '../net/sink.js';
import type { SinkOption, TaskConfig } from './options.js';
import spin from './spin.js';

/** @throws Error · TypeError that name the module and what is wrong with it */
export async function loadSink(option: SinkOption | null, cpu: number): Promise<Sink | null> {
  if (option === null) return null;
  return (await make('sink', String(option.url), { cpu, data: option.data }, 'the sink function')) as Sink;
}

/** @throws Error · TypeError that name the module and what is wrong with it */
export async function loadTasks(options: readonly TaskConfig[], cpu: number): Promise<LoadedTask[]> {
  const tasks: LoadedTask[] = [];
  for (const { url, data, name, weight } of options) {
    const napi = new TaskNapi(name, { capNetAdmin: true });
    const step = url === 'spin' ? spin() : await make('task', url, { cpu, data, napi }, 'the step function');
    tasks.push({ name, weight, napi, step: step as LoadedTask['step'] });
  }
  return tasks;
}

async function make(kind: string, url: string, context: object, what: string): Promise<unknown> {
  const { default: factory } = await importModule(kind, url);
  if (typeof factory !== 'function') throw new TypeError(`${kind} ${url}: its default export must be a function`);
  const made: unknown = factory(context);
  if (typeof made !== 'function') throw new TypeError(`${kind} ${url}: its default export must return ${what}`);
  return made;
}

async function importModule(kind: string, url: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(url);
  } catch (error) {
    throw new Error(`${kind} ${url}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
