// Cold. Runs on: main.
// A CPU that ends at any step while it hands a NAPI to its worker.

import t from 'tap';
import { dies, passesWithin, TIMEOUT_MS } from './verdicts.js';

/** The schedules that take minutes. */
const LONG = process.env.SOFTIRQ_LONG === '1';

t.setTimeout(LONG ? 3_600_000 : TIMEOUT_MS);

t.test('a CPU’s end against its call of a worker', (t) => passesWithin(t, { bound: LONG ? 2 : 1 }, 'worker-death'));

t.test('without one of the rules a worker sleeps for ever', (t) =>
  dies(t, [
    {
      what: 'nobody rings in its place',
      patches: [{ file: 'memory/doorbell.js', find: 'ringDoorbell(words, doorbell / 4);', replace: '' }],
      spec: 'worker-death',
      message: /^state=.* at rest/,
    },
    {
      what: 'nobody notifies in its place',
      patches: [{ file: 'memory/doorbell.js', find: 'wake(words, doorbell / 4, 1);', replace: '' }],
      spec: 'worker-death',
      message: /^state=.* at rest/,
    },
  ]),
);
