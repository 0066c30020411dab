// Cold. Runs on: main.
// Interrupt lines: raise against take, unmask, mask and retarget, and against a CPU that goes to sleep.

import t from 'tap';
import { dies, lives, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const FILE = 'irq/line.js';
const CAS = String.raw`if \(Atomics\.compareExchange\(this\.words, this\.at, old, next\) !== old\)\s*continue;`;
const STORE = 'Atomics.store(this.words, this.at, next);';
const RETARGET_TELLS = /if \(\(next & PENDING\) !== 0\)\s*this\.tell\(cpu\);/;
const TAKE_TELLS = /this\.tell\(targetOf\(old\)\);\s*return false;/;

t.test('no event is slept through, with any flow', (t) => passes(t, 'irq:latch', 'irq:nolatch', 'irq:level'));

t.test('nor with two lines', (t) => passes(t, 'irq:lines'));

t.test('nor when the line moves', (t) => passes(t, 'irq:orphan', 'irq:moved'));

t.test('a line without one of its rules loses an interrupt', (t) =>
  dies(t, [
    {
      what: 'no look at pending lines before sleep',
      patches: [{ file: 'runtime/idle.js', find: 'agent.workArrived() || ', replace: '' }],
      spec: 'irq:latch',
      message: /^line 0: seen=0 of 2/,
    },
    {
      what: 'the bell before the bit',
      patches: [{ file: FILE, find: /(Atomics\.or\(.*\);).*\s*(ringDoorbell\(.*\);)/, replace: '$2 $1' }],
      spec: 'irq:latch',
      message: /^line 0: seen=0 of 2/,
    },
    {
      what: 'no bell',
      patches: [{ file: FILE, find: /ringDoorbell\(this.*\);/, replace: '' }],
      spec: 'irq:latch',
      message: /^line 0: seen=0 of 2/,
    },
    {
      what: 'CAUSE not remembered',
      patches: [{ file: FILE, find: '=== LATCH ? old | CAUSE : old', replace: '=== LATCH ? old : old' }],
      spec: 'irq:latch',
      message: /^line 0: seen=1 of 2/,
    },
    {
      what: 'CAUSE not delivered by unmask',
      patches: [{ file: FILE, find: 'const latched = (old & CAUSE) !== 0;', replace: 'const latched = false;' }],
      spec: 'irq:latch',
      message: /^line 0: state=3 at rest/,
    },
    {
      what: 'CAUSE delivered to nobody',
      patches: [{ file: FILE, find: /if \(latched\)\s*this\.tell\(targetOf\(next\)\);/, replace: '' }],
      spec: 'irq:latch',
      message: /^line 0: state=4 at rest/,
    },
    {
      what: 'unmask by load and store',
      patches: [{ file: FILE, find: new RegExp(`${CAS} // Pairs`), replace: `${STORE} // Pairs` }],
      spec: 'irq:latch',
      message: /^line 0: seen=1 of 2/,
    },
    {
      what: 'raise by load and store',
      patches: [
        {
          file: FILE,
          find: new RegExp(String.raw`${CAS}(\s*if \(\(next & PENDING\) !== 0\)\s*this\.tell\(targetOf)`),
          replace: `${STORE}$1`,
        },
      ],
      spec: 'irq:orphan',
      message: /^line 0: seen=0 of 1/,
    },
    {
      what: 'retarget by load and store',
      patches: [
        {
          file: FILE,
          find: new RegExp(String.raw`${CAS}(\s*if \(\(next & PENDING\) !== 0\)\s*this\.tell\(cpu)`),
          replace: `${STORE}$1`,
        },
      ],
      spec: 'irq:orphan',
      message: /^line 0: seen=0 of 1/,
    },
    {
      what: 'retarget tells nobody of a pending line, and the old CPU is gone',
      patches: [{ file: FILE, find: RETARGET_TELLS, replace: '' }],
      spec: 'irq:orphan',
      message: /^line 0: seen=0 of 1/,
    },
    {
      what: 'neither retarget nor the old CPU tells the new one',
      patches: [
        { file: FILE, find: RETARGET_TELLS, replace: '' },
        { file: FILE, find: TAKE_TELLS, replace: 'return false;' },
      ],
      spec: 'irq:moved',
      message: /^line 0: seen=0 of 1/,
    },
    {
      what: "the CPU's bits set by load and store",
      patches: [
        {
          file: FILE,
          find: /Atomics\.or\(this\.words, word, (.*)\);/,
          replace: 'Atomics.store(this.words, word, Atomics.load(this.words, word) | ($1));',
        },
      ],
      spec: 'irq:lines',
      message: /^line \d: seen=0 of 1/,
    },
    {
      what: "the CPU's bits taken by load and store",
      patches: [
        {
          file: FILE,
          find: 'Atomics.load(this.words, word) === 0 ? 0 : Atomics.exchange(this.words, word, 0)',
          replace: '[Atomics.load(this.words, word), Atomics.store(this.words, word, 0)][0]',
        },
      ],
      spec: 'irq:lines',
      message: /^line \d: seen=0 of 1/,
    },
  ]),
);

t.test('told twice is told', (t) =>
  lives(t, [
    {
      what: 'a CPU does not forward a line that has moved',
      patches: [{ file: FILE, find: TAKE_TELLS, replace: 'return false;' }],
      spec: 'irq:moved',
      why: 'whoever makes a line PENDING tells its target, and retarget tells the new one of a line that is PENDING',
    },
  ]),
);
