// Cold. Runs on: main; tests step operations by hand.
// A queue's NAPI turned off and on while traffic runs, with its line as a driver would (disable_irq, synchronize_irq).

import type { IrqLine } from '../irq/line.js';
import type { ContextWords } from '../memory/context.js';
import { GracePeriod } from '../memory/grace.js';
import { NapiError } from '../napi/bits.js';
import type { NapiDevice } from '../napi/device.js';
import type { NapiState } from '../napi/state.js';
import type { ControlOperation } from '../runtime/operation.js';

/** What both operations need. */
export interface QueueNapi {
  readonly device: NapiDevice;
  readonly state: NapiState;
  readonly line: IrqLine;
  /** Of all CPUs, and of all others that poll. */
  readonly contexts: readonly ContextWords[];
}

/**
 * Complete when nobody polls the queue and its line is masked for good: what comes now waits in the ring, and then is held or
 * missed as `full` says.
 *
 *   napi_disable ▶ grace: whoever polled last has left its poll, and will not unmask any more ▶ mask
 *   ▶ an interrupt that was on its way has been taken, and finds a disabled instance
 */
export class DisableQueue implements ControlOperation {
  private readonly queue: QueueNapi;
  private readonly disable: ControlOperation;
  private left: GracePeriod | null = null;
  private taken: GracePeriod | null = null;

  constructor(queue: QueueNapi) {
    this.queue = queue;
    this.disable = queue.device.disable(queue.state);
  }

  /** @throws NapiError when it is disabled already: the kernel would wait for ever, and here nothing is changed */
  begin(): void {
    const { state } = this.queue;
    if (state.napiId === 0) throw new NapiError('napi_disable', state.id, state.load(), 'it is disabled already');
    this.disable.begin();
  }

  step(): boolean {
    const { line, contexts } = this.queue;
    if (this.left === null) {
      if (!this.disable.step()) return false;
      this.left = new GracePeriod(contexts);
    }
    if (this.taken === null) {
      if (!this.left.over()) return false;
      line.mask();
      if (line.isPending()) return false;
      this.taken = new GracePeriod(contexts);
    }
    return this.taken.over();
  }

  stuck(why: string): Error {
    return this.disable.stuck(why);
  }
}

/** napi_enable; then the line is on, and one interrupt makes somebody look at what has come meanwhile (virtnet_napi_enable). */
export class EnableQueue implements ControlOperation {
  private readonly queue: QueueNapi;

  constructor(queue: QueueNapi) {
    this.queue = queue;
  }

  /** @throws NapiError when it is not disabled, also while it is polled: the kernel's BUG asks for SCHED alone, whoever holds it */
  begin(): void {
    const { device, state, line } = this.queue;
    if (state.napiId !== 0) throw new NapiError('napi_enable', state.id, state.load(), 'it is not disabled');
    device.enable(state);
    line.unmask(); // It is ours to unmask: we cleared SCHED.
    line.raise();
  }

  step(): boolean {
    return true;
  }

  stuck(why: string): Error {
    return new Error(`napi_enable: ${why}`);
  }
}
