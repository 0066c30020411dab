// Cold. Runs on: main.
// Beyond two preemptions, at random: with what probability a bug that takes three or four steps in order would be missed.

import t from 'tap';
import { passesWithin, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

t.test('protocols, with their state tables and races', (t) =>
  passesWithin(
    t,
    { bound: 0, random: { schedules: 1000, depth: 3 } },
    'napi-state',
    'napi:latch+laws+races',
    'napi:nolatch+laws+races',
    'irq:lines',
    'ring:races',
    'pool:again+races',
    'request:end-stop',
    'handover:coming+latch+laws',
  ),
);

t.test('a CPU that ends, anywhere', (t) =>
  passesWithin(t, { bound: 0, random: { schedules: 1000, depth: 3 } }, 'death:latch-bursts'),
);
