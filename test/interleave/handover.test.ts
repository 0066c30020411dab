// Cold. Runs on: main.
// Hand-over of a NAPI from one CPU to another while it is polled and packets come.

import t from 'tap';
import { dies, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const POLL = 'driver/poll.js';
const UNMASK_FIRST = [
  { file: POLL, find: 'const asked = this.line.unmask();', replace: 'const asked = true;' },
  { file: POLL, find: 'const { tail } = this.rx.ring;', replace: 'this.line.unmask(); const { tail } = this.rx.ring;' },
];

t.test('the NAPI leaves the old CPU after one poll at most, and nothing is lost', (t) =>
  passes(t, 'handover:away+latch+laws'),
);

t.test('there and back', (t) => passes(t, 'handover:back+nolatch+laws'));

t.test('while packets come', (t) => passes(t, 'handover:coming+latch+laws', 'handover:coming+nolatch+laws'));

t.test('a hand-over without one of its rules strands packets, or the NAPI does not leave', (t) =>
  dies(t, [
    {
      what: 'no look at the ring after completing early',
      patches: [{ file: POLL, find: '(early || this.recheck)', replace: 'this.recheck' }],
      spec: 'handover:away+latch',
      message: /^delivered=2 of 3/,
    },
    {
      what: 'a poll with its budget used up never completes',
      patches: [{ file: POLL, find: 'early && this.isHome()', replace: 'early' }],
      spec: 'handover:away+latch',
      message: /cpu0 polls, although its NAPI has moved/,
    },
    {
      what: 'after completing early the old CPU schedules itself',
      patches: [{ file: POLL, find: '!asked || !this.isHome()', replace: '!asked' }],
      spec: 'handover:away+latch',
      message: /cpu0 polls, although its NAPI has moved/,
    },
    {
      what: 'cursors given up after SCHED',
      patches: [
        { file: POLL, find: 'rx.release();', replace: '' },
        { file: POLL, find: /(return work;\s*\}\s*this\.complete)/, replace: 'this.rx.release(); $1' },
        { file: POLL, find: 'this.complete(work, early);', replace: 'this.complete(work, early); this.rx.release();' },
      ],
      spec: 'handover:coming+latch',
      message: /frame \d was delivered when frame \d was due|in two places|ring=/,
    },
    {
      what: 'neither retarget nor the old CPU tells the new one',
      patches: [
        { file: 'irq/line.js', find: /if \(\(next & PENDING\) !== 0\)\s*this\.tell\(cpu\);/, replace: '' },
        { file: 'irq/line.js', find: /this\.tell\(targetOf\(old\)\);\s*return false;/, replace: 'return false;' },
      ],
      spec: 'handover:away+latch',
      message: /^delivered=0 of 3/,
    },
    {
      what: 'a CPU takes a line that is not for it',
      patches: [{ file: 'irq/line.js', find: 'targetOf(old) !== cpu', replace: 'false' }],
      spec: 'handover:away+latch+laws',
      message: /line: taken by 0, not by its target/,
    },
    {
      what: 'take by load and store',
      patches: [
        {
          file: 'irq/line.js',
          find: 'if (Atomics.compareExchange(this.words, this.at, old, old & ~PENDING) === old)',
          replace: 'Atomics.store(this.words, this.at, old & ~PENDING);',
        },
      ],
      spec: 'handover:away+latch',
      message: /./,
    },
    {
      what: 'unmask before complete',
      patches: UNMASK_FIRST,
      spec: 'handover:coming+latch',
      message: /^irqs=\d completions=\d/,
    },
    {
      what: 'unmask before complete, and MISSED not set',
      patches: [...UNMASK_FIRST, { file: 'napi/state.js', find: ': old | MISSED;', replace: ': old;' }],
      spec: 'handover:coming+latch',
      message: /^delivered=\d of 2/,
    },
  ]),
);

t.test('when the move is complete the old CPU polls no more', (t) =>
  passes(t, 'settled:coming+nolatch', 'settled:slices+latch'),
);

t.test('a move without one of its rules is complete too early', (t) =>
  dies(t, [
    {
      what: 'no grace period: SCHED is set after the look at it',
      patches: [{ file: 'coordinator/control.js', find: '!this.grace.over()', replace: 'false' }],
      spec: 'settled:coming+latch',
      message: /cpu0 polls, although its NAPI has moved/,
    },
    {
      what: 'a grace period, and no look at SCHED',
      patches: [
        {
          file: 'coordinator/control.js',
          find: 'return holder === NO_HOLDER || holder === this.cpu || holder > this.others.length;',
          replace: 'return true;',
        },
      ],
      spec: 'settled:slices+latch',
      message: /cpu0 polls, although its NAPI has moved/,
    },
    {
      what: 'a grace period that begins before the line has moved',
      patches: [
        {
          file: 'coordinator/control.js',
          find: /(this\.line\.retarget\(this\.cpu\);)\s*(this\.grace = .*;)/,
          replace: '$2 $1',
        },
      ],
      spec: 'settled:coming+latch',
      message: /cpu0 polls, although its NAPI has moved/,
    },
  ]),
);
