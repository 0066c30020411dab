// Cold. Runs on: main.
// A CPU that ends at any step of its loop, and at any plain store of a poll: nothing but the burst in its hand is lost.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const QUEUE = 'driver/rx-queue.js';
const POLL = 'driver/poll.js';

t.test('at any step, and no plain word races', async (t) => {
  await passes(t, 'death:latch', 'death:nolatch-bursts');
  await passesWithin(t, { bound: 1 }, 'death:nolatch', 'death:latch-bursts');
});

t.test('a poll without one of its rules loses more, or delivers twice', (t) =>
  dies(t, [
    {
      what: 'the burst in hand is not noted',
      patches: [{ file: QUEUE, find: 'this.state.takeInHand(ring.tail, budget);', replace: '' }],
      spec: 'death:latch',
      message: /^delivered=2 tail=0/,
    },
    {
      what: 'the burst in hand is noted as smaller than it is',
      patches: [{ file: QUEUE, find: 'takeInHand(ring.tail, budget)', replace: 'takeInHand(ring.tail, 1)' }],
      spec: 'death:latch-bursts',
      message: /^delivered=2, in hand: 1 from 0/,
    },
    {
      what: 'the burst is out of hand before its cursors are out',
      patches: [{ file: POLL, find: /(this\.rx\.release\(\);)\s*(this\.rx\.handOn\(\);)/, replace: '$2 $1' }],
      spec: 'death:latch',
      message: /^delivered=2 tail=0/,
    },
  ]),
);
