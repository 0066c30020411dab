// Cold. Runs on: main.
// Finds the capacity that `rate: 'K%'` is a part of.

import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from './host.js';
import { parseRate } from './option-values.js';
import type { Config, HostOptions } from './options.js';

export interface Calibrated {
  /** Packets per second; Infinity = as fast as the host takes them. */
  readonly pps: number;
  readonly notes: readonly string[];
}

type Start = (options: HostOptions) => Promise<Host>;

/** Fresh threads run code that is not compiled yet; this is not counted. */
const WARM_MS = 250;
const FULL_SPEED_MS = 750;
// In interrupt mode full speed would measure the livelock, not the capacity. Its knee is where most is delivered: looked for
// at these parts of what NAPI can do, then on both sides of the best.
const PARTS = [0.1, 0.13, 0.17, 0.22, 0.29, 0.37, 0.48, 0.63, 0.81];
const SIDES = [0.88, 1.14];
const PART_MS = 200;

/** @param start starts a machine with these options */
export async function calibrate(config: Config, start: Start): Promise<Calibrated> {
  if (config.device !== 'pktgen') return { pps: Number.POSITIVE_INFINITY, notes: [] };
  const rate = parseRate(config.rate);
  if (rate === 'max') return { pps: Number.POSITIVE_INFINITY, notes: [] };
  if ('pps' in rate) return { pps: rate.pps, notes: [] };
  const capacity = config.mode === 'napi' ? await fullSpeed(config, start) : await knee(config, start);
  const pps = (capacity * rate.percent) / 100;
  const note = `capacity ${Math.round(capacity)} packets/s; rate ${config.rate} is ${Math.round(pps)} packets/s`;
  return { pps, notes: [note] };
}

function fullSpeed(config: Config, start: Start): Promise<number> {
  return trial(start, { ...sameMachine(config), mode: 'napi', rate: 'max' }, FULL_SPEED_MS);
}

async function knee(config: Config, start: Start): Promise<number> {
  const napi = await fullSpeed(config, start);
  let best = { rate: 0, delivered: 0 };
  const look = async (rate: number) => {
    const delivered = await trial(start, { ...sameMachine(config), rate, full: 'drop' }, PART_MS);
    if (delivered > best.delivered) best = { rate, delivered };
  };
  for (const part of PARTS) await look(napi * part);
  const { rate } = best;
  for (const side of SIDES) await look(rate * side);
  return best.delivered;
}

/** @returns packets per second delivered over `ms`, once the machine is warm */
async function trial(start: Start, options: HostOptions, ms: number): Promise<number> {
  await using host = await start({ ...options, duration: (WARM_MS + 2 * ms) / 1000 });
  await delay(WARM_MS);
  const before = host.snapshot();
  await delay(ms);
  const after = host.snapshot();
  const seconds = after.durationSeconds - before.durationSeconds;
  return (after.stack.delivered - before.stack.delivered) / seconds;
}

/** The same machine and packets, without what belongs to the real run alone. */
function sameMachine(config: Config): HostOptions {
  const { packets: _, loop: __, speed: ___, full: ____, duration: _____, ...machine } = config;
  const { write: ______, writeDropped: _______, sink, execArgv, topFlows, ...rest } = machine;
  const given = { ...(sink !== null && { sink }), ...(execArgv !== null && { execArgv }) };
  const extras = { ...given, ...(topFlows !== null && { topFlows }) }; // Counting flows costs something too.
  return { ...rest, ...extras, arrival: 'constant' };
}
