// Cold. Runs on: main.
// Condition: whoever waits for what is there gets it, whoever dies or runs out of time meanwhile.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const FILE = 'memory/sync/condition.js';

t.test('each item finds its consumer', (t) => passes(t, 'condition:one', 'condition:two', 'condition:all'));

t.test('who runs out of time takes no notification along', (t) => passes(t, 'condition:impatient'));

t.test('who dies takes at most its own item along', (t) =>
  passesWithin(t, { bound: 2, random: { schedules: 1000 } }, 'condition:taker', 'condition:giver'),
);

t.test('a condition without one of its rules loses a notification', (t) =>
  dies(t, [
    {
      what: 'SEQUENCE is read after unlocking',
      patches: [{ file: FILE, find: /(const sequence = .*;)\s*(guard\.unlock\(\);)/, replace: '$2 $1' }],
      spec: 'condition:one',
      message: /^deadlock/,
    },
    {
      what: 'notifyOne() leaves SEQUENCE as it is',
      patches: [{ file: FILE, find: /Atomics\.add\(this\.words, SEQUENCE, 1\); \/\/ Pairs.*/, replace: '' }],
      spec: 'condition:one',
      message: /^deadlock/,
    },
    {
      what: 'notifyOne() wakes nobody',
      patches: [{ file: FILE, find: 'wake(this.words, SEQUENCE, 1);', replace: '' }],
      spec: 'condition:one',
      message: /^deadlock/,
    },
    {
      what: 'wakes before SEQUENCE changes',
      patches: [
        {
          file: FILE,
          find: /(Atomics\.add\(this\.words, SEQUENCE, 1\);) \/\/ Pairs.*\s*(wake\(this\.words, SEQUENCE, 1\);)/,
          replace: '$2 $1',
        },
      ],
      spec: 'condition:one',
      message: /^deadlock/,
    },
    {
      what: 'notifyAll() wakes one',
      patches: [{ file: FILE, find: 'wakeAll(this.words, SEQUENCE);', replace: 'wake(this.words, SEQUENCE, 1);' }],
      spec: 'condition:all',
      message: /^deadlock/,
    },
    {
      what: 'who cannot have its lock back keeps the notification',
      patches: [
        {
          file: FILE,
          find: /(guard\.lock\(relockMs\(timeoutMs\)\);\s*\}\s*finally \{\s*)if \(!guard\.held\)\s*this\.notifyOne\(\);/,
          replace: '$1',
        },
      ],
      spec: 'condition:impatient',
      message: /items=1/,
    },
    {
      what: 'a death notifies nobody',
      patches: [{ file: FILE, find: /(threadDied\(_threadId\) \{\s*)this\.notifyAll\(\);/, replace: '$1' }],
      spec: 'condition:taker',
      message: /items=1/,
    },
  ]),
);
