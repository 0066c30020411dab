// Cold. Runs on: main.
// What a round may be, as a table: settings, and their classes of values. A new mode is one more row.

import type { HostOptions } from '../coordinator/options.js';
import type { Random } from '../runtime/random.js';

/** What the harness does around a machine. */
export interface Course {
  /** How the traffic ends. `stop in a move`: while a line is on its way to another CPU. */
  ends: 'packets' | 'duration' | 'stop' | 'stop in a move';
  /** Of traffic; where `packets` ends it, at most. */
  trafficMs: number;
  /** Between two operations, on average; Infinity = there are none. */
  paceMs: number;
}

export interface Round {
  readonly options: HostOptions;
  readonly course: Course;
}

/** A class of values of one setting. */
export interface Choice {
  readonly name: string;
  /** How many of the cards of its setting's deck it has. Default 1. */
  readonly times?: number;
  /** Sets one value of it. @returns false where it cannot go with what was drawn before: then it counts as not drawn */
  draw(round: Round, random: Random): boolean;
}

export interface Setting {
  readonly name: string;
  readonly choices: readonly Choice[];
}

/** A whole number in min … max. */
export function between(random: Random, min: number, max: number): number {
  return min + random.below(max - min + 1);
}

/** The same, each order of magnitude alike. */
export function magnitude(random: Random, min: number, max: number): number {
  return Math.round(min * (max / min) ** random.next());
}

type Draw = (random: Random, options: HostOptions) => Partial<HostOptions> | null;

function option(name: string, draw: Draw, times = 1): Choice {
  return {
    name,
    times,
    draw: ({ options }, random) => {
      const drawn = draw(random, options);
      if (drawn !== null) Object.assign(options, drawn);
      return drawn !== null;
    },
  };
}

function course(name: string, draw: (random: Random, round: Round) => Partial<Course> | null, times = 1): Choice {
  return {
    name,
    times,
    draw: (round, random) => {
      const drawn = draw(random, round);
      if (drawn !== null) Object.assign(round.course, drawn);
      return drawn !== null;
    },
  };
}

const only = (value: Partial<HostOptions>) => () => value;
const paced = (options: HostOptions) => options.rate !== 'max';
const isNapi = (options: HostOptions) => options.mode === 'napi';

/** Fewer flows where frames are large, so that making them does not take longer than the traffic. */
const FRAME_BYTES = 4 * 2 ** 20;
const IPV6_SIZE_MIN = 82;

/** Livelock has a rate of its own. */
function rated(rate: (random: Random) => 'max' | number): Draw {
  return (random, options) => (options.rate === undefined ? { rate: rate(random) } : null);
}

/** Lines can move. */
function movable({ mode, cpus = 1 }: HostOptions): boolean {
  return mode === 'napi' && cpus > 1;
}

function flows(random: Random, min: number, max: number, { size }: HostOptions): Partial<HostOptions> {
  const sizes = size === 'imix' ? [64, 570, 1518] : String(size).split(',').map(Number);
  const most = Math.floor(FRAME_BYTES / sizes.reduce((sum, one) => sum + one, 0));
  return { flows: Math.min(most, magnitude(random, min, max)) };
}

/** IPv6 headers and a sequence number do not fit the smallest frames. */
function withIpv6(ip: 6 | 'mixed') {
  return (_: Random, { size }: HostOptions): Partial<HostOptions> | null => {
    if (size === 'imix') return null;
    const sizes = String(size)
      .split(',')
      .map((one) => Math.max(IPV6_SIZE_MIN, Number(one)));
    return { ip, size: sizes.join(',') };
  };
}

const sizes = (random: Random, count: number, min: number, max: number) =>
  Array.from({ length: count }, () => between(random, min, max)).join(',');

