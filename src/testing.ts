// Cold. Runs on: main, threads of the explorer.
// The public test tools: every schedule of your threads, and a whole machine on one thread.

export * from './explore/index.js';
export { type NapiBit, NapiError } from './napi/bits.js';
export type { SimulatedBacklog } from './simulate/backlog.js';
export type { ApplicationOptions, SimulatedCpu, TaskUse, Vector } from './simulate/cpu.js';
export { type SimulateOptions, type Simulation, simulate } from './simulate/machine.js';
export type { NapiOptions, PollFunction, SimulatedNapi } from './simulate/napi.js';
export type { TraceEvent, TraceEventName, TraceLog } from './simulate/trace.js';
