// Cold. Runs on: main.
// The control plane's primitives: Barrier and Once.

import t from 'tap';
import { dies, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const FILE = 'memory/sync.js';

t.test('a barrier lets all through together, again and again, or is broken up', (t) =>
  passes(t, 'barrier:three', 'barrier:twice', 'barrier:broken'),
);

t.test('once is once, and again when it threw', (t) => passes(t, 'once:plain', 'once:throws'));

t.test('a barrier without one of its rules strands somebody', (t) =>
  dies(t, [
    {
      what: 'nobody is woken',
      patches: [{ file: FILE, find: 'wakeAll(this.words, this.base + ROUND);', replace: '' }],
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
          file: FILE,
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
          file: FILE,
          find: 'Atomics.add(this.words, this.base + ARRIVED, 1) + 1',
          replace: 'Atomics.store(this.words, this.base + ARRIVED, Atomics.load(this.words, this.base + ARRIVED) + 1)',
        },
      ],
      spec: 'barrier:three',
      message: /^deadlock/,
    },
    {
      what: 'arrivals are cleared after the others go',
      patches: [
        {
          file: FILE,
          find: /(Atomics\.store\(this\.words, this\.base \+ ARRIVED, 0\);)\s*(this\.breakUp\(\);)/,
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
          file: FILE,
          find: 'return Atomics.compareExchange(this.words, this.at, NEW, RUNNING);',
          replace:
            'const was = Atomics.load(this.words, this.at); if (was === NEW) Atomics.store(this.words, this.at, RUNNING); return was;',
        },
      ],
      spec: 'once:plain',
      message: /ready=2/,
    },
    {
      what: 'DONE before it is done',
      patches: [
        { file: FILE, find: 'initialise();\n', replace: 'Atomics.store(this.words, this.at, DONE); initialise();\n' },
      ],
      spec: 'once:plain',
      message: /ready=0/,
    },
    {
      what: 'nobody is woken',
      patches: [{ file: FILE, find: 'wakeAll(this.words, this.at);', replace: '' }],
      spec: 'once:plain',
      message: /^deadlock/,
    },
    {
      what: 'a throw leaves RUNNING',
      patches: [{ file: FILE, find: 'let next = NEW;', replace: 'let next = RUNNING;' }],
      spec: 'once:throws',
      message: /^deadlock/,
    },
    {
      what: 'who waited does not look how it ended',
      patches: [{ file: FILE, find: /(if \(!waitWhile\(this\.words, this\.at,.*\n.*\n)/, replace: '$1 return;\n' }],
      spec: 'once:throws',
      message: /ready=0/,
    },
  ]),
);
