// Cold. Runs on: main.
// Mutex and SpinLock: one at a time, no wake-up lost, taken over from a dead owner exactly once, whenever it dies.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const WORD = 'memory/sync/lock-word.js';
const WAIT = 'memory/sync/wait.js';

t.test('one at a time, and everybody in the end', (t) => passes(t, 'lock:three', 'lock:spin-three'));

t.test('who runs out of time takes no wake-up along', (t) => passes(t, 'lock:impatient', 'lock:spin-impatient'));

t.test('who dies, wherever, is inherited once', async (t) => {
  await passesWithin(t, { bound: 3 }, 'lock:dies'); // An end counts as a preemption.
  await passes(t, 'lock:spin-dies', 'lock:woken');
});

t.test('what nobody repaired is refused to all, and nobody sleeps on', (t) => passes(t, 'lock:unrepaired'));

t.test('a lock without one of its rules has two holders, or strands somebody', (t) =>
  dies(t, [
    {
      what: 'taken by load and store',
      patches: [
        {
          file: WORD,
          find: 'Atomics.compareExchange(this.words, LOCK, word, next) !== word',
          replace: 'Atomics.store(this.words, LOCK, next) !== next',
        },
      ],
      spec: 'lock:three',
      message: /two hold it|unlocked by/,
    },
    {
      what: 'a spinner takes it by load and store',
      patches: [
        {
          file: WORD,
          find: 'Atomics.compareExchange(this.words, LOCK, word, word | ME) === word',
          replace: 'Atomics.store(this.words, LOCK, word | ME) !== 0',
        },
      ],
      spec: 'lock:spin-three',
      message: /two hold it|unlocked by/,
    },
    {
      what: 'a waiter does not say that it waits',
      patches: [{ file: WORD, find: ': word | WAITERS;', replace: ': word;' }],
      spec: 'lock:three',
      message: /^deadlock/,
    },
    {
      what: 'who has slept forgets that others may',
      patches: [{ file: WORD, find: '(slept ? WAITERS : 0)', replace: '0' }],
      spec: 'lock:three',
      message: /^deadlock/,
    },
    {
      what: 'nobody is woken',
      patches: [{ file: WORD, find: 'wake(this.words, LOCK, 1);', replace: '{}' }],
      spec: 'lock:three',
      message: /^deadlock/,
    },
    {
      what: 'woken before it is free',
      patches: [
        {
          file: WORD,
          find: 'const last = Atomics.exchange(this.words, LOCK, next);',
          replace: 'wake(this.words, LOCK, 1); const last = Atomics.exchange(this.words, LOCK, next) & ~WAITERS;',
        },
      ],
      spec: 'lock:three',
      message: /^deadlock/,
    },
    {
      what: 'WAITERS is looked for before it is free, not while it becomes so',
      patches: [
        {
          file: WORD,
          find: 'const last = Atomics.exchange(this.words, LOCK, next);',
          replace: 'const last = word; Atomics.store(this.words, LOCK, next);',
        },
      ],
      spec: 'lock:three',
      message: /^deadlock/,
    },
    {
      what: 'who is woken when it has no time left does not look',
      patches: [
        {
          file: WAIT,
          find: '!sleepWhile(words, at, seen, deadline - performance.now())',
          replace: '!sleepWhile(words, at, seen, deadline - performance.now()) || timeoutMs < Infinity',
        },
      ],
      spec: 'lock:impatient',
      message: /^deadlock/,
    },
    {
      what: 'it stays repaired by nobody',
      patches: [{ file: WORD, find: 'Atomics.and(this.words, LOCK, ~OWNER_DIED);', replace: '' }],
      spec: 'lock:dies',
      message: /held by \d+ in the end/,
    },
  ]),
);

t.test('a lock that is not inherited by the rules is never had again, or found half way', (t) =>
  dies(t, [
    {
      what: 'nobody is told',
      patches: [{ file: WORD, find: 'LOCK, word, OWNER_DIED)', replace: 'LOCK, word, FREE)' }],
      spec: 'lock:dies',
      message: /two hold it/,
    },
    {
      what: 'nobody is woken by a death',
      patches: [{ file: WORD, find: /(word, OWNER_DIED\);\s*\}\s*)wakeAll\(this\.words, LOCK\);/, replace: '$1' }],
      spec: 'lock:dies',
      message: /^deadlock/,
    },
    {
      what: 'a death wakes only when the dead thread held it',
      patches: [
        {
          file: WORD,
          find: /(\(word & OWNER\) === dead; .*\s*)(Atomics\.compareExchange\(this\.words, LOCK, word, OWNER_DIED\);)\s*\}\s*wakeAll\(this\.words, LOCK\);/,
          replace: '$1$2 wakeAll(this.words, LOCK); }',
        },
      ],
      spec: 'lock:woken',
      message: /^deadlock/,
    },
    {
      what: 'freed by load and store',
      patches: [
        {
          file: WORD,
          find: 'Atomics.compareExchange(this.words, LOCK, word, OWNER_DIED);',
          replace: 'Atomics.store(this.words, LOCK, OWNER_DIED);',
        },
        {
          file: WORD,
          find: '(word & OWNER) === dead;',
          replace: '(word & OWNER) !== NOBODY && (word & OWNER_DIED) === 0;',
        },
      ],
      spec: 'lock:dies',
      message: /two hold it|taken over|unlocked by/,
    },
    {
      what: 'who did not repair it leaves it free',
      patches: [{ file: WORD, find: '? FREE : NOT_RECOVERABLE', replace: '? FREE : FREE' }],
      spec: 'lock:unrepaired',
      message: /what nobody repaired is held again/,
    },
    {
      what: 'those who wait do not learn that it is refused',
      patches: [{ file: WORD, find: /(=== NOT_RECOVERABLE\)\s*)wakeAll\(this\.words, LOCK\);/, replace: '$1{}' }],
      spec: 'lock:unrepaired',
      message: /^deadlock/,
    },
  ]),
);