/** In this order: later ones look at what was drawn before. */
export const SETTINGS: readonly Setting[] = [
  {
    name: 'mode',
    choices: [
      option('napi', only({ mode: 'napi' }), 5),
      option('interrupt', only({ mode: 'interrupt' })),
      option('interrupt, livelock', (random) => ({
        mode: 'interrupt',
        rate: magnitude(random, 3_000_000, 10_000_000),
        full: 'drop',
      })),
    ],
  },
  {
    name: 'cpus',
    choices: [
      option('1', only({ cpus: 1 }), 2),
      option('2', only({ cpus: 2 }), 2),
      option('3–4', (random) => ({ cpus: between(random, 3, 4) })),
    ],
  },
  {
    name: 'queues',
    choices: [
      option('1', only({ queues: 1 })),
      option('2–4', (random) => ({ queues: between(random, 2, 4) })),
      option('5–8', (random) => ({ queues: between(random, 5, 8) })),
    ],
  },
  {
    name: 'ring',
    choices: [
      option('64', only({ ring: 64 }), 2),
      option('128–512', (random) => ({ ring: 2 ** between(random, 7, 9) }), 2),
      option('1024–4096', (random) => ({ ring: 2 ** between(random, 10, 12) })),
    ],
  },
  {
    name: 'irq',
    choices: [
      option('latch', (_, options) => (isNapi(options) ? { irq: 'latch' } : null)),
      option('nolatch', (_, options) => (isNapi(options) ? { irq: 'nolatch' } : null)),
    ],
  },
  {
    name: 'weight',
    choices: [
      option('1–7', (random) => ({ weight: between(random, 1, 7) })),
      option('8–63', (random) => ({ weight: between(random, 8, 63) })),
      option('64', only({ weight: 64 })),
    ],
  },
  {
    name: 'budget',
    choices: [
      option('up to weight', (random, { weight = 64 }) => ({ budget: between(random, 1, weight) })),
      option('300', only({ budget: 300 })),
      option('301–100000', (random) => ({ budget: magnitude(random, 301, 100_000) })),
    ],
  },
  {
    name: 'budgetUsecs',
    choices: [
      option('2000', only({ budgetUsecs: 2000 })),
      option('2001–50000', (random) => ({ budgetUsecs: magnitude(random, 2001, 50_000) })),
    ],
  },
  {
    name: 'work',
    choices: [
      option('0', only({ work: 0 }), 3),
      option('1–300 ns', (random) => ({ work: between(random, 1, 300) }), 2),
      option('301–5000 ns', (random) => ({ work: magnitude(random, 301, 5000) })),
    ],
  },
  {
    name: 'size',
    choices: [
      option('64', only({ size: 64 }), 2),
      option('imix', only({ size: 'imix' })),
      option('65–1518', (random) => ({ size: sizes(random, between(random, 1, 4), 65, 1518) })),
      option('several descriptors', (random) => ({ size: `64,${sizes(random, between(random, 1, 3), 2053, 9216)}` })),
    ],
  },
  {
    name: 'ip',
    choices: [option('4', only({ ip: 4 })), option('6', withIpv6(6)), option('mixed', withIpv6('mixed'))],
  },
  {
    name: 'rate',
    choices: [
      option(
        'max',
        rated(() => 'max'),
        3,
      ),
      option(
        '500–20k',
        rated((random) => magnitude(random, 500, 20_000)),
      ),
      option(
        '20k–500k',
        rated((random) => magnitude(random, 20_000, 500_000)),
      ),
      option(
        '500k–10M',
        rated((random) => magnitude(random, 500_000, 10_000_000)),
        2,
      ),
    ],
  },
  {
    name: 'arrival',
    choices: [
      option('constant', only({ arrival: 'constant' })),
      option('poisson', (_, options) => (paced(options) ? { arrival: 'poisson' } : null)),
      option('onoff', (_, options) => (paced(options) ? { arrival: 'onoff' } : null)),
    ],
  },
  {
    name: 'full',
    choices: [
      option('wait', (_, options) => (options.full === undefined ? { full: 'wait' } : null)),
      option('drop', (_, options) => (paced(options) ? { full: 'drop' } : null), 2),
    ],
  },
  {
    name: 'flows',
    choices: [
      option('1', only({ flows: 1 })),
      option('2–64', (random, options) => flows(random, 2, 64, options), 2),
      option('65–4096', (random, options) => flows(random, 65, 4096, options)),
    ],
  },
  {
    name: 'topFlows',
    choices: [option('none', only({}), 2), option('1–1000', (random) => ({ topFlows: magnitude(random, 1, 1000) }))],
  },
  {
    name: 'verifyL4',
    choices: [option('off', only({ verifyL4: false })), option('on', only({ verifyL4: true }))],
  },
  {
    name: 'task',
    choices: [option('none', only({}), 2), option('spin', only({ task: 'spin' }))],
  },
  {
    name: 'checkBuffers',
    choices: [option('off', only({ checkBuffers: false }), 5), option('on', only({ checkBuffers: true }))],
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
