// Cold. Runs on: main.
// A CPU that ends at any step of its loop, and at any plain store of a poll: nothing but the burst in its hand is lost, and that is
// counted; the real migration code, and another CPU that goes on.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const QUEUE = 'driver/rx-queue.js';
const POLL = 'driver/poll.js';
const DEAD = 'coordinator/cpu-dead.js';
const REMAINS = 'coordinator/cpu-remains.js';

t.test('thread end at any step of poll: at any step, and no plain word races', async (t) => {
  await passes(t, 'death:latch', 'death:nolatch-bursts', 'death:latch+late');
  await passesWithin(t, { bound: 1 }, 'death:nolatch', 'death:latch-bursts');
});

t.test('a poll, or a migration, without one of its rules loses more, or delivers twice', (t) =>
  dies(t, [
    {
      what: 'the burst in hand is not noted',
      patches: [{ file: QUEUE, find: 'this.state.takeInHand(ring.tail, frames, taken);', replace: '' }],
      spec: 'death:latch',
      message: /^delivered=|^seen=|was delivered when|^frame/,
    },
    {
      what: 'the burst in hand is noted before the words that it needs',
      patches: [
        {
          file: 'napi/words.js',
          find: /(this\.words\[this\.base \+ IN_HAND_END\] = end;)([\s\S]*?)(this\.words\[this\.base \+ IN_HAND_COUNT\] = count;)/,
          replace: '$3 $1 $2',
        },
      ],
      spec: 'death:latch',
      message: /^delivered=|ring=|buffer|was delivered when/,
    },
    {
      what: 'the burst is out of hand before its cursors are out',
      patches: [{ file: POLL, find: /(rx\.release\(\);)\s*(rx\.handOn\(\);)/, replace: '$2 $1' }],
      spec: 'death:latch',
      message: /^delivered=|was delivered when|^seen=|buffer/,
    },
    {
      what: 'a burst counts as delivered before the sink has it',
      patches: [
        {
          file: 'net/receive.js',
          find: /(if \(this\.sink !== null && passed > 0\)\s*this\.deliver\(.*\);)([\s\S]*?this\.add\(layout\.delivered, passed\);)/,
          replace: '$2 $1',
        },
      ],
      spec: 'death:latch',
      message: /^seen=/,
    },
    {
      what: 'IN_HAND is ignored',
      patches: [{ file: DEAD, find: 'if (state.inHand() > 0) {', replace: 'if (false) {' }],
      spec: 'death:latch',
      message: /^delivered=|was delivered when|^seen=|buffer/,
    },
    {
      what: 'nobody looks everywhere',
      patches: [{ file: REMAINS, find: 'if (accident)\n            this.lookEverywhere(heirs);', replace: '' }],
      spec: 'death:latch',
      message: /^delivered=|^line=/,
    },
    {
      what: 'the dead CPU’s lists are trusted',
      patches: [
        {
          file: REMAINS,
          find: 'if (state.holder() !== cpu)',
          replace: 'if (state.holder() !== cpu || !state.isLinked())',
        },
      ],
      spec: 'death:latch',
      message: /at rest|^delivered=|poll list|napi/,
    },
    {
      what: 'the pool is as the dead CPU left it',
      patches: [{ file: DEAD, find: /rebuildBufferPool\(.*\);/, replace: ';' }],
      spec: 'death:latch',
      message: /buffer/,
    },
  ]),
);
