// Cold. Runs on: main.
// Timers and busy polling on every schedule: the timer against a schedule and against disable, a busy-poll claim against softirq
// and against disable; the event that a sink signals and a task waits for.

import t from 'tap';
import { dies, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const STATE = 'napi/state.js';
const SOFTNET = 'napi/softnet.js';
const TIMERS = 'napi/timers.js';
const BUSY = 'napi/busy-poll.js';
const EVENT = 'napi/wait-event.js';

t.test('the timer against a schedule, a suspension and disable', (t) =>
  passes(t, 'mitigation:schedule+races', 'mitigation:suspend+races', 'mitigation:disable+races'),
);

t.test('a busy-poll claim against softirq and disable', (t) =>
  passes(t, 'mitigation:busy+races', 'mitigation:busy-disable+races'),
);

t.test('mitigation without one of its rules strands packets, or has two pollers', (t) =>
  dies(t, [
    {
      what: 'a deferral that forgets to arm the timer',
      patches: [
        {
          file: SOFTNET,
          find: /if \(timeoutNs !== 0\)\s*timer\.start\(timeoutNs\);\s*return unmask;/,
          replace: 'return unmask;',
        },
      ],
      spec: 'mitigation:suspend',
      message: /^line=|^done=/,
    },
    {
      what: 'a suspension without the safety timeout',
      patches: [
        {
          file: SOFTNET,
          find: /const \{ state, timer \} = (.*)\s*const timeoutNs = state\.irqSuspendTimeoutNs;\s*if \(timeoutNs !== 0\)\s*timer\.start\(timeoutNs\);/,
          replace: 'const { state } = $1\nstate.cancelTimer();',
        },
      ],
      spec: 'mitigation:suspend',
      message: /^line=|^done=/,
    },
    {
      what: 'the watchdog does not look whether somebody holds it',
      patches: [{ file: STATE, find: '(old & (DISABLE | SCHED)) !== 0', replace: 'false' }],
      spec: 'mitigation:disable',
      message: /polls|not scheduled|held|never returns/,
    },
    {
      what: 'the claim tests, then sets',
      patches: [
        {
          file: STATE,
          find: /(const next = old \| IN_BUSY_POLL \| .*;)\s*return .*;/,
          replace: '$1 Atomics.store(this.words, this.base + STATE, next); return true;',
        },
      ],
      spec: 'mitigation:busy',
      message: /polls, and so does|not scheduled|held|done=|line=/,
    },
    {
      what: 'the claim takes what napi_disable has parked',
      patches: [
        {
          file: STATE,
          find: '(old & (DISABLE | SCHED | IN_BUSY_POLL)) !== 0',
          replace: '(old & SCHED) !== 0 && (old & NPSVC) === 0',
        },
      ],
      spec: 'mitigation:busy-disable',
      message: /polls|not scheduled|held/,
    },
    {
      what: 'busy_poll_stop leaves IN_BUSY_POLL',
      patches: [{ file: BUSY, find: 'napi.state.clear(IN_BUSY_POLL);', replace: '' }],
      spec: 'mitigation:busy',
      message: /held|line=|done=/,
    },
    {
      what: 'an expiry that asks for another CPU’s timer',
      patches: [
        {
          file: TIMERS,
          find: 'if (!state.expireTimer(this.softnet.context))',
          replace: 'if (!state.expireTimer(1 - this.softnet.context))',
        },
      ],
      spec: 'mitigation:suspend',
      message: /^line=|^done=/,
    },
  ]),
);

t.test('an event: nothing that was brought is overlooked, and the last bringer is known', (t) =>
  passes(t, 'event:one', 'event:two'),
);

t.test('an event without one of its rules', (t) =>
  dies(t, [
    {
      what: 'a signal that counts before it says by whom',
      patches: [
        {
          file: EVENT,
          find: /(Atomics\.store\(this\.words, NAPI_ID, napiId\);)\s*(Atomics\.add\(this\.words, COUNT, 1\);)/,
          replace: '$2 $1',
        },
      ],
      spec: 'event:one',
      message: /^livelock/,
    },
    {
      what: 'a waiter that looks by whom, then takes',
      patches: [
        {
          file: EVENT,
          find: /this\.seen = (Atomics\.load\(this\.words, COUNT\));\s*return (Atomics\.load\(this\.words, NAPI_ID\));/,
          replace: 'const id = $2; this.seen = $1; return id;',
        },
      ],
      spec: 'event:one',
      message: /^livelock/,
    },
  ]),
);
