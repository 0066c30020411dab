// Cold. Runs on: main.
// Settings of a round: what the harness does around the machine.

import { between, type Course, course, movable, type Round, type Setting } from './setting.js';

/** Where CPUs lock up, operations go on until the harness ends the traffic, and what dies with a CPU is not recorded. */
function unlessHanging(drawn: Partial<Course>) {
  return (_: unknown, { course }: Round): Partial<Course> | null => (course.hangs === null ? drawn : null);
}

export const COURSE_SETTINGS: readonly Setting[] = [
  {
    name: 'records',
    choices: [
      course('nothing', () => ({ records: 'nothing' }), 6),
      course('delivered', unlessHanging({ records: 'delivered' })),
      course('dropped', unlessHanging({ records: 'dropped' })),
      course('both', unlessHanging({ records: 'both' })),
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
      course('packets', unlessHanging({ ends: 'packets' })),
      course('duration', unlessHanging({ ends: 'duration' })),
      course('stop', () => ({ ends: 'stop' })),
      course(
        'stop in a move',
        (random, round) => (movable(round.options) ? unlessHanging({ ends: 'stop in a move' })(random, round) : null),
        2,
      ),
    ],
  },
  {
    name: 'operations',
    choices: [
      course('none', unlessHanging({ paceMs: Number.POSITIVE_INFINITY })),
      course('every 20–100 ms', (random) => ({ paceMs: between(random, 20, 100) })),
      course('every 1–5 ms', (random) => ({ paceMs: between(random, 1, 5) }), 2),
    ],
  },
];
