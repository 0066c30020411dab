// Cold. Runs on: main, while traffic runs.
// Finds queues that stand still: packets wait in the ring, and nobody will ever poll them. It looks, again and again, at the
// words that say who owes what; while nothing moves, each answer gets its patience:
//
//   ring     line      NAPI                  who owes the next step            patience
//   empty    any       any                   nobody
//   filled   any       disabled, or DISABLE  main, which will enable it        for ever
//   filled   pending   any                   the CPU that takes the line       STARVED_MS
//   filled   any       SCHED, held           its holder                        STARVED_MS
//   filled   any       idle, timer armed     the CPU whose timer it is         STARVED_MS
//   filled   on        idle                  nobody: the interrupt was lost    LOST_MS, and a grace period
//   filled   masked    idle                  nobody: unmask or timer was lost  LOST_MS, and a grace period
//
// A thread that does not get its core may be between two of its steps for long; the grace period makes sure that none is.

import { napiState } from '../cpu/build.js';
import type { IrqLine } from '../irq/line.js';
import { ContextWords } from '../memory/context.js';
import { GracePeriod } from '../memory/grace.js';
import type { Views } from '../memory/views.js';
import { describeState, HOLDER_MASK, HOLDER_SHIFT, NAPI_BITS, PARKED } from '../napi/bits.js';
import type { NapiState } from '../napi/state.js';
import { ringTail, ringWaiting } from '../ring/rx-ring.js';
import type { Machine } from './machine.js';
import type { Plan } from './plan.js';

const LOST_MS = 1000;
const STARVED_MS = 20_000;

type Owed = 'nobody' | 'somebody' | 'main';

export class Watchdog {
  private readonly queues: readonly QueueWatch[];

  constructor(machine: Machine, plan: Plan) {
    const { views, lines } = machine;
    const contexts = [plan.nicContext, ...plan.cpuContexts, ...plan.pollerContexts].map(
      (address) => new ContextWords(views, address),
    );
    this.queues = plan.nic.rings.map((ring, queue) => {
      const state = napiState(views, plan.cpus[0]!.napis, queue);
      return new QueueWatch(views, queue, ring, lines[queue]!, state, contexts);
    });
  }

  /** To be called every 100 ms or so. @returns one line for each queue that is stuck */
  look(nowMs: number): string[] {
    return this.queues.filter((queue) => queue.isStuck(nowMs)).map((queue) => queue.describe(nowMs));
  }

  /** One line for each queue that is not empty, stuck or not. */
  describe(nowMs: number): string[] {
    return this.queues.filter((queue) => queue.waiting > 0).map((queue) => queue.describe(nowMs));
  }
}

class QueueWatch {
  private readonly views: Views;
  private readonly queue: number;
  private readonly ring: number;
  private readonly line: IrqLine;
  private readonly state: NapiState;
  private readonly contexts: readonly ContextWords[];
  private seen = '';
  private sinceMs = Number.POSITIVE_INFINITY;
  private grace: GracePeriod | null = null;

  constructor(
    views: Views,
    queue: number,
    ring: number,
    line: IrqLine,
    state: NapiState,
    contexts: readonly ContextWords[],
  ) {
    this.views = views;
    this.queue = queue;
    this.ring = ring;
    this.line = line;
    this.state = state;
    this.contexts = contexts;
  }

  get waiting(): number {
    return ringWaiting(this.views, this.ring);
  }

  isStuck(nowMs: number): boolean {
    const { waiting } = this;
    const owed = this.owed();
    const seen = `${ringTail(this.views, this.ring)} ${this.state.load()} ${this.line.describe()}`;
    if (waiting === 0 || owed === 'main' || seen !== this.seen) {
      this.begin(seen, nowMs);
      return false;
    }
    const stoodMs = nowMs - this.sinceMs;
    return owed === 'nobody' ? stoodMs >= LOST_MS && this.grace!.over() : stoodMs >= STARVED_MS;
  }

  /** `nic0/2: 37 descriptors wait, line on, not pending, for cpu1; napi 2: 0, held by nobody; nothing has moved for 1.2 s` */
  describe(nowMs: number): string {
    const napi = `napi ${this.queue}: ${describeState(this.state.load())}`;
    const stood = `nothing has moved for ${(Math.max(0, nowMs - this.sinceMs) / 1000).toFixed(1)} s`;
    return `nic0/${this.queue}: ${this.waiting} descriptors wait, line ${this.line.describe()}; ${napi}; ${stood}`;
  }

  private begin(seen: string, nowMs: number): void {
    this.seen = seen;
    this.sinceMs = nowMs;
    this.grace = new GracePeriod(this.contexts);
  }

  private owed(): Owed {
    const state = this.state.load();
    const holder = (state >> HOLDER_SHIFT) & HOLDER_MASK;
    const scheduled = (state & NAPI_BITS.SCHED) !== 0;
    if ((state & NAPI_BITS.DISABLE) !== 0 || (scheduled && holder === PARKED)) return 'main';
    if (scheduled || this.line.isPending()) return 'somebody';
    return this.state.timerCpu() >= 0 ? 'somebody' : 'nobody';
  }
}
