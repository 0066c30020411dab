// Cold. Runs on: main; tests step operations by hand.
// Threaded mode switched on and off (net/core/dev.c: napi_set_threaded, napi_kthread_create, napi_stop_kthread).

import { ErrnoError } from '../runtime/errno.js';
import type { ControlOperation } from '../runtime/operation.js';
import { NAPI_BITS, NapiError } from './bits.js';
import type { NapiState } from './state.js';
import { NO_WORKER } from './words.js';

/** netdev-genl's napi-threaded: 0, 1, 2. */
export const THREADED_MODES = ['disabled', 'enabled', 'busy-poll'] as const;
export type ThreadedMode = (typeof THREADED_MODES)[number];

/** What makes workers, one for each instance (kthread_run, kthread_stop). */
export interface NapiWorkers {
  /** The context that the worker of instance `id` is. */
  contextOf(id: number): number;
  /** Begins to start it. @throws Error when there can be none */
  start(id: number, name: string): void;
  /** @throws Error when it could not be started after all; then there is none */
  isRunning(id: number): boolean;
  /** Asks it to end, once or again. @returns true when it has */
  stop(id: number): boolean;
}

/**
 * Which instances have a thread, and in what form. Every CPU has a task for each instance, so that this form of thread exists by being
 * named; whoever makes real ones injects that, and may fail.
 */
export class NapiThreads {
  private readonly names = new Map<number, string>();
  private readonly asWorkers = new Set<number>();
  private readonly create: (name: string) => void;
  private workers: NapiWorkers | null = null;

  constructor(create: (name: string) => void = () => {}) {
    this.create = create;
  }

  /** Without it there is no room for workers. */
  provide(workers: NapiWorkers): void {
    this.workers = workers;
  }

  /** The form of the instance's next thread. */
  isWorker({ id }: NapiState): boolean {
    return this.asWorkers.has(id);
  }

  /**
   * The form that the instance's next thread will have.
   * @throws ErrnoError EOPNOTSUPP: no room for workers · EBUSY: it has a thread of the other form
   */
  setWorker(state: NapiState, worker: boolean): void {
    if (worker === this.isWorker(state)) return;
    const what = `napi-set: thread-worker=${worker}`;
    if (worker && this.workers === null) {
      throw new ErrnoError('EOPNOTSUPP', what, 'this machine was started without napi.threadWorker');
    }
    const name = this.nameOf(state);
    if (name !== null) throw new ErrnoError('EBUSY', what, `${name} runs: switch threaded off first`);
    if (worker) this.asWorkers.add(state.id);
    else this.asWorkers.delete(state.id);
  }

  /**
   * napi_kthread_create, unless there is one.
   * @param napiId by which it is called: the one that the instance has, or had before it was disabled; 0 when it never had one
   * @throws Error what the creation threw
   */
  ensure(state: NapiState, device: string, napiId = state.napiId): void {
    if (this.names.has(state.id)) return;
    const name = `napi/${device}-${napiId}`;
    const workers = this.isWorker(state) ? this.workers : null;
    if (workers === null) this.create(name);
    else workers.start(state.id, name);
    state.worker = workers?.contextOf(state.id) ?? NO_WORKER;
    this.names.set(state.id, name);
  }

  /** Whether it runs, having been ensured. A task always does. @throws Error why it cannot: it has none then */
  isRunning({ id, worker }: NapiState): boolean {
    if (worker === NO_WORKER) return true;
    try {
      return this.workers!.isRunning(id);
    } catch (error) {
      this.names.delete(id);
      throw error;
    }
  }

  /** `napi/eth0-12`; null: it has none. One that was made before its instance had an id is called `napi/eth0-0`. */
  nameOf(state: NapiState): string | null {
    return this.names.get(state.id) ?? null;
  }

  get count(): number {
    return this.names.size;
  }

  /** kthread_stop, called until it returns true: the thread has ended. */
  stop({ id, worker }: NapiState): boolean {
    if (this.names.has(id) && worker !== NO_WORKER && !this.workers!.stop(id)) return false;
    this.names.delete(id);
    return true;
  }
}

/**
 * napi_set_threaded. On: complete as soon as the thread runs, a task at once; whoever polls now goes on, and the next schedule is the
 * thread's. Off: complete when the thread has let go and ended, and so not before a softirq that holds the instance has let go.
 */
export class NapiSetThreaded implements ControlOperation {
  private readonly state: NapiState;
  private readonly device: string;
  private readonly mode: ThreadedMode;
  private readonly threads: NapiThreads;
  private readonly napiId: number;
  private left = false;
  /** There is a thread, and whoever schedules wakes it. */
  isOn = false;

  /** @param napiId that its thread is called by */
  constructor(state: NapiState, device: string, mode: ThreadedMode, threads: NapiThreads, napiId = state.napiId) {
    this.state = state;
    this.device = device;
    this.mode = mode;
    this.threads = threads;
    this.napiId = napiId;
  }

  /** @throws Error when there can be no thread: nothing has been changed */
  begin(): void {
    if (this.mode === 'disabled') return;
    this.threads.ensure(this.state, this.device, this.napiId);
    this.switchOn();
  }

  /** @throws Error when the thread could not be started after all: nothing has been changed */
  step(): boolean {
    const { state } = this;
    if (this.mode !== 'disabled') return this.isOn || this.switchOn();
    if (this.threads.nameOf(state) === null) return true;
    this.left ||= state.leaveThreaded();
    if (!this.left || (state.load() & NAPI_BITS.SCHED_THREADED) !== 0) return false;
    return this.threads.stop(state);
  }

  /** The thread runs before THREADED is seen: whoever schedules wakes it. */
  private switchOn(): boolean {
    const { state } = this;
    if (!this.threads.isRunning(state)) return false;
    state.set(NAPI_BITS.THREADED);
    if (this.mode === 'busy-poll') state.set(NAPI_BITS.THREADED_BUSY_POLL);
    else state.clear(NAPI_BITS.THREADED_BUSY_POLL);
    this.isOn = true;
    return true;
  }

  stuck(why: string): NapiError {
    return new NapiError('napi_set_threaded', this.state.id, this.state.load(), `never returns: ${why}`);
  }
}
