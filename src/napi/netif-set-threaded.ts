// Cold. Runs on: main.
// Threaded mode of all instances of a device at once (netif_set_threaded): first every thread is made, then every instance is
// switched. When one cannot be made, all are switched out of it instead.

import type { ControlOperation } from '../runtime/operation.js';
import type { NapiState } from './state.js';
import type { ThreadedMode } from './threaded.js';

/** What the device does to one of its instances, or to all that it remembers. */
interface Switch {
  /** @throws Error why there can be no thread */
  ensure(state: NapiState): void;
  /** @throws Error why its thread could not begin */
  isRunning(state: NapiState): boolean;
  set(state: NapiState, mode: ThreadedMode): ControlOperation;
  /** Remembers the mode. */
  keep(mode: ThreadedMode): void;
}

export class NetifSetThreaded implements ControlOperation {
  private readonly states: readonly NapiState[];
  private readonly with: Switch;
  private mode: ThreadedMode;
  private failure: unknown = null;
  private made = false;
  private done = 0;
  private current: ControlOperation | null = null;

  constructor(states: readonly NapiState[], mode: ThreadedMode, how: Switch) {
    this.states = states;
    this.mode = mode;
    this.with = how;
  }

  begin(): void {
    try {
      if (this.mode !== 'disabled') for (const state of this.states) this.with.ensure(state);
    } catch (error) {
      this.fail(error);
    }
    this.allRun();
  }

  /** @throws Error why there is no thread, when all are out of threaded mode */
  step(): boolean {
    if (!this.made && !this.allRun()) return false;
    while (this.current !== null) {
      if (!this.current.step()) return false;
      this.done += 1;
      this.next();
    }
    this.with.keep(this.mode);
    if (this.failure !== null) throw this.failure;
    return true;
  }

  stuck(why: string): Error {
    return this.current?.stuck(why) ?? new Error(`netif_set_threaded: ${why}`);
  }

  /** All threads run, or one cannot: from here on each instance is switched. */
  private allRun(): boolean {
    try {
      if (this.mode !== 'disabled' && !this.states.every((state) => this.with.isRunning(state))) return false;
    } catch (error) {
      this.fail(error);
    }
    this.made = true;
    this.next();
    return true;
  }

  private fail(error: unknown): void {
    this.failure = error;
    this.mode = 'disabled';
  }

  private next(): void {
    const state = this.states[this.done];
    this.current = state === undefined ? null : this.with.set(state, this.mode);
    this.current?.begin();
  }
}
