// Cold. Runs on: main.
// The options that are written in a small language of their own: rates, speeds and sizes.

import { parseFrameSizes } from '../nic/devices/frame-sizes.js';
import { SoftirqOptionError } from './errors.js';
import type { Config, Rate } from './options.js';

export const RATE = 'must be packets per second (as 2000, 500k or 1.5M), K% of capacity, or max';
export const SIZE = 'must be 64 … 9216 bytes with FCS, several with commas between them, or imix';

const MULTIPLES: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** @throws SoftirqOptionError */
export function parseRate(value: string | number): Rate {
  if (value === 'max') return 'max';
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?)([kMG%]?)$/.exec(String(value));
  const amount = Number(match?.[1]);
  const percent = match?.[2] === '%';
  const pps = amount * (MULTIPLES[match?.[2] ?? ''] ?? 1);
  if (!(amount > 0 && amount <= 1e9) || (!percent && pps > 1e9)) throw new SoftirqOptionError('rate', value, RATE);
  return percent ? { percent: amount } : { pps };
}

/** How much faster than recorded: 1 = original; Infinity = max. @throws SoftirqOptionError */
export function speedOf(config: Pick<Config, 'speed'>): number {
  if (config.speed === 'max') return Number.POSITIVE_INFINITY;
  if (config.speed === 'original') return 1;
  const factor = Number(/^x(\d+(?:\.\d+)?)$/.exec(config.speed)?.[1]);
  if (factor > 0 && Number.isFinite(factor)) return factor;
  throw new SoftirqOptionError('speed', config.speed, 'must be max, original, or xN with a finite N over 0');
}

export function ipVersionOf(config: Pick<Config, 'ip'>): 4 | 6 | 'mixed' {
  return config.ip === 'mixed' ? 'mixed' : (Number(config.ip) as 4 | 6);
}

/** @throws SoftirqOptionError */
export function sizesOf(config: Pick<Config, 'size'>): ReturnType<typeof parseFrameSizes> {
  try {
    return parseFrameSizes(String(config.size));
  } catch {
    throw new SoftirqOptionError('size', config.size, SIZE);
  }
}
