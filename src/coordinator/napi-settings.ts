// Cold. Runs on: main.
// What can be set for a NAPI instance: names and policy of netdev-genl's napi-set.

import type { NapiTunables } from '../napi/device.js';
import { S32_MAX } from '../napi/device.js';
import { THREADED_MODES, type ThreadedMode } from '../napi/threaded.js';
import { ErrnoError } from '../runtime/errno.js';

/** What of an instance can be set: the names of netdev-genl's napi-set, in camel case. */
export interface NapiSettings {
  /** defer-hard-irqs: completions that leave the line masked, 0 … 2147483647. */
  deferHardIrqs?: number;
  /** gro-flush-timeout, ns. */
  groFlushTimeout?: number;
  /** irq-suspend-timeout, ns. */
  irqSuspendTimeout?: number;
  threaded?: ThreadedMode;
  /**
   * The form of its thread: false, a task on its line's CPU; true, a worker of its own. Whatever it is at the start, only a machine that
   * was started with it has room for workers. (Not of netdev-genl.)
   */
  threadWorker?: boolean;
}

/** In netdev-genl. */
export const NETLINK_NAMES: Readonly<Record<keyof NapiSettings, string>> = {
  deferHardIrqs: 'defer-hard-irqs',
  groFlushTimeout: 'gro-flush-timeout',
  irqSuspendTimeout: 'irq-suspend-timeout',
  threaded: 'threaded',
  threadWorker: 'thread-worker',
};
/** The keys of NapiSettings by their names in netdev-genl. */
export const NAPI_KEYS = new Map(
  Object.entries(NETLINK_NAMES).map(([key, name]) => [name, key as keyof NapiSettings] as const),
);

/** `threaded=enabled thread-worker=true`, as `--napi` takes it. @param settings that passed checkNapiSettings() */
export function netlinkText(settings: NapiSettings): string {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return given.map(([key, value]) => `${NETLINK_NAMES[key as keyof NapiSettings]}=${value}`).join(' ');
}

export function tunablesOf(settings: NapiSettings): Partial<NapiTunables> {
  const { deferHardIrqs, groFlushTimeout, irqSuspendTimeout } = settings;
  return {
    ...(deferHardIrqs !== undefined && { deferHardIrqs }),
    ...(groFlushTimeout !== undefined && { groFlushTimeoutNs: groFlushTimeout }),
    ...(irqSuspendTimeout !== undefined && { irqSuspendTimeoutNs: irqSuspendTimeout }),
  };
}

/** The policy of napi-set. @throws ErrnoError EINVAL · ERANGE */
export function checkNapiSettings(settings: NapiSettings): void {
  for (const [key, value] of Object.entries(settings)) {
    const name = Object.hasOwn(NETLINK_NAMES, key) ? NETLINK_NAMES[key as keyof NapiSettings] : null;
    if (name === null) {
      throw new ErrnoError(
        'EINVAL',
        `napi-set: ${key}`,
        `there is no such attribute; there are ${[...NAPI_KEYS.keys()].join(', ')}`,
      );
    }
    if (value === undefined) continue;
    if (key === 'threaded') checkMode(value);
    else if (key === 'threadWorker') checkForm(value);
    else checkNumber(name, value, key === 'deferHardIrqs' ? S32_MAX : Number.MAX_SAFE_INTEGER);
  }
}

function checkMode(value: unknown): void {
  if (THREADED_MODES.includes(value as ThreadedMode)) return;
  throw new ErrnoError('ERANGE', `napi-set: threaded=${String(value)}`, `must be ${THREADED_MODES.join(', ')}`);
}

function checkForm(value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new ErrnoError('EINVAL', `napi-set: thread-worker=${String(value)}`, 'must be true or false');
}

function checkNumber(name: string, value: unknown, max: number): void {
  if (!Number.isInteger(value))
    throw new ErrnoError('EINVAL', `napi-set: ${name}=${String(value)}`, 'must be an integer');
  if ((value as number) < 0 || (value as number) > max) {
    throw new ErrnoError('ERANGE', `napi-set: ${name}=${value}`, `must be from 0 to ${max}`);
  }
}
