// Hot. Runs on: CPU n, once per net_rx_action; main writes.
// The machine's sysctls, a word each (net/core/sysctl_net_core.c).
//
//   0  net.core.netdev_budget          packets per net_rx_action                 main
//   1  net.core.netdev_budget_usecs    µs per net_rx_action, in jiffies          main
//   2  net.core.netdev_max_backlog     packets in input_pkt_queue                main
//   3  net.core.dev_weight             packets per poll of a backlog …           main
//   4  net.core.dev_weight_rx_bias     … times this                              main
//   5  net.core.busy_poll              µs of busy polling, of who says nothing   main
//   6  net.core.flow_limit_table_len   buckets of flow tables made from now on   main
//   8  net.core.flow_limit_cpu_bitmap  CPUs that have one: 32 bits, and 21       main
//   16 + CPU   its flow table: NUMBER << 5 | LOG, main's. NUMBER grows with each that is made; LOG is 1 + log2 of its buckets, or
//              0: there is none (any more)

import type { InspectOptionsStylized } from 'node:util';
import { CACHE_LINE_BYTES, CACHE_LINE_WORDS } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import { ErrnoError } from '../runtime/errno.js';
import { INSPECT, shown } from '../runtime/shown.js';

const NETDEV_BUDGET = 0;
const NETDEV_BUDGET_USECS = 1;
const NETDEV_MAX_BACKLOG = 2;
const DEV_WEIGHT = 3;
const DEV_WEIGHT_RX_BIAS = 4;
const BUSY_POLL = 5;
const FLOW_LIMIT_TABLE_LEN = 6;
const FLOW_LIMIT_CPU_BITMAP = 8;
const FLOW_TABLES = CACHE_LINE_WORDS;

const NUMBER_SHIFT = 5;
const LOG = (1 << NUMBER_SHIFT) - 1;
/** The bits of a whole number: CPUs 0 … 52. */
const FLOW_LIMIT_CPUS = 53;
const CPUS_MAX = 64;
export const SYSCTL_BYTES = CACHE_LINE_BYTES + CPUS_MAX * 4;

/** What a backlog has room for, and the default of netdev_max_backlog. It is full when it is longer, so one more fits. */
export const NETDEV_MAX_BACKLOG_MAX = 1000;

/** The kernel's table remembers buckets in 16 bits. */
export const FLOW_LIMIT_TABLE_LEN_MAX = 65_536;

const S32_MIN = -0x80000000;
const S32_MAX = 0x7fffffff;

/** By name: its word, its default and range. netdev_budget_usecs: 2·10^6 / HZ is default and minimum. */
const SYSCTLS = {
  'net.core.netdev_budget': { word: NETDEV_BUDGET, value: () => 300, min: () => S32_MIN, max: S32_MAX },
  'net.core.netdev_budget_usecs': { word: NETDEV_BUDGET_USECS, value: twoJiffies, min: twoJiffies, max: S32_MAX },
  'net.core.netdev_max_backlog': {
    word: NETDEV_MAX_BACKLOG,
    value: () => NETDEV_MAX_BACKLOG_MAX,
    min: () => 0,
    max: NETDEV_MAX_BACKLOG_MAX,
  },
  'net.core.dev_weight': { word: DEV_WEIGHT, value: () => 64, min: () => 1, max: S32_MAX },
  'net.core.dev_weight_rx_bias': { word: DEV_WEIGHT_RX_BIAS, value: () => 1, min: () => 1, max: S32_MAX },
  'net.core.busy_poll': { word: BUSY_POLL, value: () => 0, min: () => 0, max: S32_MAX },
  'net.core.flow_limit_table_len': {
    word: FLOW_LIMIT_TABLE_LEN,
    value: () => 4096,
    min: () => 1,
    max: FLOW_LIMIT_TABLE_LEN_MAX,
  },
  'net.core.flow_limit_cpu_bitmap': {
    word: FLOW_LIMIT_CPU_BITMAP,
    value: () => 0,
    min: () => 0,
    max: 2 ** FLOW_LIMIT_CPUS - 1,
  },
} as const;

export type SysctlName = keyof typeof SYSCTLS;
export const SYSCTL_NAMES = Object.keys(SYSCTLS) as SysctlName[];

function twoJiffies(hz: number): number {
  return Math.floor(2e6 / hz);
}

export class Sysctls {
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly hz: number;

  constructor(views: Views, address: number, hz: number) {
    this.words = views.words;
    this.base = address / 4;
    this.hz = hz;
  }

