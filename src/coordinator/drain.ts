// Cold. Runs on: main, when the source has ended.
// Whether anything is still in flight, and whether it still moves.

import { napiState } from '../cpu/build.js';
import { CPU_COUNTERS, readCounters } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { type NapiState, NO_HOLDER } from '../napi/state.js';
import { backlogWaiting } from '../net/backlog-counts.js';
import { readNic } from '../nic/nic.js';
import { ringWaiting } from '../ring/rx-ring.js';
import type { Plan } from './plan.js';

/** A drain ends when nothing was processed for this long. */
const STALLED_MS = 1000;

export class Drain {
  private readonly views: Views;
  private readonly plan: Plan;
  /** Instances of the backlogs. */
  private readonly backlogs: readonly NapiState[];
  private movedAtMs = 0;
  private processed = -1;

  constructor(views: Views, plan: Plan) {
    this.views = views;
    this.plan = plan;
    const { napis, rings } = plan.cpus[0]!;
    this.backlogs = plan.backlogs.map((_, cpu) => napiState(views, napis, rings.length + cpu));
  }

  begin(nowMs: number): void {
    this.movedAtMs = nowMs;
  }

  /** Nothing is in flight. In this order, along the packet's way: what one place gave up, the next has. */
  drained(): boolean {
    const { views, plan } = this;
    const { held, ended } = readNic(views, plan.nic.state);
    if (!ended || held > 0) return false;
    if (plan.nic.rings.some((ring) => ringWaiting(views, ring) > 0)) return false;
    // While somebody holds one, packets may be on their way out of it, into another that was looked at before.
    if (this.backlogs.some((state) => state.holder() !== NO_HOLDER)) return false;
    return plan.backlogs.every((backlog) => backlogWaiting(views, backlog) === 0);
  }

  /** Nothing has moved for long. */
  stalled(nowMs: number): boolean {
    const processed = this.plan.polling.reduce(
      (total, { counters }) => total + readCounters(this.views, CPU_COUNTERS, counters).processed,
      0,
    );
    if (processed !== this.processed) this.movedAtMs = nowMs;
    this.processed = processed;
    return nowMs - this.movedAtMs > STALLED_MS;
  }
}
