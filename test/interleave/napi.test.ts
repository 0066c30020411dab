// Cold. Runs on: main.
// NAPI: schedule against complete and unmask, on devices that latch and on those that do not. More mutants are in
// bugs.test.ts.

import t from 'tap';
import { dies, lives, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const STATE = 'napi/state.js';
const POLL = 'driver/poll.js';
const MISSED_DROPPED = [
  { file: STATE, find: 'const missed = (old & MISSED) !== 0;', replace: 'const missed = false;' },
  { file: STATE, find: 'old & ~(SCHED | SCHED_THREADED', replace: 'old & ~(MISSED | SCHED | SCHED_THREADED' },
];
const TEST_THEN_SET = [
  {
    file: STATE,
    find: /if \(Atomics\.compareExchange\(this\.words, this\.base \+ STATE, old, next\) !== old\)\s*continue;/,
    replace: 'Atomics.store(this.words, this.base + STATE, next);',
  },
];

t.test('work that is brought to a scheduled instance is polled, by one context at a time', (t) =>
  passes(t, 'napi-state', 'napi-state:three'),
);

t.test('every packet is polled, each step is one of the tables, and no plain word races', (t) =>
  passes(
    t,
    'napi:latch+laws+races',
    'napi:nolatch+laws+races',
    'napi:latch-bursts+laws+races',
    'napi:nolatch-bursts+laws+races',
  ),
);

t.test('also when another context schedules', (t) =>
  passes(t, 'napi:latch-scheduled+races', 'napi:nolatch-scheduled+races'),
);

t.test('also with an interrupt per packet', (t) => passes(t, 'napi:interrupt+races'));

t.test('a state word without one of its rules loses work, or has two pollers', (t) =>
  dies(t, [
    {
      what: 'MISSED dropped by complete',
      patches: MISSED_DROPPED,
      spec: 'napi-state',
      message: /^done=\d of 4/,
    },
    {
      what: 'MISSED not set',
      patches: [{ file: STATE, find: ': old | MISSED;', replace: ': old;' }],
      spec: 'napi-state',
      message: /^done=\d of 4/,
    },
    {
      what: 'schedulePrep tests, then sets',
      patches: TEST_THEN_SET,
      spec: 'napi-state',
      message: /context \d polls, and so does \d|not scheduled/,
    },
  ]),
);

t.test('a driver without one of its rules strands packets', (t) =>
  dies(t, [
    {
      what: 'nolatch: that look before unmask',
      patches: [
        {
          file: POLL,
          find: /(const asked = .*;)\s*if \((.*) && this\.lookAgain\(asked\)\)/,
          replace: 'const found = $2; $1 if (found && this.lookAgain(asked))',
        },
      ],
      spec: 'napi:nolatch',
      message: /^delivered=1 of 2/,
    },
    {
      what: 'latch: CAUSE not remembered',
      patches: [{ file: 'irq/line.js', find: '=== LATCH ? old | CAUSE : old', replace: '=== LATCH ? old : old' }],
      spec: 'napi:latch',
      message: /^delivered=1 of 2/,
    },
    {
      what: 'latch: CAUSE not delivered by unmask',
      patches: [
        { file: 'irq/line.js', find: 'const latched = (old & CAUSE) !== 0;', replace: 'const latched = false;' },
      ],
      spec: 'napi:latch',
      message: /^line=13 at rest/,
    },
    {
      what: 'complete without unmask',
      patches: [{ file: POLL, find: 'const asked = this.line.unmask();', replace: 'const asked = true;' }],
      spec: 'napi:latch',
      message: /^delivered=1 of 2|^line=/,
    },
    {
      what: 'no look at pending lines before sleep',
      patches: [{ file: 'cpu/cpu.js', find: 'this.interrupts.any() || ', replace: '' }],
      spec: 'napi:latch',
      message: /^delivered=0 of 2/,
    },
    {
      what: 'the look-again schedules without masking',
      patches: [{ file: POLL, find: /if \(!this\.line\.mask\(\)\)\s*return false;/, replace: '' }],
      spec: 'napi:nolatch',
      message: /^irqs=1 completions=0/,
    },
    {
      what: 'raise does not mask',
      patches: [{ file: 'irq/line.js', find: 'return (old & ~ENABLED) | PENDING;', replace: 'return old | PENDING;' }],
      spec: 'napi:latch',
      message: /^irqs=1 completions=0/,
    },
  ]),
);

t.test('what breaks a table, although no packet is lost', (t) =>
  dies(t, [
    {
      what: 'CAUSE beside PENDING: a second interrupt for one event',
      patches: [
        { file: 'irq/line.js', find: '(old & (LATCH | PENDING)) === LATCH', replace: '(old & LATCH) === LATCH' },
      ],
      spec: 'napi:latch+laws',
      message: /line: 4 → 6/,
    },
  ]),
);

t.test('what the machine never comes to, so far', (t) =>
  lives(t, [
    {
      what: 'MISSED dropped by complete',
      patches: MISSED_DROPPED,
      spec: 'napi:latch',
      why: 'while SCHED is held its line is masked, so that no interrupt schedules; other contexts will (napi:latch-scheduled)',
    },
    {
      what: 'no look at ksoftirqd before sleep',
      patches: [
        {
          file: 'cpu/cpu.js',
          find: 'this.interrupts.any() || this.scheduler.isRunnable()',
          replace: 'this.interrupts.any()',
        },
      ],
      spec: 'napi:latch-bursts',
      why: "the CPU's own words, and doWork() has just found them empty",
    },
  ]),
);
