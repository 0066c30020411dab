// Cold. Runs on: CPU n, when an application sets them.
// How a socket, or a wait over several, busy-polls; and who may ask for how much (net/core/sock.c: SO_BUSY_POLL,
// SO_PREFER_BUSY_POLL, SO_BUSY_POLL_BUDGET; fs/eventpoll.c: EPIOCSPARAMS).

import { ErrnoError } from '../runtime/errno.js';
import { BUSY_POLL_BUDGET } from './busy-poll.js';
import { NAPI_POLL_WEIGHT } from './napi.js';

/** What there is of capabilities(7). */
export const CAPABILITY_NAMES = ['CAP_NET_ADMIN'] as const;
export type Capability = (typeof CAPABILITY_NAMES)[number];

/** What a task, or an attached thread, may do: what it was given. */
export interface Capabilities {
  readonly capNetAdmin: boolean;
}

export function capabilitiesOf(names: readonly Capability[]): Capabilities {
  return { capNetAdmin: names.includes('CAP_NET_ADMIN') };
}

export interface BusyPollParams {
  /** How long to poll, µs; 0: not. */
  readonly usecs: number;
  /** Packets of a poll; 0: as many as by default. */
  readonly budget: number;
  /** PREFER_BUSY_POLL */
  readonly prefer: boolean;
}

const S32_MAX = 0x7fffffff;
const U16_MAX = 0xffff;

export const NO_BUSY_POLL: BusyPollParams = { usecs: 0, budget: BUSY_POLL_BUDGET, prefer: false };

/** setsockopt() of one or several of them. @throws ErrnoError EINVAL, EPERM; nothing is changed then */
export function socketParams(
  now: BusyPollParams,
  wanted: Partial<BusyPollParams>,
  { capNetAdmin }: Capabilities,
): BusyPollParams {
  const next = { ...now, ...wanted };
  check('SO_BUSY_POLL', next.usecs, S32_MAX);
  checkFlag('SO_PREFER_BUSY_POLL', next.prefer);
  if (!capNetAdmin && wanted.prefer === true) throw forbidden('SO_PREFER_BUSY_POLL', 1, 'to switch it on');
  if (!capNetAdmin && next.budget > now.budget) {
    throw forbidden('SO_BUSY_POLL_BUDGET', next.budget, `more than ${now.budget}`);
  }
  check('SO_BUSY_POLL_BUDGET', next.budget, U16_MAX);
  return next;
}

/** EPIOCSPARAMS: all of them at once. @throws ErrnoError EINVAL, EPERM */
export function waitParams(wanted: BusyPollParams, { capNetAdmin }: Capabilities): BusyPollParams {
  check('busy_poll_usecs', wanted.usecs, S32_MAX);
  check('busy_poll_budget', wanted.budget, U16_MAX);
  checkFlag('prefer_busy_poll', wanted.prefer);
  if (wanted.budget > NAPI_POLL_WEIGHT && !capNetAdmin) {
    throw forbidden('busy_poll_budget', wanted.budget, `more than ${NAPI_POLL_WEIGHT}`);
  }
  return wanted;
}

function check(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new ErrnoError('EINVAL', `${name}=${value}`, `must be an integer from 0 to ${max}`);
}

/** What is merely true to JavaScript would prefer, and pass for somebody who does not ask for it. */
function checkFlag(name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new ErrnoError('EINVAL', `${name}=${String(value)}`, 'must be true or false');
}

function forbidden(name: string, value: number, what: string): ErrnoError {
  const [capability] = CAPABILITY_NAMES;
  return new ErrnoError('EPERM', `${name}=${value}`, `${what} needs ${capability}`, capability);
}
