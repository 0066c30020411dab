// Cold. Runs on: main.
// What a device knows of its NAPI instances (struct net_device, struct napi_config): its defaults, and what an instance with an
// index keeps while it is disabled, or deleted and added again. Main alone reads and writes it; the CPUs see the instances' words.
//
// who writes                 the instance   its config     the device
// napi-set (netlink)         yes            when disabled  no
//   its `threaded`           yes            at once        no
// sysfs                      all            all            yes
// napi_enable                ← its config

import { ErrnoError } from '../runtime/errno.js';
import type { ControlOperation } from '../runtime/operation.js';
import type { Printk } from '../runtime/printk.js';
import { NAPI_BITS, NapiError } from './bits.js';
import { NapiDisable, type NapiIds, napiEnable, netifNapiAdd, netifNapiDel } from './control.js';
import { NetifSetThreaded } from './netif-set-threaded.js';
import type { NapiState } from './state.js';
import { NapiSetThreaded, type NapiThreads, type ThreadedMode } from './threaded.js';

/** struct napi_config */
interface NapiConfig {
  deferHardIrqs: number;
  groFlushTimeoutNs: number;
  irqSuspendTimeoutNs: number;
  threaded: ThreadedMode;
  /** 0: it was never enabled. */
  napiId: number;
}

/** What of an instance can be tuned; ns. */
export type NapiTunables = Pick<NapiConfig, 'deferHardIrqs' | 'groFlushTimeoutNs' | 'irqSuspendTimeoutNs'>;

/** The files of /sys/class/net/NAME that are written here. */
export type SysfsName = 'threaded' | 'napi_defer_hard_irqs' | 'gro_flush_timeout';

export const S32_MAX = 0x7fffffff;
const TUNABLES = ['deferHardIrqs', 'groFlushTimeoutNs', 'irqSuspendTimeoutNs'] as const;

export class NapiDevice {
  readonly name: string;
  /** Listed instances, and which config is theirs; null: none. */
  private readonly listed = new Map<NapiState, NapiConfig | null>();
  private readonly configs: readonly NapiConfig[];
  private readonly ids: NapiIds;
  private readonly threads: NapiThreads;
  private threaded: ThreadedMode = 'disabled';
  private readonly defaults = { deferHardIrqs: 0, groFlushTimeoutNs: 0, irqSuspendTimeoutNs: 0 };

  /** @param configs how many instances can have an index: max(rx, tx queues) */
  constructor(name: string, configs: number, ids: NapiIds, threads: NapiThreads) {
    this.name = name;
    this.ids = ids;
    this.threads = threads;
    this.configs = Array.from({ length: configs }, () => ({ ...this.defaults, threaded: 'disabled', napiId: 0 }));
  }

  // ── an instance's life ──

  /** netif_napi_add, netif_napi_add_config. @param index of its config; null: nothing of it persists */
  add(state: NapiState, index: number | null, weight: number, printk: Printk): void {
    netifNapiAdd(state, this.name, weight, printk);
    write(state, this.defaults);
    const config = index === null ? null : this.configs[index]!;
    this.listed.set(state, config);
    if ((config?.threaded ?? this.threaded) === 'disabled') return;
    try {
      this.threads.ensure(state, this.name);
    } catch {
      this.threaded = 'disabled';
    }
  }

  /** napi_enable. @throws NapiError when it is not disabled */
  enable(state: NapiState): void {
    const config = this.listed.get(state) ?? null;
    const parked = (state.load() & NAPI_BITS.SCHED) !== 0; // or napiEnable() refuses
    if (config !== null && parked) this.restore(state, config);
    const threaded = config === null && this.threaded !== 'disabled' && this.threads.nameOf(state) !== null;
    napiEnable(state, this.ids, threaded);
    if (config !== null) config.napiId = state.napiId;
  }

  /**
   * napi_restore_config. A disabled instance is idle, so that switching needs no wait, but for a worker that has to begin or to end.
   * @throws NapiError when there is one: nothing is changed, and it can be tried again
   */
  private restore(state: NapiState, config: NapiConfig): void {
    const set = new NapiSetThreaded(state, this.name, config.threaded, this.threads, config.napiId);
    set.begin();
    if (!set.step()) throw set.stuck('its worker begins, or ends; enable it later');
    write(state, config);
    state.napiId = config.napiId;
  }

  /** napi_disable: its config keeps what is set. */
  disable(state: NapiState): ControlOperation {
    const disable = new NapiDisable(state);
    return {
      begin: () => disable.begin(),
      step: () => {
        if (!disable.step()) return false;
        const config = this.listed.get(state) ?? null;
        if (config !== null) Object.assign(config, this.tunables(state));
        return true;
      },
      stuck: (why) => disable.stuck(why),
    };
  }

  /**
   * netif_napi_del. The kernel waits for its thread to end; here only switching threaded off waits for a worker.
   * @throws NapiError when its thread is a worker, and then nothing is changed; or when it is not disabled: it is off the list all
   * the same
   */
  del(state: NapiState): void {
    const name = this.threadOf(state);
    if (name !== null && this.hasWorker(state)) {
      throw new NapiError(
        'netif_napi_del',
        state.id,
        state.load(),
        `its worker ${name} runs: switch threaded off first`,
      );
    }
    this.listed.delete(state);
    this.threads.stop(state); // A task ends at once.
    netifNapiDel(state);
  }

