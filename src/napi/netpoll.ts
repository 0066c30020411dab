// Cold. Runs on: CPU n.
// netpoll (net/core/netpoll.c: poll_napi, poll_one_napi): polls a device's instances with budget 0, so that Tx is cleaned, also
// where no softirq can run. NPSVC keeps the poll from completing; POLL_OWNER makes it take turns with a normal poll.

import type { Printk } from '../runtime/printk.js';
import type { Trace } from '../runtime/trace.js';
import { NAPI_BITS, NapiError } from './bits.js';
import type { Napi } from './napi.js';

/** Looks at POLL_OWNER before a poll gives up: netpoll holds it for the time of one poll with budget 0. */
const SPINS_MAX = 10_000_000;

/** netpoll_poll_lock. @throws NapiError when netpoll does not let go */
export function netpollPollLock({ state }: Napi, cpu: number): void {
  for (let spins = 0; !state.tryPollOwner(cpu); spins += 1) {
    if (spins > SPINS_MAX) {
      const why = `cpu${state.pollOwner()} does not end its netpoll`;
      throw new NapiError('netpoll_poll_lock', state.id, state.load(), why);
    }
  }
}

/** Polls each of `napis`, also those that nobody has scheduled; neither disabled ones nor those that this very moment are polled. */
export function pollNapi(napis: readonly Napi[], cpu: number, printk: Printk, trace: Trace | null): void {
  for (const napi of napis) {
    if (!napi.state.tryPollOwner(cpu)) continue;
    pollOneNapi(napi, printk, trace);
    napi.state.releasePollOwner();
  }
}

function pollOneNapi({ state, poll, name }: Napi, printk: Printk, trace: Trace | null): void {
  if (state.set(NAPI_BITS.NPSVC) !== 0) return; // disabled
  const work = poll.poll(0);
  if (work !== 0) printk.once('netpoll', `${name} exceeded budget in poll`);
  if (trace !== null) trace.napiPoll(state.id, work, 0);
  state.clear(NAPI_BITS.NPSVC);
}
