// Hot. Runs on: the SCHED holder.
// A NAPI instance as one context sees it: its words, and what others fill in: poll, GRO, timer, thread.

import type { NapiState } from './state.js';

/**
 * The driver's poll, or the backlog's.
 * Returns at most `budget`. Exactly `budget`: there may be more, the instance stays scheduled. Less: it has completed.
 * With budget 0 (netpoll) it may clean Tx only, never completes, and returns 0.
 */
export interface Poll {
  poll(budget: number): number;
}

/** What GRO holds for one instance (struct gro_node). */
export interface GroNode {
  /** Packets that are held for more of their flow; 0 = no bucket is in use. */
  readonly held: number;
  /** Finished packets that are not delivered yet (rx_count). */
  readonly count: number;
  /** Finishes what is held, unless `oldOnly` and it came in the current jiffy; then delivers all that is finished. */
  flush(oldOnly: boolean): void;
  /** gro_normal_list: delivers what is finished, and finishes nothing. */
  deliver(): void;
}

/** The one timer of an instance, as one CPU sees it: GRO flush, deferral and suspension share it. */
export interface NapiTimer {
  /** Once, in `ns`, on the CPU that calls; replaces what was set before. */
  start(ns: number): void;
}

/** The thread of a threaded instance, on the CPU that schedules it. */
export interface NapiThread {
  /** SCHED_THREADED is set, by this CPU. */
  wake(): void;
}

/** What an instance may have of its own. */
export interface NapiParts {
  readonly poll: Poll;
  /** Packets per poll. Default 64. */
  readonly weight: number;
  readonly gro: GroNode;
  readonly timer: NapiTimer;
  /** null: it cannot be threaded. */
  readonly thread: NapiThread | null;
  /** False: its interrupts go to another CPU now, and whoever would poll here for ever lets go. */
  readonly isHome: () => boolean;
  /** netpoll is active on its device: polls take turns. */
  readonly netpoll: boolean;
  /** As messages and traces call it. */
  readonly name: string;
  /** Its device; `(no_device)` for a backlog. */
  readonly device: string;
}

/** NAPI_POLL_WEIGHT */
export const NAPI_POLL_WEIGHT = 64;

const NO_DEVICE = '(no_device)';
const NO_POLL: Poll = {
  poll() {
    throw new Error('napi: an instance without a poll function on this context was scheduled');
  },
};
/** No GRO: nothing is ever held. */
const NO_GRO: GroNode = { held: 0, count: 0, flush() {}, deliver() {} };
const ALWAYS = (): boolean => true;
const NO_TIMER: NapiTimer = {
  start() {
    throw new Error('napi: a timer is due, and on this context the instance has none');
  },
};

export class Napi implements NapiParts {
  readonly state: NapiState;
  poll: Poll = NO_POLL;
  weight = NAPI_POLL_WEIGHT;
  gro = NO_GRO;
  timer = NO_TIMER;
  thread: NapiThread | null = null;
  isHome = ALWAYS;
  netpoll = false;
  name: string;
  device = NO_DEVICE;

  constructor(state: NapiState) {
    this.state = state;
    this.name = `napi${state.id}`;
  }

  fill(parts: Partial<NapiParts>): void {
    Object.assign(this, parts);
  }
}
