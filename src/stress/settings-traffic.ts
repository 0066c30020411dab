// Cold. Runs on: main.
// Settings of a round: the packets, and when they come.

import type { HostOptions } from '../coordinator/options.js';
import type { Random } from '../runtime/random.js';
import { bytesPerPacket } from './capture-file.js';
import { between, type Draw, isNapi, magnitude, only, option, type Round, type Setting } from './setting.js';

const paced = ({ rate }: HostOptions) => rate !== undefined && rate !== 'max';

/** Fewer flows where frames are large, so that making them does not take longer than the traffic. */
const FRAME_BYTES = 4 * 2 ** 20;
const MANY_FRAME_BYTES = 4 * FRAME_BYTES;
const MANY_FLOWS = 4097;
const FLOWS_MAX = 65_536;
const IPV6_SIZE_MIN = 82;

/** Livelock has a rate of its own. */
function rated(rate: (random: Random) => 'max' | number): Draw {
  return (random, options) => (options.rate === undefined ? { rate: rate(random) } : null);
}

function flows(random: Random, min: number, max: number, options: HostOptions): Partial<HostOptions> {
  return { flows: Math.min(mostFlows(options, FRAME_BYTES), magnitude(random, min, max)) };
}

function manyFlows(random: Random, options: HostOptions): Partial<HostOptions> | null {
  const most = Math.min(FLOWS_MAX, mostFlows(options, MANY_FRAME_BYTES));
  return most < MANY_FLOWS ? null : { flows: magnitude(random, MANY_FLOWS, most) };
}

function mostFlows({ size }: HostOptions, frameBytes: number): number {
  const sizes = size === 'imix' ? [64, 570, 1518] : String(size).split(',').map(Number);
  return Math.floor(frameBytes / sizes.reduce((sum, one) => sum + one, 0));
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

const PKTGEN_ONLY = ['size', 'rate', 'flows', 'ip', 'arrival', 'seed'] as const;
/** So large that several windows of it are read. */
const CAPTURE_BYTES_MAX = 4 * 2 ** 20;
const CAPTURE_PACKETS_MIN = 100;
const CAPTURE_PACKETS_MAX = 30_000;

/** The same packets, out of a file: played once, since each may come once. */
function captured({ options, course }: Round, random: Random): boolean {
  const { size = 64, ip = 4, flows = 64, seed = 1, rate = 'max' } = options;
  if (options.mode === 'interrupt' || course.hangs !== null || String(rate).endsWith('%')) return false;
  const room = CAPTURE_BYTES_MAX / bytesPerPacket({ size });
  const packets = magnitude(random, CAPTURE_PACKETS_MIN, Math.min(CAPTURE_PACKETS_MAX, room));
  const gapNs = rate === 'max' ? 1000 : 1e9 / Number(rate);
  const gzip = random.below(2) === 0;
  course.capture = { packets, size, ip, flows, seed, gapNs, gzip };
  for (const name of PKTGEN_ONLY) delete options[name];
  Object.assign(options, { device: 'pcap:capture', loop: 1, speed: rate === 'max' ? 'max' : 'original' });
  return true;
}

const sizes = (random: Random, count: number, min: number, max: number) =>
  Array.from({ length: count }, () => between(random, min, max)).join(',');

export const TRAFFIC_SETTINGS: readonly Setting[] = [
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
        4,
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
      // To find the capacity takes longer than most rounds.
      option('20–150 %', (random, options) => (isNapi(options) ? { rate: `${between(random, 20, 150)}%` } : null)),
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
      option('4097–65536', (random, options) => manyFlows(random, options)),
    ],
  },
  {
    name: 'device',
    choices: [option('pktgen', only({}), 5), { name: 'capture', times: 2, draw: captured }],
  },
];
