// Cold. Runs on: main.
// A NAPI's worker on every schedule: its sleep against a schedule, its completion against another, its end against both.

import t from 'tap';
import { dies, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

t.test('schedule against the worker’s sleep', (t) => passes(t, 'worker:wait+latch', 'worker:wait+nolatch+races'));

t.test('complete against a schedule', (t) => passes(t, 'worker:scheduled+latch', 'worker:scheduled+nolatch+races'));

t.test('the end of the thread against a schedule', (t) => passes(t, 'worker:off+latch+races'));

const THREAD = 'cpu/napi-thread.js';
const WAKE = /state\.handOver\(this\.context, worker\);\s*this\.calls\.wake\(worker\);.*/;

t.test('a worker without one of its rules strands packets, or polls what another holds', (t) =>
  dies(t, [
    {
      what: 'who schedules does not ring',
      patches: [{ file: THREAD, find: 'this.calls.wake(worker);', replace: '' }],
      spec: 'worker:wait+latch',
      message: /^state=.* at rest/,
    },
    {
      what: 'it rings before the worker holds the instance',
      patches: [
        { file: THREAD, find: WAKE, replace: 'this.calls.wake(worker); state.handOver(this.context, worker);' },
      ],
      spec: 'worker:wait+latch',
      message: /^state=.* at rest/,
    },
    {
      what: 'the worker sleeps without another look',
      patches: [
        {
          file: 'cpu/napi-worker.js',
          find: /workArrived\(\) \{\s*return this\.round\.isScheduled;/,
          replace: 'workArrived() { return false;',
        },
      ],
      spec: 'worker:wait+latch',
      message: /^state=.* at rest/,
    },
    {
      what: 'the worker looks for SCHED alone',
      patches: [
        {
          file: 'cpu/napi-round.js',
          find: 'this.napi.state.isScheduledForThread(this.softnet.context)',
          replace: '(this.napi.state.load() & 1) !== 0',
        },
      ],
      spec: 'worker:wait+latch',
      message: /and SCHED is held by/,
    },
    {
      what: 'MISSED, and the worker is not scheduled once more',
      patches: [{ file: 'cpu/remote.js', find: 'state.set(SCHED_THREADED);', replace: '' }],
      spec: 'worker:scheduled+latch',
      message: /^state=.* at rest/,
    },
    {
      what: 'napi_stop_kthread does not wait for a CPU that is about to schedule it',
      patches: [
        {
          file: 'napi/state.js',
          find: '(old & SCHED) !== 0 && (old & SCHED_THREADED) === 0 && !parked',
          replace: 'false',
        },
      ],
      spec: 'worker:off+latch',
      message: /the thread has ended, and is scheduled|livelock/,
    },
    {
      what: 'nor for the worker',
      patches: [
        {
          file: 'napi/threaded.js',
          find: '!this.left || (state.load() & NAPI_BITS.SCHED_THREADED) !== 0',
          replace: '!this.left',
        },
      ],
      spec: 'worker:off+latch',
      message: /the thread has ended, and is scheduled|^state=.* at rest/,
    },
  ]),
);
