// Cold. Runs on: main. The public test tools.

export { type NapiBit, NapiError } from './napi/bits.js';
export type { SimulatedCpu, Vector } from './simulate/cpu.js';
export { type SimulateOptions, type Simulation, simulate } from './simulate/machine.js';
export type { NapiOptions, PollFunction, SimulatedNapi } from './simulate/napi.js';
export type { TraceEvent, TraceEventName, TraceLog } from './simulate/trace.js';
