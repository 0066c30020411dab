// Cold. Runs on: main.
// Finds the capacity that `rate: 'K%'` is a part of.

import { type Config, type HostOptions, parseRate } from './options.js';
import type { Snapshot } from './snapshot-types.js';

export interface Calibrated {
  /** Packets per second; Infinity = as fast as the host takes them. */
  readonly pps: number;
  readonly notes: readonly string[];
}

type Run = (options: HostOptions) => Promise<Snapshot>;

const SECONDS = 1;
// In interrupt mode full speed would measure the livelock, not the capacity: its best is found by offering parts of what
// NAPI can do, for a fraction of a second each.
const PARTS = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const PART_SECONDS = 0.25;

/** @param run starts a machine with these options and waits for its end */
export async function calibrate(config: Config, run: Run): Promise<Calibrated> {
  if (config.device !== 'pktgen') return { pps: Number.POSITIVE_INFINITY, notes: [] };
  const rate = parseRate(config.rate);
  if (rate === 'max') return { pps: Number.POSITIVE_INFINITY, notes: [] };
  if ('pps' in rate) return { pps: rate.pps, notes: [] };
  const capacity = config.mode === 'napi' ? await fullSpeed(config, run) : await bestPart(config, run);
  const pps = (capacity * rate.percent) / 100;
  const note = `capacity ${Math.round(capacity)} packets/s; rate ${config.rate} is ${Math.round(pps)} packets/s`;
  return { pps, notes: [note] };
}

async function fullSpeed(config: Config, run: Run): Promise<number> {
  const snapshot = await run({ ...trial(config), mode: 'napi', rate: 'max', duration: SECONDS });
  return snapshot.rates.deliveredPps;
}

async function bestPart(config: Config, run: Run): Promise<number> {
  const napi = await fullSpeed(config, run);
  let best = 0;
  for (const part of PARTS) {
    const snapshot = await run({ ...trial(config), rate: napi * part, full: 'drop', duration: PART_SECONDS });
    best = Math.max(best, snapshot.rates.deliveredPps);
  }
  return best;
}

/** The same machine and packets, without what belongs to the real run alone. */
function trial(config: Config): HostOptions {
  const { packets: _, loop: __, speed: ___, full: ____, sink, execArgv, duration: _____, ...rest } = config;
  const extras = { ...(sink !== null && { sink }), ...(execArgv !== null && { execArgv }) };
  return { ...rest, ...extras, arrival: 'constant' };
}
