// Cold. Runs on: main.
// Settings of a round: what the harness does around the machine.

import { between, course, movable, type Setting } from './setting.js';

export const COURSE_SETTINGS: readonly Setting[] = [
  {
    name: 'records',
    choices: [
      course('nothing', () => ({ records: 'nothing' }), 6),
      course('delivered', () => ({ records: 'delivered' })),
      course('dropped', () => ({ records: 'dropped' })),
      course('both', () => ({ records: 'both' })),
    ],
  },
  {
    name: 'traffic',
    choices: [
      course('10–100 ms', (random) => ({ trafficMs: between(random, 10, 100) }), 2),
      course('100–500 ms', (random) => ({ trafficMs: between(random, 100, 500) }), 2),
      course('1–3 s', (random) => ({ trafficMs: between(random, 1000, 3000) })),
    ],
  },
  {
    name: 'ends',
    choices: [
      course('packets', () => ({ ends: 'packets' })),
      course('duration', () => ({ ends: 'duration' })),
      course('stop', () => ({ ends: 'stop' })),
      course('stop in a move', (_, { options }) => (movable(options) ? { ends: 'stop in a move' } : null), 2),
    ],
  },
  {
    name: 'operations',
    choices: [
      course('none', () => ({ paceMs: Number.POSITIVE_INFINITY })),
      course('every 20–100 ms', (random) => ({ paceMs: between(random, 20, 100) })),
      course('every 1–5 ms', (random) => ({ paceMs: between(random, 1, 5) }), 2),
    ],
  },
];
