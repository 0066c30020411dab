// Cold. Runs on: main.
// The options of a machine: what is given, and what they are with all defaults filled in (resolve-options.ts).

import type { Capability } from '../napi/busy-params.js';
import type { SysctlSettings } from './kernel-options.js';
import type { NapiSettings } from './napi-settings.js';

/** A module whose default export makes the sink of one CPU: `(context: {cpu, data}) => (burst) => void`. */
export interface SinkOption {
  /** Absolute URL of the module. */
  readonly url: string | URL;
  /** Handed to the factory on every CPU; structured-cloned, so a SharedArrayBuffer in it is shared. */
  readonly data?: unknown;
}

/** A task of the application, on every CPU: a module whose default export makes its step function. */
export interface TaskOption {
  /**
   * Absolute URL of the module, or one of the built-in ones: `spin` always has something to do; `busy-poll` waits for its CPU's
   * packets as epoll_wait does with prefer_busy_poll (`data`: BusyPollTaskData); not in mode interrupt, nor beside NAPIs threaded in
   * workers, whose packets no CPU takes.
   */
  readonly url: string | URL;
  /** As reports call it. Default: the module's file name. */
  readonly name?: string;
  /** Its share of the CPU against ksoftirqd's 1024 (sched_prio_to_weight: nice 19 is 15, nice -20 is 88761). Default 1024. */
  readonly weight?: number;
  /** Handed to the factory on every CPU; structured-cloned, so a SharedArrayBuffer in it is shared. */
  readonly data?: unknown;
  /** What it may do beyond what everybody may: CAP_NET_ADMIN is for `prefer` and large budgets in busy polling. Default: none. */
  readonly capabilities?: readonly Capability[];
}

/** What `startHost` takes. Everything but `device` has a default. */
export interface HostOptions {
  /** `pktgen`, or `pcap:FILE`; `pcap:-` is standard input. */
  device: string;
  /** CPU workers, 1 … 64. Default: cores less one for the NIC, at least 1. */
  cpus?: number;
  /** Rx queues, 1 … 128. Default: as many as CPUs. */
  queues?: number;
  /** Descriptors per ring, a power of two 64 … 4096. Default 512. */
  ring?: number;
  /** Default `napi`. `interrupt`: one interrupt per packet, the model that NAPI replaced. */
  mode?: 'napi' | 'interrupt';
  /** Seconds of traffic. Default: 5 for pktgen without `packets`; a capture plays once. */
  duration?: number;
  /** Frames in all. */
  packets?: number;
  /** pktgen: frame size with FCS, `imix`, or several sizes with commas between them. Default 64. */
  size?: string | number;
  /** pktgen: packets per second, `K%` of the capacity that a calibration finds, or `max`. Default `max`. */
  rate?: string | number;
  /** pktgen: number of flows, 1 … 65,536. Default 64. */
  flows?: number;
  /** pktgen: 4, 6 or `mixed`. Default 4. */
  ip?: 4 | 6 | '4' | '6' | 'mixed';
  /** pktgen: how packets are spread in time. Default `constant`. */
  arrival?: 'constant' | 'poisson' | 'onoff';
  /** pktgen: the same seed repeats the same packets. Default 1. */
  seed?: number;
  /** pcap: how often the capture is played. Default 1, or as often as `duration` allows; a pipe only once. */
  loop?: number;
  /** pcap: `max`, `original`, or `xN` for N times faster. Default `max`. */
  speed?: string;
  /** What happens to a frame for which no buffer is posted. Default: `wait` at full speed, else `drop`. */
  full?: 'wait' | 'drop';
  /** net.core.netdev_budget, packets; `sysctl` may say it too, and wins. Default 300. */
  budget?: number;
  /** net.core.netdev_budget_usecs, µs, at least 2000 (two jiffies). Default 2000. */
  budgetUsecs?: number;
  /** Packets per poll, 1 … 64. Default 64. */
  weight?: number;
  /** Whether the device remembers an event while its line is masked. Default `latch`. */
  irq?: 'latch' | 'nolatch';
  /** Synthetic work per packet in the receive path, ns. Default 0. */
  work?: number;
  /** Verify UDP and TCP checksums, and drop what does not hold. Default false. */
  verifyL4?: boolean;
  /** Pin each role to a core (Linux). Default false. */
  pin?: boolean;
  /** Check at each hand-over that every buffer is in exactly one place. Slow. Default false. */
  checkBuffers?: boolean;
  /** Count each flow, and put so many of the largest, by bytes, into snapshots, 1 … 1000. Default: none. */
  topFlows?: number;
  /** Whether idle threads may spin for a while before they sleep. Default: when there is a core for each role. */
  spin?: boolean;
  /** What gets the delivered packets. Default: they are counted. */
  sink?: SinkOption;
  /** Capture file (pcapng) that gets the delivered packets. Default: none. */
  write?: string;
  /** Capture file that gets the dropped packets, each with the reason as its comment; may be that of `write`. Default: none. */
  writeDropped?: string;
  /** What runs in process context on every CPU, beside ksoftirqd: one or several, by URL or as TaskOption. Default: none. */
  task?: string | URL | TaskOption | readonly (string | URL | TaskOption)[];
  /** Sysctls by the kernel's names (`net.core.netdev_budget`); may be changed while traffic runs. Default: the kernel's. */
  sysctl?: SysctlSettings;
  /** For every queue's NAPI instance; may be changed for each while traffic runs. Default: nothing deferred, not threaded. */
  napi?: NapiSettings;
  /** How many threads of the application can be attached at a time (`host.attach`), 0 … 64. Default 0. */
  attachments?: number;
  /**
   * What happens when a CPU's thread dies, or is locked up. `stop`: the machine stops with the cause. `migrate`: the other CPUs go on
   * with its queues, and of each queue that it was polling at most one burst is lost (`lostWithCpu`). Default `stop`.
   */
  onCpuLoss?: 'stop' | 'migrate';
  /** A CPU whose loop has not turned for so many seconds is locked up, and is ended; 0: none ever is. Default 20. */
  lockupSeconds?: number;
  /** Arguments for each worker's `execArgv`. Default: those of this process, with one profile per role. */
  execArgv?: readonly string[];
}

export type Rate = { readonly pps: number } | { readonly percent: number } | 'max';

/** The options with all defaults filled in. */
export type Config = Omit<
  Required<HostOptions>,
  'execArgv' | 'sink' | 'task' | 'duration' | 'packets' | 'loop' | 'topFlows' | 'write' | 'writeDropped'
> & {
  /** null = no limit. */
  duration: number | null;
  packets: number | null;
  loop: number | null;
  /** null = flows are not counted. */
  topFlows: number | null;
  sink: SinkOption | null;
  write: string | null;
  writeDropped: string | null;
  task: readonly TaskConfig[];
  execArgv: readonly string[] | null;
};

/** A task with its defaults filled in. */
export type TaskConfig = Required<TaskOption> & { readonly url: string };
