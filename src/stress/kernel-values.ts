// Cold. Runs on: main.
// Values of sysctls and of NAPI settings: what rounds set, and what a machine must refuse.

import type { NapiSettings } from '../coordinator/napi-settings.js';
import { S32_MAX } from '../napi/device.js';
import { FLOW_LIMIT_TABLE_LEN_MAX, NETDEV_MAX_BACKLOG_MAX, type SysctlName } from '../napi/sysctl.js';
import type { Random } from '../runtime/random.js';
import { between, magnitude } from './setting.js';

/** What a machine takes, its bounds, and the part of it where something happens. */
interface Range {
  readonly min: number;
  readonly max: number;
  /** Both over 0. */
  readonly usual: readonly [min: number, max: number];
  /** Of all these, the powers of two. */
  readonly powers?: true;
}

const BUDGET_USECS_MIN = 2000;

const SYSCTL_RANGES: Readonly<Record<SysctlName, Range>> = {
  'net.core.netdev_budget': { min: -S32_MAX - 1, max: S32_MAX, usual: [1, 1000] },
  'net.core.netdev_budget_usecs': { min: BUDGET_USECS_MIN, max: S32_MAX, usual: [BUDGET_USECS_MIN, 50_000] },
  'net.core.netdev_max_backlog': { min: 0, max: NETDEV_MAX_BACKLOG_MAX, usual: [1, NETDEV_MAX_BACKLOG_MAX] },
  'net.core.dev_weight': { min: 1, max: S32_MAX, usual: [1, 300] },
  'net.core.dev_weight_rx_bias': { min: 1, max: S32_MAX, usual: [1, 8] },
  'net.core.busy_poll': { min: 0, max: S32_MAX, usual: [1, 1000] },
  'net.core.flow_limit_table_len': {
    min: 1,
    max: FLOW_LIMIT_TABLE_LEN_MAX,
    usual: [1, FLOW_LIMIT_TABLE_LEN_MAX],
    powers: true,
  },
  'net.core.flow_limit_cpu_bitmap': { min: 0, max: Number.MAX_SAFE_INTEGER, usual: [1, 255] },
};

/** What can be tuned of an instance; the timeouts in ns. A deferred packet waits for so long, and a round has no time for more. */
const NAPI_RANGES = {
  deferHardIrqs: { min: 0, max: S32_MAX, usual: [1, 100] },
  groFlushTimeout: { min: 0, max: Number.MAX_SAFE_INTEGER, usual: [5000, 1_000_000] },
  irqSuspendTimeout: { min: 0, max: Number.MAX_SAFE_INTEGER, usual: [100_000, 20_000_000] },
} as const satisfies Partial<Record<keyof NapiSettings, Range>>;

export type NapiTunable = keyof typeof NAPI_RANGES;
export const NAPI_TUNABLES = Object.keys(NAPI_RANGES) as NapiTunable[];

/** Now and then a bound. */
export function sysctlValue(random: Random, name: SysctlName): number {
  const { min, max, usual, powers } = SYSCTL_RANGES[name];
  const value = [min, max][random.below(16)] ?? magnitude(random, usual[0], usual[1]);
  return powers ? 2 ** Math.floor(Math.log2(value)) : value;
}

/** Now and then 0: off. */
export function napiTunable(random: Random, name: NapiTunable): number {
  const { usual } = NAPI_RANGES[name];
  return random.below(8) === 0 ? 0 : magnitude(random, usual[0], usual[1]);
}

/** Values that must be refused, whatever the machine. */
export function refusedSysctl(random: Random, name: SysctlName): number {
  return outside(random, SYSCTL_RANGES[name]);
}

export function refusedTunable(random: Random, name: NapiTunable): number {
  return outside(random, NAPI_RANGES[name]);
}

function outside(random: Random, { min, max, powers }: Range): number {
  const values = [min - 1, max + 1, min - between(random, 2, 1e6), 2 * max, min + 0.5, Number.NaN];
  if (powers) values.push(between(random, max / 2 + 1, max - 1));
  return values[random.below(values.length)]!;
}
