// Cold. Runs on: main.
// What one seed decides: the machine, its traffic, and how wildly its threads are interleaved.

import type { FrameSizes, IpVersion } from '../../src/nic/devices/frame-sizes.js';
import { Random } from '../../src/runtime/random.js';

export interface Scenario {
  readonly seed: number;
  readonly bursts: 'wasm' | 'reference';
  readonly mode: 'napi' | 'interrupt';
  readonly irq: 'latch' | 'nolatch';
  /** False: a driver that does not look at the ring again after unmasking. Only right for a device that latches. */
  readonly recheck: boolean;
  readonly full: 'wait' | 'drop';
  readonly queues: number;
  readonly ring: number;
  readonly sizes: FrameSizes;
  readonly flows: number;
  readonly ipVersion: IpVersion;
  /** True: the frames of flow 0 have an impossible IP version. */
  readonly malformed: boolean;
  /** Packets per second; Infinity = unpaced. */
  readonly pps: number;
  readonly arrival: 'constant' | 'poisson' | 'onoff';
  readonly packets: number;
  /** True: the source would go on for ever, and is told to end after about `packets`. */
  readonly endless: boolean;
  readonly budget: number;
  readonly weight: number;
  readonly workIterations: number;
  readonly checkBuffers: boolean;
  /** How likely another thread gets a turn at each point where one can be interrupted. */
  readonly interleave: number;
  /** How likely a line begins to move at such a point. */
  readonly moves: number;
  /** How likely need_resched says yes. */
  readonly resched: number;
}

/** Two CPUs and a NIC, whatever the seed. */
export const CPUS = 2;

/** All fit IPv6; frames over 2,044 bytes of size take several descriptors. */
const SIZES: readonly FrameSizes[] = [[80], [80], [80, 1518], [80, 2052, 2053, 3000], [9216], [80, 9216], 'imix'];

export function scenarioOf(seed: number, overrides: Partial<Scenario> = {}): Scenario {
  const random = new Random(seed);
  const one = <T>(...values: readonly T[]): T => values[random.below(values.length)]!;
  const sizes = one(...SIZES);
  const full = one('wait', 'wait', 'drop') as Scenario['full'];
  return {
    seed,
    bursts: one('wasm', 'reference'),
    mode: one('napi', 'napi', 'napi', 'interrupt'),
    irq: one('latch', 'nolatch'),
    recheck: true,
    full,
    queues: 1 + random.below(4),
    ring: one(64, 64, 128, 512),
    sizes,
    flows: one(1, 3, 16, 64),
    ipVersion: sizes === 'imix' ? 4 : one<IpVersion>(4, 6, 'mixed'),
    malformed: one(false, false, true),
    pps: full === 'wait' ? one(Number.POSITIVE_INFINITY, 1e6, 1e7) : one(1e5, 1e7, 5e7),
    arrival: one('constant', 'poisson', 'onoff'),
    packets: 1 + random.below(isJumbo(sizes) ? 600 : 2500),
    endless: one(false, false, true),
    budget: one(300, 300, 64, 1 + random.below(300)),
    weight: one(64, 64, 1 + random.below(64)),
    workIterations: one(0, 0, 5),
    checkBuffers: one(false, false, false, true),
    interleave: one(0, 0.02, 0.2, 0.5),
    moves: one(0, 0.01, 0.1),
    resched: one(0, 0, 0.3),
    ...overrides,
  };
}

function isJumbo(sizes: FrameSizes): boolean {
  return sizes !== 'imix' && sizes.includes(9216);
}

/** True when no packet may be lost on the way. */
export function isLossless({ mode, full, malformed }: Scenario): boolean {
  return mode === 'napi' && full === 'wait' && !malformed;
}
