// Cold. Runs on: main.
// Threaded mode switched, and a NAPI disabled and enabled, while a CPU is anywhere in its loop.

import t from 'tap';
import { dies, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

t.test('threaded switch against schedule', (t) =>
  passes(
    t,
    'control:on+latch+races',
    'control:on+nolatch+races',
    'control:off+latch+races',
    'control:off+nolatch+races',
  ),
);

t.test('schedule against disable: nobody polls after it, and what waited is polled after enable', (t) =>
  passes(t, 'control:disable+latch+races', 'control:disable+nolatch+races'),
);

t.test('without one of their rules', (t) =>
  dies(t, [
    {
      what: 'napi_disable does not wait for SCHED',
      patches: [
        {
          file: 'napi/state.js',
          find: 'if ((old & (SCHED | NPSVC)) !== 0)\n            return false;\n        const next',
          replace: 'const next',
        },
      ],
      spec: 'control:disable+latch',
      message: /SCHED is held by|not scheduled|although its NAPI has moved/,
    },
    {
      what: 'napi_stop_kthread does not wait for a softirq that holds SCHED',
      patches: [
        {
          file: 'napi/state.js',
          find: '(old & SCHED) !== 0 && (old & SCHED_THREADED) === 0 && !parked',
          replace: 'false',
        },
      ],
      spec: 'control:off+latch',
      message: /the thread has ended, and is scheduled/,
    },
    {
      what: 'nor for the thread',
      patches: [
        {
          file: 'napi/threaded.js',
          find: '!this.left || (state.load() & NAPI_BITS.SCHED_THREADED) !== 0',
          replace: '!this.left',
        },
      ],
      spec: 'control:off+latch',
      message: /the thread has ended, and is scheduled/,
    },
    {
      what: 'the thread sleeps on what it saw when it woke, and does not look again',
      patches: [{ file: 'cpu/napi-thread.js', find: '!this.round.isScheduled', replace: 'true' }],
      spec: 'control:on+latch',
      message: /at rest|^delivered=/,
    },
    {
      what: 'enable without a look at what waited',
      patches: [{ file: 'coordinator/queue-napi.js', find: 'line.raise();', replace: '' }],
      spec: 'control:disable+nolatch',
      message: /^delivered=[01] of 2/,
    },
    {
      what: 'enable without unmask',
      patches: [{ file: 'coordinator/queue-napi.js', find: /line\.unmask\(\);.*/, replace: '' }],
      spec: 'control:disable+latch',
      message: /^line=|^delivered=/,
    },
  ]),
);
