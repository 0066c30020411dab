// Cold. Runs on: main.
// A NAPI's worker on every schedule: its sleep against a schedule, its completion against another, its end against both.

import t from 'tap';
import { passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

t.test('schedule against the worker’s sleep', (t) => passes(t, 'worker:wait+latch', 'worker:wait+nolatch+races'));

t.test('complete against a schedule', (t) => passes(t, 'worker:scheduled+latch', 'worker:scheduled+nolatch+races'));

t.test('the end of the thread against a schedule', (t) => passes(t, 'worker:off+latch+races'));
