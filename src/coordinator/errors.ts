// Cold. Runs on: main.

import { inspect } from 'node:util';
import { CaptureError } from '../capture/capture-error.js';
import type { SourceFault } from '../nic/devices/device.js';
import type { Snapshot } from './snapshot-types.js';

/** An option that cannot be used. Thrown before any thread starts. */
export class SoftirqOptionError extends Error {
  override readonly name = 'SoftirqOptionError';
  /** The option's name as in the library, e.g. `budgetUsecs`. */
  readonly option: string;
  readonly value: unknown;
  /** What would be right. */
  readonly expected: string;

  constructor(option: string, value: unknown, expected: string) {
    super(`${option}=${shown(value)}: ${expected}`);
    this.option = option;
    this.value = value;
    this.expected = expected;
  }
}

/** Any value in one line: users pass functions, symbols and circles too. */
function shown(value: unknown): string {
  if (typeof value === 'string') return /\p{Cc}/u.test(value) ? JSON.stringify(value) : value;
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true });
}

/** A thread of the machine has ended although nobody asked it to. The whole machine was stopped. */
export class RoleError extends Error {
  override readonly name = 'RoleError';
  /** `nic0`, `cpu1`. */
  readonly role: string;

  constructor(role: string, cause: unknown) {
    super(`${role} died: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.role = role;
  }
}

/** What a machine recorded could not be written. If it happened while traffic ran, the whole machine was stopped. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly path: string;
  /** Files that hold what was recorded until then. */
  readonly kept: readonly string[];

  /** @param reason `no space left on device (ENOSPC)` */
  constructor(path: string, reason: string, kept: readonly string[], options?: ErrorOptions) {
    const rest = kept.length === 0 ? '' : `; what was recorded until then is in ${kept.join(', ')}`;
    super(`cannot write ${path}: ${reason}${rest}`, options);
    this.path = path;
    this.kept = kept;
  }
}

/** The machine stopped in order, but its counters contradict each other: a bug in softirq. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly violations: readonly string[];
  readonly snapshot: Snapshot;

  constructor(violations: readonly string[], snapshot: Snapshot) {
    super(`broken invariant: ${violations.join('; ')}`);
    this.violations = violations;
    this.snapshot = snapshot;
  }
}

/** A capture broke off, or is corrupt, after its first packet. All packets before were delivered, and the machine stopped in order. */
export class BrokenCaptureError extends CaptureError {
  override readonly name = 'BrokenCaptureError';
  readonly snapshot: Snapshot;

  constructor(path: string, problem: string, snapshot: Snapshot) {
    super(path, problem);
    this.snapshot = snapshot;
  }
}

/** A source that was refused before its first packet has nothing to show. */
export function captureError({ path, problem, isRefusal }: SourceFault, snapshot: Snapshot): CaptureError {
  return isRefusal ? new CaptureError(path, problem) : new BrokenCaptureError(path, problem, snapshot);
}