  // ── tuning ──

  tunables(state: NapiState): NapiTunables {
    const { deferHardIrqs, groFlushTimeoutNs, irqSuspendTimeoutNs } = state;
    return { deferHardIrqs, groFlushTimeoutNs, irqSuspendTimeoutNs };
  }

  /** The id that it has, or will have again; 0 when it never had one. */
  idOf(state: NapiState): number {
    return state.napiId || (this.listed.get(state)?.napiId ?? 0);
  }

  /** The name of its thread; null: it has none. */
  threadOf(state: NapiState): string | null {
    return this.threads.nameOf(state);
  }

  /** The form of its thread, or of the one that it will have: true is a worker of its own. */
  hasWorker(state: NapiState): boolean {
    return this.threads.isWorker(state);
  }

  /** @throws ErrnoError EOPNOTSUPP · EBUSY */
  setWorker(state: NapiState, worker: boolean): void {
    this.threads.setWorker(state, worker);
  }

  threadedOf(state: NapiState): ThreadedMode {
    const now = state.load();
    if ((now & NAPI_BITS.THREADED_BUSY_POLL) !== 0) return 'busy-poll';
    return (now & NAPI_BITS.THREADED) === 0 ? 'disabled' : 'enabled';
  }

  /** napi-set of netdev-genl, but for `threaded`. */
  tune(state: NapiState, tunables: Partial<NapiTunables>): void {
    write(state, tunables);
  }

  /** napi_set_threaded. Its config keeps the mode as soon as there is a thread for it; without one nothing is changed. */
  setThreaded(state: NapiState, mode: ThreadedMode): ControlOperation {
    const set = new NapiSetThreaded(state, this.name, mode, this.threads, this.idOf(state));
    const keep = () => {
      const config = this.listed.get(state) ?? null;
      if (config !== null) config.threaded = mode;
    };
    return {
      begin: () => {
        set.begin();
        if (mode === 'disabled' || set.isOn) keep();
      },
      step: () => {
        const done = set.step();
        if (set.isOn) keep();
        return done;
      },
      stuck: (why) => set.stuck(why),
    };
  }

  /**
   * netif_set_threaded: every instance and every config, or, when a thread cannot be made, none of them. step() throws that error
   * when all are back in softirqs.
   */
  setAllThreaded(mode: ThreadedMode): ControlOperation {
    return new NetifSetThreaded([...this.listed.keys()], mode, {
      ensure: (state) => this.threads.ensure(state, this.name, this.idOf(state)),
      isRunning: (state) => this.threads.isRunning(state),
      set: (state, made) => this.setThreaded(state, made),
      keep: (made) => {
        this.threaded = made;
        for (const config of this.configs) config.threaded = made;
      },
    });
  }

  /**
   * A write to /sys/class/net/NAME: the device's default, and every instance and every config, whatever was set for one alone.
   * @throws ErrnoError EOPNOTSUPP, ERANGE, EINVAL
   */
  write(file: SysfsName, value: number): ControlOperation {
    const path = `/sys/class/net/${this.name}/${file}`;
    // kstrtoul, before the file itself is asked.
    if (!Number.isInteger(value) || value < 0)
      throw refused('EINVAL', path, value, 'must be an integer, and not below 0');
    if (file === 'threaded') {
      const why = this.listed.size === 0 ? 'the device has no NAPI instance' : 'must be 0 or 1';
      if (this.listed.size === 0 || (value !== 0 && value !== 1)) throw refused('EOPNOTSUPP', path, value, why);
      return this.setAllThreaded(value === 0 ? 'disabled' : 'enabled');
    }
    const max = file === 'napi_defer_hard_irqs' ? S32_MAX : Number.MAX_SAFE_INTEGER;
    if (value > max) throw refused('ERANGE', path, value, `must be from 0 to ${max}`);
    return now(() =>
      this.tuneAll(file === 'napi_defer_hard_irqs' ? { deferHardIrqs: value } : { groFlushTimeoutNs: value }),
    );
  }

  private tuneAll(tunables: Partial<NapiTunables>): void {
    for (const all of [this.defaults, ...this.configs]) Object.assign(all, tunables);
    for (const state of this.listed.keys()) write(state, tunables);
  }
}

function write(state: NapiState, tunables: Partial<NapiTunables>): void {
  for (const name of TUNABLES) if (tunables[name] !== undefined) state[name] = tunables[name];
}

/** An operation that is complete with its begin(). */
export function now(begin: () => void): ControlOperation {
  return { begin, step: () => true, stuck: (why) => new Error(why) };
}

function refused(code: 'EOPNOTSUPP' | 'ERANGE' | 'EINVAL', path: string, value: unknown, right: string): ErrnoError {
  return new ErrnoError(code, `${path}: ${value}`, right);
}
