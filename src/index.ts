// The public API.

export { InvariantError, RoleError, SoftirqOptionError } from './coordinator/errors.js';
export { type Host, startHost } from './coordinator/host.js';
export type { Config, HostOptions, SinkOption, TaskOption } from './coordinator/options.js';
export type * from './coordinator/snapshot-types.js';
export type { Step, TaskFactory } from './cpu/application-task.js';
export { MALFORMED_REASONS, PROTOCOL_NAMES } from './memory/counters.js';
export type { Burst, Sink, SinkFactory } from './net/sink.js';
export { CaptureError } from './nic/devices/capture-error.js';
