// The public API.

export { CaptureError } from './capture/capture-error.js';
export type { AttachOptions } from './coordinator/attachments.js';
export type { BusyPollTaskData } from './coordinator/busy-poll.js';
export type { CpuState } from './coordinator/cpus.js';
export {
  BrokenCaptureError,
  InvariantError,
  RecordingError,
  RoleError,
  SoftirqOptionError,
} from './coordinator/errors.js';
export { type Host, type SysctlControl, startHost } from './coordinator/host.js';
export type { HostCpu } from './coordinator/host-cpus.js';
export type { SysctlSettings } from './coordinator/kernel-options.js';
export type { NapiControl, NapiInfo } from './coordinator/napi-control.js';
export type { NapiSettings } from './coordinator/napi-settings.js';
export type { Config, HostOptions, SinkOption, TaskOption } from './coordinator/options.js';
export type * from './coordinator/snapshot-types.js';
export type { Step, TaskContext, TaskFactory } from './cpu/application-task.js';
export { type AttachedHost, type AttachHandle, type AttachSettings, attachHost } from './cpu/attached.js';
export type { TaskNapi } from './cpu/task-napi.js';
export type { TaskWait } from './cpu/task-wait.js';
export {
  ICMP_TYPE_NAMES,
  ICMPV6_TYPE_NAMES,
  MALFORMED_REASONS,
  PROTOCOL_NAMES,
  TCP_FLAG_NAMES,
} from './memory/counters.js';
export { type NapiBit, NapiError } from './napi/bits.js';
export type { BusyPollParams, Capability } from './napi/busy-params.js';
export type { BusyLoop } from './napi/busy-poll.js';
export type { SysfsName } from './napi/device.js';
export type { SysctlName } from './napi/sysctl.js';
export type { ThreadedMode } from './napi/threaded.js';
export type { Waitable } from './napi/wait-event.js';
export type { Burst, Sink, SinkFactory } from './net/sink.js';
export { type SoftnetCpu, softnetStat } from './observe/softnet-stat.js';
export { type Errno, ErrnoError } from './runtime/errno.js';
