// Hot. Runs on: CPU n.
// What a queue has brought to this CPU, as something that can be waited for: a socket that all of its packets go to. What workers and
// attached threads poll does not come to this CPU.

import { DOUBLE_BYTES } from '../memory/layout.js';
import type { Views } from '../memory/views.js';
import type { NapiState } from '../napi/state.js';
import type { Waitable } from '../napi/wait-event.js';

export class QueueArrivals implements Waitable {
  private readonly doubles: Float64Array;
  private readonly taken: number;
  private readonly state: NapiState;
  private seen: number;

  /** @param taken byte address of that counter of this queue on this CPU, which this thread alone writes */
  constructor(views: Views, taken: number, state: NapiState) {
    this.doubles = views.doubles;
    this.taken = taken / DOUBLE_BYTES;
    this.state = state;
    this.seen = this.doubles[this.taken]!;
  }

  isReady(): boolean {
    return this.doubles[this.taken] !== this.seen;
  }

  take(): number {
    this.seen = this.doubles[this.taken]!;
    return this.state.napiId;
  }
}
