// Cold. Runs on: main; tests step operations by hand.
// An instance's life: added, enabled, disabled, deleted (net/core/dev.c). One call at a time, in order (Linux's rtnl).
//
//   netif_napi_add  ▶ disabled ▶ napi_enable ▶ enabled ▶ napi_disable ▶ disabled ▶ … ▶ netif_napi_del
// Where the kernel hangs for ever, BUGs or WARNs, there is a NapiError, and the state is as the kernel leaves it.

import type { ControlOperation } from '../runtime/operation.js';
import type { Printk } from '../runtime/printk.js';
import { HOLDER_MASK, HOLDER_SHIFT, NAPI_BITS, NapiError, PARKED } from './bits.js';
import { NAPI_POLL_WEIGHT } from './napi.js';
import type { NapiState } from './state.js';

const PARKED_STATE = NAPI_BITS.SCHED | NAPI_BITS.NPSVC | (PARKED << HOLDER_SHIFT);
const PARKED_MASK = NAPI_BITS.SCHED | NAPI_BITS.NPSVC | (HOLDER_MASK << HOLDER_SHIFT);

/**
 * netif_napi_add: listed, born disabled, found by no id yet.
 * @param device for the message about a weight that is larger than is good
 * @throws NapiError when it is listed already; nothing is changed then
 */
export function netifNapiAdd(state: NapiState, device: string, weight: number, printk: Printk): void {
  state.add();
  if (weight > NAPI_POLL_WEIGHT)
    printk.once('weight', `${device}: netif_napi_add_weight() called with weight ${weight}`);
}

/**
 * napi_enable. It has the id that it was given back, or gets a fresh one.
 * @param threaded its device is threaded, and it has a thread
 * @throws NapiError when it is not disabled
 */
export function napiEnable(state: NapiState, ids: NapiIds, threaded: boolean): void {
  if ((state.load() & NAPI_BITS.SCHED) !== 0 && state.napiId === 0) ids.assign(state);
  state.enable(threaded);
}

/**
 * netif_napi_del. Does nothing when it is not listed. The caller waits a grace period before it frees the words.
 * @throws NapiError when it is not disabled (the kernel's WARN): it is off the list all the same
 */
export function netifNapiDel(state: NapiState): void {
  if (state.clear(NAPI_BITS.LISTED) === 0) return;
  const now = state.load();
  if ((now & NAPI_BITS.SCHED) === 0) throw new NapiError('netif_napi_del', state.id, now, 'it is not disabled');
}

/**
 * napi_disable: from its begin() on nobody can schedule the instance, and when it is complete nobody polls it. Whoever polls
 * now may finish its work, and code of its poll behind napi_complete_done may still be running at the end.
 */
export class NapiDisable implements ControlOperation {
  private readonly state: NapiState;
  private parked = false;

  constructor(state: NapiState) {
    this.state = state;
  }

  begin(): void {
    this.state.beginDisable();
  }

  /** @throws NapiError when it is disabled already: nobody would ever let SCHED go, and the kernel waits for ever */
  step(): boolean {
    const { state } = this;
    if (!this.parked && !this.park()) return false;
    if (!state.cancelTimer()) return false; // Its callback finds SCHED, and does nothing.
    state.napiId = 0;
    state.endDisable();
    return true;
  }

  private park(): boolean {
    const { state } = this;
    this.parked = state.park();
    if (!this.parked && (state.load() & PARKED_MASK) === PARKED_STATE) throw this.stuck('it is disabled already');
    return this.parked;
  }

  /** What is told when a limit has passed, or nothing moves any more. */
  stuck(why: string): NapiError {
    return new NapiError('napi_disable', this.state.id, this.state.load(), `never returns: ${why}`);
  }
}

/** napi_synchronize: complete as soon as nobody holds SCHED; somebody may take it again at once. */
export class NapiSynchronize implements ControlOperation {
  private readonly state: NapiState;

  constructor(state: NapiState) {
    this.state = state;
  }

  begin(): void {}

  step(): boolean {
    return (this.state.load() & NAPI_BITS.SCHED) === 0;
  }

  stuck(why: string): NapiError {
    return new NapiError('napi_synchronize', this.state.id, this.state.load(), `never returns: ${why}`);
  }
}

/** napi_hash: the ids by which enabled instances are found. */
export class NapiIds {
  private readonly states: readonly NapiState[];
  private readonly min: number;
  private last: number;

  /** @param contexts how many there are: ids are larger, so that neither is taken for the other (MIN_NAPI_ID) */
  constructor(states: readonly NapiState[], contexts: number) {
    this.states = states;
    this.min = contexts + 1;
    this.last = contexts;
  }

  /** napi_hash_add: the next id that nobody has. Not for one that nobody may busy-poll. */
  assign(state: NapiState): void {
    if ((state.load() & NAPI_BITS.NO_BUSY_POLL) !== 0) return;
    do this.last = this.last >= 0x7fffffff ? this.min : this.last + 1;
    while (this.find(this.last) !== null);
    state.napiId = this.last;
  }

  /** napi_by_id. @returns null when no enabled instance has this id */
  find(id: number): NapiState | null {
    if (id < this.min) return null;
    return this.states.find((state) => state.napiId === id) ?? null;
  }
}
