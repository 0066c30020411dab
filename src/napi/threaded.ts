// Cold. Runs on: main; tests step operations by hand.
// Threaded mode switched on and off (net/core/dev.c: napi_set_threaded, napi_kthread_create, napi_stop_kthread).

import type { ControlOperation } from '../runtime/operation.js';
import { NAPI_BITS, NapiError } from './bits.js';
import type { NapiState } from './state.js';

/** netdev-genl's napi-threaded: 0, 1, 2. */
export const THREADED_MODES = ['disabled', 'enabled', 'busy-poll'] as const;
export type ThreadedMode = (typeof THREADED_MODES)[number];

/**
 * Which instances have a thread. Every CPU has a task for each instance, so that a thread exists by being named; whoever makes
 * real ones injects that, and may fail.
 */
export class NapiThreads {
  private readonly names = new Map<number, string>();
  private readonly create: (name: string) => void;

  constructor(create: (name: string) => void = () => {}) {
    this.create = create;
  }

  /** napi_kthread_create, unless there is one. @throws Error what the creation threw */
  ensure(state: NapiState, device: string): void {
    if (this.names.has(state.id)) return;
    const name = `napi/${device}-${state.napiId}`;
    this.create(name);
    this.names.set(state.id, name);
  }

  /** `napi/eth0-12`; null: it has none. One that was made before its instance had an id is called `napi/eth0-0`. */
  nameOf(state: NapiState): string | null {
    return this.names.get(state.id) ?? null;
  }

  get count(): number {
    return this.names.size;
  }

  /** kthread_stop */
  stop(state: NapiState): void {
    this.names.delete(state.id);
  }
}

/**
 * napi_set_threaded. On: complete at once; whoever polls now goes on, and the next schedule is the thread's. Off: complete when
 * the thread has let go, and so not before a softirq that holds the instance has.
 */
export class NapiSetThreaded implements ControlOperation {
  private readonly state: NapiState;
  private readonly device: string;
  private readonly mode: ThreadedMode;
  private readonly threads: NapiThreads;
  private left = false;

  constructor(state: NapiState, device: string, mode: ThreadedMode, threads: NapiThreads) {
    this.state = state;
    this.device = device;
    this.mode = mode;
    this.threads = threads;
  }

  /** @throws Error when there can be no thread: nothing has been changed */
  begin(): void {
    const { state, mode } = this;
    if (mode === 'disabled') return;
    this.threads.ensure(state, this.device); // before THREADED is seen: whoever schedules wakes it
    state.set(NAPI_BITS.THREADED);
    if (mode === 'busy-poll') state.set(NAPI_BITS.THREADED_BUSY_POLL);
    else state.clear(NAPI_BITS.THREADED_BUSY_POLL);
  }

  step(): boolean {
    const { state } = this;
    if (this.mode !== 'disabled' || this.threads.nameOf(state) === null) return true;
    this.left ||= state.leaveThreaded();
    if (!this.left || (state.load() & NAPI_BITS.SCHED_THREADED) !== 0) return false;
    this.threads.stop(state);
    return true;
  }

  stuck(why: string): NapiError {
    return new NapiError('napi_set_threaded', this.state.id, this.state.load(), `never returns: ${why}`);
  }
}
