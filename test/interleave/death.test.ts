// Cold. Runs on: main.
// A CPU that ends at any step of its loop, and at any plain store of a poll: nothing but the burst in its hand is lost, and that is
// counted; the real migration code, and another CPU that goes on.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

/** The schedules that take minutes. */
const LONG = process.env.SOFTIRQ_LONG === '1';

t.setTimeout(LONG ? 3_600_000 : TIMEOUT_MS);

const QUEUE = 'driver/rx-queue.js';
const POLL = 'driver/poll.js';
const DEAD = 'coordinator/cpu-dead.js';
const REMAINS = 'coordinator/cpu-remains.js';
const BACKLOG = 'net/backlog.js';
const HEIRS = 'coordinator/backlog-heirs.js';

t.test('thread end at any step of poll: at any step, and no plain word races', async (t) => {
  await passes(t, 'death:latch', 'death:nolatch', 'death:latch-bursts', 'death:nolatch-bursts', 'death:latch+late');
});

t.test('the same in interrupt mode, and of an heir in the middle of a backlog', async (t) => {
  await passes(t, 'death:level', 'death:level+late');
  await passesWithin(t, { bound: LONG ? 2 : 1 }, 'heir');
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
      patches: [{ file: REMAINS, find: /if \(accident\)\s*this\.lookEverywhere\(heirs\);/, replace: '' }],
      spec: 'death:latch',
      message: /^delivered=|^line=/,
    },
    {
      what: 'the dead CPU’s lists are trusted',
      patches: [
        {
          file: REMAINS,
          find: 'if (state.holder() !== cpu ||',
          replace: 'if (state.holder() !== cpu || !state.isLinked() ||',
        },
      ],
      spec: 'death:latch',
      message: /at rest|^delivered=|poll list|napi|always more/,
    },
    {
      what: 'the pool is as the dead CPU left it',
      patches: [{ file: DEAD, find: /rebuildBufferPool\(.*\);/, replace: ';' }],
      spec: 'death:latch',
      message: /buffer/,
    },
  ]),
);

t.test('in interrupt mode, likewise', (t) =>
  dies(t, [
    {
      what: 'a packet is out of the backlog only after it was received',
      patches: [{ file: BACKLOG, find: /(queue\.done\(\);[^\n]*)(\s*)(packets\.receive\(slot\);)/, replace: '$3$2$1' }],
      spec: 'death:level',
      message: /^delivered=|^seen=/,
    },
    {
      what: 'a packet is out of the backlog only after it was moved',
      patches: [{ file: BACKLOG, find: /(queue\.done\(\);[^\n]*)(\s*)(this\.reinject\(slot\);)/, replace: '$3$2$1' }],
      spec: 'heir',
      bound: 1,
      message: /^delivered=|^seen=|buffer|race/,
    },
    {
      what: 'packets that nobody was scheduled for stay in the backlog',
      patches: [{ file: HEIRS, find: /if \(accident\)\s*this\.states\[cpu\]\.scheduleBacklog\(cpu\);/, replace: '' }],
      spec: 'death:level',
      message: /^delivered=|buffer/,
    },
    {
      what: 'buffers in the backlog are taken for free ones',
      patches: [{ file: DEAD, find: ', ...elsewhere]', replace: ']' }],
      spec: 'death:level',
      message: /buffer|^seen=|was delivered when/,
    },
    {
      what: 'an interrupt that was taken and not handled is forgotten',
      patches: [{ file: HEIRS, find: /if \(accident\)\s*line\.raise\(\);/, replace: '' }],
      spec: 'death:level',
      message: /^delivered=/,
    },
    {
      what: 'lines do not wait for the heir of an heir',
      patches: [{ file: HEIRS, find: '(inheritance ?? NOBODY).after !== null', replace: 'false' }],
      spec: 'heir',
      bound: 1,
      message: /was delivered when/,
    },
  ]),
);
