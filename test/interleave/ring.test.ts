// Cold. Runs on: main.
// Ring: publish against poll, and post against the NIC that waits for buffers.

import t from 'tap';
import { dies, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

t.test('every descriptor is consumed once, in order, with the right bytes', (t) =>
  passes(t, 'ring:frames', 'ring:reuse'),
);

t.test('a ring without one of its rules loses or garbles frames', (t) =>
  dies(t, [
    {
      what: 'HEAD published before the descriptor is written',
      patches: [
        {
          file: 'nic/nic.js',
          find: 'const next = this.bursts.copy(',
          replace: 'ring.publish((head + 1) | 0); const next = this.bursts.copy(',
        },
      ],
      spec: 'napi:latch',
      message: /wrong bytes/,
    },
    {
      what: 'POSTED published before the buffers are written',
      patches: [
        {
          file: 'driver/rx-queue.js',
          find: /(pool\.top = this\.bursts\.refill\(.*)ring\.posted(.*\);)\s*ring\.post\(count\);/,
          replace: 'const { posted } = ring; ring.post(count); $1posted$2',
        },
      ],
      spec: 'ring:reuse',
      message: /wrong bytes/,
    },
    {
      what: 'buffers posted again before they are delivered',
      patches: [
        {
          file: 'driver/poll.js',
          find: /(this\.receive\.receive\(frames, this\.queue\);)\s*(rx\.recycle\(frames\);)/,
          replace: '$2 rx.refill(); $1',
        },
      ],
      spec: 'nic-sleep:whole',
      message: /frame \d+ was delivered when frame \d+ was due/,
    },
    {
      what: 'the next poller goes on from cursors of its own',
      patches: [
        {
          file: 'ring/rx-ring.js',
          find: 'claim() {',
          replace: 'claim() { if (this.claimed) return; this.claimed = true;',
        },
      ],
      spec: 'ring:frames',
      message: /buffer \d+ is in two places/,
    },
    {
      what: 'TAIL kept to oneself',
      patches: [{ file: 'ring/rx-ring.js', find: 'this.words[this.base + TAIL] = this.tail;', replace: '' }],
      spec: 'ring:frames',
      message: /^livelock/,
    },
  ]),
);
