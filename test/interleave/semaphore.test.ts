// Cold. Runs on: main.
// Semaphore: permits are conserved, and nobody sleeps while one is free.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const FILE = 'memory/sync/semaphore.js';

t.test('each post is a wait that ends', (t) => passes(t, 'semaphore:quick', 'semaphore:pool', 'semaphore:impatient'));

t.test(
  'a thread that dies takes its own permit at most',
  (t) => passesWithin(t, { bound: 3 }, 'semaphore:waiter', 'semaphore:poster'), // An end counts as a preemption.
);

t.test('a semaphore without one of its rules loses a permit, or a wake-up', (t) =>
  dies(t, [
    {
      what: 'post wakes only on 0 → 1',
      patches: [
        {
          file: FILE,
          find: 'wake(this.words, COUNT, permits);',
          replace: 'if (this.count() === permits) wake(this.words, COUNT, permits);',
        },
      ],
      spec: 'semaphore:quick',
      message: /^deadlock/,
    },
    {
      what: 'post wakes before it posts',
      patches: [
        { file: FILE, find: 'wake(this.words, COUNT, permits);', replace: '' },
        { file: FILE, find: 'for (let count', replace: 'wake(this.words, COUNT, permits); for (let count' },
      ],
      spec: 'semaphore:quick',
      message: /^deadlock/,
    },
    {
      what: 'taken by load and store',
      patches: [
        {
          file: FILE,
          find: 'Atomics.compareExchange(this.words, COUNT, count, count - 1) !== count',
          replace: 'Atomics.store(this.words, COUNT, count - 1) < 0',
        },
      ],
      spec: 'semaphore:pool',
      message: /threads with 2 permits|count=/,
    },
    {
      what: 'posted by load and store',
      patches: [
        {
          file: FILE,
          find: 'Atomics.compareExchange(this.words, COUNT, count, count + permits) === count',
          replace: 'Atomics.store(this.words, COUNT, count + permits) > 0',
        },
      ],
      spec: 'semaphore:pool',
      message: /count=/,
    },
    {
      what: 'a waiter takes what is not there',
      patches: [{ file: FILE, find: 'if (count === 0)', replace: 'if (count < 0)' }],
      spec: 'semaphore:pool',
      message: /threads with 2 permits/,
    },
    {
      what: 'a death wakes nobody',
      patches: [{ file: FILE, find: 'wakeAll(this.words, COUNT);', replace: '' }],
      spec: 'semaphore:poster',
      message: /count=1/,
    },
  ]),
);
