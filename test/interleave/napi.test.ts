// Cold. Runs on: main.
// NAPI: schedule against complete and unmask, on devices that latch and on those that do not.

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
const UNMASK_FIRST = [
  { file: POLL, find: /this\.line\.unmask\(\);/, replace: '' },
  { file: POLL, find: 'const { tail } = this.rx.ring;', replace: 'this.line.unmask(); const { tail } = this.rx.ring;' },
];

t.test('work that is brought to a scheduled instance is polled, by one context at a time', (t) =>
  passes(t, 'napi-state', 'napi-state:three'),
);

t.test('every packet is polled, and each step is one of the tables', (t) =>
  passes(t, 'napi:latch+laws', 'napi:nolatch+laws', 'napi:latch-bursts+laws', 'napi:nolatch-bursts+laws'),
);

t.test('also when another context schedules', (t) => passes(t, 'napi:latch-scheduled', 'napi:nolatch-scheduled'));

t.test('also with an interrupt per packet', (t) => passes(t, 'napi:interrupt'));

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
      what: 'SCHED cleared by load and store',
      patches: [
        {
          file: STATE,
          find: /const found = Atomics\.compareExchange\(this\.words, this\.base \+ STATE, old, next\);/,
          replace: 'Atomics.store(this.words, this.base + STATE, next); const found = old;',
        },
      ],
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

t.test('the same in the whole machine, when another context schedules', (t) =>
  dies(t, [
    {
      what: 'MISSED dropped by complete',
      patches: MISSED_DROPPED,
      spec: 'napi:latch-scheduled',
      message: /^delivered=0 of 1/,
    },
    {
      what: 'schedulePrep tests, then sets',
      patches: TEST_THEN_SET,
      spec: 'napi:latch-scheduled',
      message: /SCHED is held by|not scheduled/,
    },
  ]),
);

t.test('a driver without one of its rules strands packets', (t) =>
  dies(t, [
    {
      what: 'nolatch: no look at the ring after unmask',
      patches: [{ file: POLL, find: '(early || this.recheck)', replace: 'early' }],
      spec: 'napi:nolatch',
      message: /^delivered=1 of 2/,
    },
    {
      what: 'nolatch: that look before unmask',
      patches: [
        {
          file: POLL,
          find: /(this\.line\.unmask\(\);)\s*if \((.*)\)\n/,
          replace: 'const found = $2; $1 if (found)\n',
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
      what: 'complete although the budget is used up',
      patches: [{ file: POLL, find: 'const early = work === budget;', replace: 'const early = false;' }],
      spec: 'napi:latch-bursts',
      message: /^delivered=2 of 3/,
    },
    {
      what: 'complete without unmask',
      patches: [{ file: POLL, find: 'this.line.unmask();', replace: '' }],
      spec: 'napi:latch',
      message: /^delivered=1 of 2|^line=/,
    },
    {
      what: 'the NIC raises before it publishes',
      patches: [{ file: 'nic/nic.js', find: /(ring\.publish\(next\);)\s*(queue\.line\.raise\(\);)/, replace: '$2 $1' }],
      spec: 'napi:latch',
      message: /^delivered=1 of 2/,
    },
    {
      what: 'no look at pending lines before sleep',
      patches: [{ file: 'cpu/cpu.js', find: 'this.interrupts.any() || ', replace: '' }],
      spec: 'napi:latch',
      message: /^delivered=0 of 2/,
    },
    {
      what: 'the look-again schedules without masking',
      patches: [{ file: POLL, find: 'else if (this.line.mask()) {', replace: 'else {' }],
      spec: 'napi:nolatch',
      message: /^irqs=2 completions=1/,
    },
    {
      what: 'raise does not mask',
      patches: [{ file: 'irq/line.js', find: 'return (old & ~ENABLED) | PENDING;', replace: 'return old | PENDING;' }],
      spec: 'napi:latch',
      message: /^irqs=2 completions=1/,
    },
  ]),
);

t.test('what breaks a table, although no packet is lost', (t) =>
  dies(t, [
    {
      what: 'unmask before complete',
      patches: UNMASK_FIRST,
      spec: 'napi:latch+laws',
      message: /the line is enabled while SCHED is held/,
    },
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