  /** Main, before any thread runs: the defaults. */
  create(): void {
    for (const { word, value } of Object.values(SYSCTLS)) this.words[this.base + word] = value(this.hz);
  }

  toJSON(): Record<SysctlName, number> {
    const entries = SYSCTL_NAMES.map((name) => [name, this.get(name)]);
    return Object.fromEntries(entries);
  }

  [INSPECT](depth: number | null, options: InspectOptionsStylized): string {
    return shown('SysctlControl', this.toJSON(), depth, options);
  }

  // ── CPUs ──

  /** Packets per net_rx_action. */
  get budget(): number {
    return Atomics.load(this.words, this.base + NETDEV_BUDGET);
  }

  get budgetUsecs(): number {
    return Atomics.load(this.words, this.base + NETDEV_BUDGET_USECS);
  }

  get maxBacklog(): number {
    return Atomics.load(this.words, this.base + NETDEV_MAX_BACKLOG);
  }

  /** dev_rx_weight: packets per poll of a backlog. */
  get devRxWeight(): number {
    return Atomics.load(this.words, this.base + DEV_WEIGHT) * Atomics.load(this.words, this.base + DEV_WEIGHT_RX_BIAS);
  }

  /** For a wait that has no time of its own, µs; 0: it does not busy-poll. */
  get busyPollUsecs(): number {
    return Atomics.load(this.words, this.base + BUSY_POLL);
  }

  /** The CPU's flow table, by a number that changes when there is another one; flowTableLog() of it. */
  flowTable(cpu: number): number {
    return Atomics.load(this.words, this.base + FLOW_TABLES + cpu);
  }

  // ── main ──

  /** @throws ErrnoError ENOENT when there is no such sysctl here */
  get(name: SysctlName): number {
    const { word } = find(name);
    const value = Atomics.load(this.words, this.base + word);
    if (word !== FLOW_LIMIT_CPU_BITMAP) return value;
    return (value >>> 0) + this.words[this.base + word + 1]! * 2 ** 32;
  }

  /** Every CPU's next net_rx_action goes by it. @throws ErrnoError ENOENT · EINVAL; nothing is changed then */
  set(name: SysctlName, value: number): void {
    checkSysctl(name, value, this.hz);
    const { word } = find(name);
    if (word === FLOW_LIMIT_CPU_BITMAP) this.setFlowLimitCpus(value);
    else Atomics.store(this.words, this.base + word, value);
  }

  /** flow_limit_cpu_sysctl: who is named for the first time gets a table, empty and as large as they are to be now. */
  private setFlowLimitCpus(cpus: number): void {
    const { words, base } = this;
    const log = 32 - Math.clz32(words[base + FLOW_LIMIT_TABLE_LEN]!);
    for (let cpu = 0, rest = cpus; cpu < FLOW_LIMIT_CPUS; cpu += 1, rest = Math.floor(rest / 2)) {
      const table = words[base + FLOW_TABLES + cpu]!;
      const has = (table & LOG) !== 0;
      const wants = rest % 2 === 1;
      if (has && !wants) Atomics.store(words, base + FLOW_TABLES + cpu, table & ~LOG);
      if (!has && wants) Atomics.store(words, base + FLOW_TABLES + cpu, (table + (1 << NUMBER_SHIFT)) | log);
    }
    words[base + FLOW_LIMIT_CPU_BITMAP] = cpus;
    words[base + FLOW_LIMIT_CPU_BITMAP + 1] = Math.floor(cpus / 2 ** 32);
  }
}

/** log2 of its buckets; -1: there is no table. */
export function flowTableLog(table: number): number {
  return (table & LOG) - 1;
}

/** @throws ErrnoError ENOENT · EINVAL */
export function checkSysctl(name: string, value: number, hz: number): void {
  const { word, min, max } = find(name);
  const least = min(hz);
  const isPower = word === FLOW_LIMIT_TABLE_LEN;
  const isIn = Number.isInteger(value) && value >= least && value <= max;
  if (isIn && !(isPower && (value & (value - 1)) !== 0)) return;
  const kind = isPower ? 'a power of two' : 'an integer';
  throw new ErrnoError('EINVAL', `${name}=${value}`, `must be ${kind} from ${least} to ${max}`);
}

function find(name: string) {
  if (Object.hasOwn(SYSCTLS, name)) return SYSCTLS[name as SysctlName];
  throw new ErrnoError('ENOENT', name, `there is no such sysctl here; there are ${SYSCTL_NAMES.join(', ')}`);
}
