// Cold. Runs on: main.
// A running machine's NAPI instances by id, as the netdev-genl family has them, and its device's files under /sys/class/net.

import type { InspectOptionsStylized } from 'node:util';
import type { ContextWords } from '../memory/context.js';
import { bitNames, type NapiBit } from '../napi/bits.js';
import { type NapiDevice, now, type SysfsName } from '../napi/device.js';
import type { NapiState } from '../napi/state.js';
import { ErrnoError } from '../runtime/errno.js';
import type { ControlOperation } from '../runtime/operation.js';
import { INSPECT, shown } from '../runtime/shown.js';
import type { Machine } from './machine.js';
import { checkNapiSettings, type NapiSettings, tunablesOf } from './napi-settings.js';
import { DisableQueue, EnableQueue, type QueueNapi } from './queue-napi.js';

export interface NapiInfo extends Readonly<Required<NapiSettings>> {
  /** Stays the same while the machine lives, also when it is disabled. */
  readonly id: number;
  readonly device: string;
  readonly queue: number;
  /** Its interrupt line. */
  readonly irq: number;
  /** The CPU that takes the line's interrupts now, and whose softirqs or thread poll. */
  readonly cpu: number;
  /** `napi/nic0-4`; null: it has no thread. */
  readonly thread: string | null;
  /** False: napi_disable. get() and set() do not find it then, as in Linux. */
  readonly enabled: boolean;
  /** The bits that are set, lowest first; of one moment. */
  readonly state: readonly NapiBit[];
}

/** `host.napi`. */
export interface NapiControl {
  /** All, also disabled ones; the highest id first, as Linux lists them. */
  list(): NapiInfo[];
  /** napi-get. @throws ErrnoError ENOENT when no enabled instance has this id */
  get(id: number): NapiInfo;
  /**
   * napi-set, while traffic runs. `threaded` first, and the thread's form: if they cannot be, nothing else is set. Off, it waits until
   * the thread has let go, and a worker has ended.
   * @throws ErrnoError ENOENT · EINVAL · ERANGE · EPERM · EBUSY, EOPNOTSUPP (threadWorker), before anything is changed; RoleError when a
   *   worker could not be started; NapiError when nobody lets go in time
   */
  set(id: number, settings: NapiSettings): Promise<void>;
  /**
   * Writes /sys/class/net/nic0/FILE: every instance, and the default; overrides what was set for one alone.
   * @throws ErrnoError EOPNOTSUPP · EINVAL · ERANGE · EPERM; RoleError when a worker could not be started: then none is threaded
   */
  write(file: SysfsName, value: number): Promise<void>;
  /**
   * napi_disable, while traffic runs: resolves when nobody polls the queue. What comes waits in the ring; when that is full, it
   * is held or missed, as the option `full` says.
   * @throws ErrnoError ENOENT · EPERM; NapiError when it is disabled already, or that names the holder when nobody lets go in time
   */
  disable(id: number): Promise<void>;
  /** napi_enable, and what has come meanwhile is polled. @throws ErrnoError ENOENT · EPERM; NapiError when it is not disabled */
  enable(id: number): Promise<void>;
}

export class HostNapi implements NapiControl {
  private readonly machine: Machine;
  private readonly contexts: readonly ContextWords[];
  private readonly run: (operation: ControlOperation) => Promise<void>;
  private readonly admin: boolean;

  /**
   * @param contexts of all CPUs, and of all others that poll
   * @param run carries an operation out, one at a time
   * @param admin CAP_NET_ADMIN: without it one may only look
   */
  constructor(
    machine: Machine,
    contexts: readonly ContextWords[],
    run: (operation: ControlOperation) => Promise<void>,
    admin: boolean,
  ) {
    this.machine = machine;
    this.contexts = contexts;
    this.run = run;
    this.admin = admin;
  }

  list(): NapiInfo[] {
    return this.machine.states.map((_, queue) => this.info(queue)).sort((a, b) => b.id - a.id);
  }

  get(id: number): NapiInfo {
    return this.info(this.enabledQueue('napi-get', id));
  }

  async set(id: number, settings: NapiSettings): Promise<void> {
    this.demandAdmin('napi-set');
    checkNapiSettings(settings);
    const { device, states } = this.machine;
    const state = states[this.enabledQueue('napi-set', id)]!;
    for (const operation of threadOperations(device, state, settings)) await this.run(operation);
    device.tune(state, tunablesOf(settings));
  }

  async write(file: SysfsName, value: number): Promise<void> {
    this.demandAdmin(`/sys/class/net/${this.machine.device.name}/${file}`);
    await this.run(this.machine.device.write(file, value));
  }

  async disable(id: number): Promise<void> {
    const queue = this.queueOf('napi_disable', id);
    await this.run(new DisableQueue(queue));
    this.machine.disables += 1;
  }

  async enable(id: number): Promise<void> {
    await this.run(new EnableQueue(this.queueOf('napi_enable', id)));
  }

  toJSON(): NapiInfo[] {
    return this.list();
  }

  [INSPECT](depth: number | null, options: InspectOptionsStylized): string {
    return shown('NapiControl', this.list(), depth, options);
  }

  private info(queue: number): NapiInfo {
    const { device, states, lines } = this.machine;
    const [state, line] = [states[queue]!, lines[queue]!];
    const { deferHardIrqs, groFlushTimeoutNs, irqSuspendTimeoutNs } = device.tunables(state);
    return {
      id: device.idOf(state),
      device: device.name,
      queue,
      irq: line.id,
      cpu: line.target(),
      deferHardIrqs,
      groFlushTimeout: groFlushTimeoutNs,
      irqSuspendTimeout: irqSuspendTimeoutNs,
      threaded: device.threadedOf(state),
      threadWorker: device.hasWorker(state),
      thread: device.threadOf(state),
      enabled: isEnabled(state),
      state: bitNames(state.load()),
    };
  }

  private queueOf(call: string, id: number): QueueNapi {
    this.demandAdmin(call);
    const { device, states, lines } = this.machine;
    const queue = this.find(call, id);
    return { device, state: states[queue]!, line: lines[queue]!, contexts: this.contexts };
  }

  private enabledQueue(call: string, id: number): number {
    const queue = this.find(call, id);
    if (isEnabled(this.machine.states[queue]!)) return queue;
    throw new ErrnoError('ENOENT', `${call}: id=${id}`, 'it is disabled');
  }

  private find(call: string, id: number): number {
    const { device, states } = this.machine;
    if (states.length === 0) throw new ErrnoError('EOPNOTSUPP', call, 'in mode interrupt no queue has a NAPI instance');
    const queue = states.findIndex((state) => device.idOf(state) === id);
    if (queue >= 0) return queue;
    const ids = this.list().map((info) => info.id);
    throw new ErrnoError('ENOENT', `${call}: id=${id}`, `there is no such instance; there are ${ids.join(', ')}`);
  }

  private demandAdmin(call: string): void {
    if (!this.admin) throw new ErrnoError('EPERM', call, 'needs CAP_NET_ADMIN');
  }
}

/** A form is for the next thread: it is set while there is none. */
function threadOperations(device: NapiDevice, state: NapiState, settings: NapiSettings): ControlOperation[] {
  const { threaded, threadWorker } = settings;
  const form = threadWorker === undefined ? [] : [now(() => device.setWorker(state, threadWorker))];
  if (threaded === undefined) return form;
  const mode = device.setThreaded(state, threaded);
  return threaded === 'disabled' ? [mode, ...form] : [...form, mode];
}

function isEnabled(state: NapiState): boolean {
  return state.napiId !== 0;
}
