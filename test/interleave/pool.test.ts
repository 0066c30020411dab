// Cold. Runs on: main.
// Buffer pool: give back against reclaim.

import t from 'tap';
import { dies, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

t.test('a buffer that is given back while others are is in one place', (t) => passes(t, 'pool:plain', 'pool:again'));

t.test('a return list without one of its rules loses or doubles buffers', (t) =>
  dies(t, [
    {
      what: 'giveBack by plain store',
      patches: [
        {
          file: 'ring/buffer-pool.js',
          find: 'if (Atomics.compareExchange(this.words, this.base + RETURNED, old, first) === old)',
          replace: 'Atomics.store(this.words, this.base + RETURNED, first);',
        },
      ],
      spec: 'pool:plain',
      message: /^buffers/,
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
      spec: 'pool:plain',
      message: /^buffers|does not answer/,
    },
    {
      what: 'reclaim by load and store',
      patches: [
        {
          file: 'ring/buffer-pool.js',
          find: 'Atomics.exchange(this.words, this.base + RETURNED, NO_BUFFER)',
          replace:
            'Atomics.load(this.words, this.base + RETURNED); Atomics.store(this.words, this.base + RETURNED, -1)',
        },
      ],
      spec: 'pool:plain',
      message: /^buffers/,
    },
  ]),
);
