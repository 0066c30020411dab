// Cold. Runs on: main, threads of the explorer.
// The public test tools: every schedule of your threads, and a whole machine on one thread.

export * from './explore/index.js';
export type { LineFlow } from './irq/line.js';
export { type NapiBit, NapiError } from './napi/bits.js';
export { ErrnoError } from './runtime/errno.js';
export type { ControlOperation } from './runtime/operation.js';
export type { SimulatedBacklog } from './simulate/backlog.js';
export type { SimulatedCpu } from './simulate/cpu.js';
export type { SimulatedLine } from './simulate/line.js';
export { type Simulation, simulate } from './simulate/machine.js';
export type { NapiOptions, PollFunction, SimulatedNapi } from './simulate/napi.js';
export type { SimulateOptions } from './simulate/options.js';
export type { CpuCounter, Vector } from './simulate/reading.js';
export type { ApplicationOptions, TaskUse } from './simulate/tasks.js';
export type { TraceEvent, TraceEventName, TraceLog } from './simulate/trace.js';
