// Cold. Runs on: main.
// Plain accesses: whoever writes a word that another looks at has published it, or has been handed it.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

t.test('words of the pool do not race', (t) => passes(t, 'pool:plain+races', 'pool:again+races'));

t.test('words of the ring, descriptors and buffers do not', (t) => passes(t, 'ring:races'));

// The SCHED holder's words, with all that a poll touches, are checked in napi.test.ts.
t.test('nor when another context schedules', (t) =>
  passesWithin(t, { bound: 1 }, 'napi:latch-scheduled+races', 'napi:nolatch-scheduled+races'),
);

t.test('nor when it passes from one CPU to another', (t) =>
  passesWithin(
    t,
    { bound: 1 },
    'handover:away+latch+races',
    'handover:back+nolatch+races',
    'handover:coming+nolatch+races',
  ),
);

t.test('what is not published by Atomics is reported', (t) =>
  dies(t, [
    {
      what: 'a plain store for HEAD',
      patches: [
        {
          file: 'ring/rx-ring.js',
          find: 'Atomics.store(this.words, this.base + HEAD, head)',
          replace: 'this.words[this.base + HEAD] = head',
        },
      ],
      spec: 'ring:races',
      message: /^race on HEAD: driver reads by Atomics it at step \d+, nic writes it at step \d+/,
    },
    {
      what: 'a plain store for POSTED',
      patches: [
        {
          file: 'ring/rx-ring.js',
          find: 'Atomics.store(this.words, this.base + POSTED, this.posted)',
          replace: 'this.words[this.base + POSTED] = this.posted',
        },
      ],
      spec: 'ring:races',
      message: /^race on POSTED: driver writes it at step \d+, nic reads by Atomics it at step \d+/,
    },
    {
      what: 'a plain load of HEAD',
      patches: [
        {
          file: 'ring/rx-ring.js',
          find: /this\.head = Atomics\.load\(this\.words, this\.base \+ HEAD\); \/\/ Pairs/,
          replace: 'this.head = this.words[this.base + HEAD]; // Pairs',
        },
      ],
      spec: 'napi:latch+races',
      message: /^race on HEAD: (cpu0 reads it .*nic writes by Atomics|nic writes by Atomics it .*cpu0 reads)/,
    },
    {
      what: 'a plain look at HEAD by the check of buffers',
      patches: [
        {
          file: 'ring/rx-ring.js',
          find: 'const head = Atomics.load(words, base + HEAD)',
          replace: 'const head = words[base + HEAD]',
        },
      ],
      spec: 'napi:latch+races',
      message: /^race on HEAD: /,
    },
    {
      what: 'giveBack links its chain after the list has it',
      patches: [
        { file: 'ring/buffer-pool.js', find: 'this.words[this.links + last] = old;', replace: '' },
        {
          file: 'ring/buffer-pool.js',
          find: /(RETURNED, old, first\) === old\))\s*return;/,
          replace: '$1 { this.words[this.links + last] = old; return; }',
        },
      ],
      spec: 'pool:plain+races',
      message: /^race on LINK\d: /,
    },
    {
      what: 'cursors given up after SCHED',
      patches: [
        { file: 'driver/poll.js', find: 'rx.release();', replace: '' },
        { file: 'driver/poll.js', find: /(return work;\s*\}\s*this\.complete)/, replace: 'this.rx.release(); $1' },
        {
          file: 'driver/poll.js',
          find: 'this.complete(work, early);',
          replace: 'this.complete(work, early); this.rx.release();',
        },
      ],
      spec: 'handover:away+latch+races',
      message: /^race on TAIL: /,
    },
  ]),
);
