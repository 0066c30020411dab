// The public API.

export { CaptureError } from './capture/capture-error.js';
export { BrokenCaptureError, InvariantError, RoleError, SoftirqOptionError } from './coordinator/errors.js';
export { type Host, startHost } from './coordinator/host.js';
export type { Config, HostOptions, SinkOption } from './coordinator/options.js';
export type * from './coordinator/snapshot-types.js';
export {
  ICMP_TYPE_NAMES,
  ICMPV6_TYPE_NAMES,
  MALFORMED_REASONS,
  PROTOCOL_NAMES,
  TCP_FLAG_NAMES,
} from './memory/counters.js';
export type { Burst, Sink, SinkFactory } from './net/sink.js';
