// Cold. Runs on: main.
// The control plane's primitives: Barrier and Once.

import t from 'tap';
import { dies, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const BARRIER = 'memory/sync/barrier.js';
const ONCE = 'memory/sync/once.js';

t.test('a barrier lets all through together, again and again, or is broken up', (t) =>
  passes(t, 'barrier:three', 'barrier:twice', 'barrier:broken'),
);

t.test('once is once, and again when it threw', (t) => passes(t, 'once:plain', 'once:throws'));

t.test('once is once although who began it dies', (t) => passes(t, 'once:dies'));

t.test('a barrier without one of its rules strands somebody', (t) =>
  dies(t, [
    {
      what: 'nobody is woken',
      patches: [{ file: BARRIER, find: 'wakeAll(this.words, ROUND);', replace: '' }],
      spec: 'barrier:three',
      message: /^deadlock/,
    },
    {
      what: 'one is woken',
      patches: [
        { file: 'memory/doorbell.js', find: 'Atomics.notify(words, at);', replace: 'Atomics.notify(words, at, 1);' },
      ],
      spec: 'barrier:three',
      message: /^deadlock/,
    },
    {
      what: 'the round is looked at after arriving',
      patches: [
        {
          file: BARRIER,
          find: /(const round = this\.round\(\);)\s*(const arrived = .*;)/,
          replace: '$2 $1',
        },
      ],
      spec: 'barrier:three',
      message: /^deadlock/,
    },
    {
      what: 'arrivals are counted by load and store',
      patches: [
        {
          file: BARRIER,
          find: 'Atomics.add(this.words, ARRIVED, 1) + 1',
          replace: 'Atomics.store(this.words, ARRIVED, Atomics.load(this.words, ARRIVED) + 1)',
        },
      ],
      spec: 'barrier:three',
      message: /^deadlock/,
    },
    {
      what: 'arrivals are cleared after the others go',
      patches: [
        {
          file: BARRIER,
          find: /(Atomics\.store\(this\.words, ARRIVED, 0\);)\s*(this\.breakUp\(\);)/,
          replace: '$2 $1',
        },
      ],
      spec: 'barrier:twice',
      message: /^deadlock|let through/,
    },
  ]),
);

t.test('a once without one of its rules is twice, or never', (t) =>
  dies(t, [
    {
      what: 'entered by load and store',
      patches: [
        {
          file: ONCE,
          find: 'return Atomics.compareExchange(this.words, STATE, NEW, ME);',
          replace:
            'const was = Atomics.load(this.words, STATE); if (was === NEW) Atomics.store(this.words, STATE, ME); return was;',
        },
      ],
      spec: 'once:plain',
      message: /ready=2/,
    },
    {
      what: 'DONE before it is done',
      patches: [
        { file: ONCE, find: 'initialise();\n', replace: 'Atomics.store(this.words, STATE, DONE); initialise();\n' },
      ],
      spec: 'once:plain',
      message: /ready=0/,
    },
    {
      what: 'nobody is woken',
      patches: [{ file: ONCE, find: /(next\); .*\n\s*)wakeAll\(this\.words, STATE\);/, replace: '$1' }],
      spec: 'once:plain',
      message: /^deadlock/,
    },
    {
      what: 'a throw leaves it begun',
      patches: [{ file: ONCE, find: 'let next = NEW;', replace: 'let next = ME;' }],
      spec: 'once:throws',
      message: /^deadlock/,
    },
    {
      what: 'a death leaves it begun',
      patches: [
        { file: ONCE, find: 'Atomics.compareExchange(this.words, STATE, wordOf(threadId), NEW);', replace: '' },
      ],
      spec: 'once:dies',
      message: /^deadlock/,
    },
    {
      what: 'who waited does not look how it ended',
      patches: [{ file: ONCE, find: 'found = this.enter();', replace: 'found = found > NEW ? DONE : this.enter();' }],
      spec: 'once:throws',
      message: /ready=0/,
    },
  ]),
);
