// Cold. Runs on: main.
// From options to the settings of the NIC's device.

import { accessSync, constants, statSync } from 'node:fs';
import { STDIN, STDIN_PATH } from '../capture/file-bytes.js';
import { lookAtCapture } from '../capture/inspect.js';
import type { CaptureSettings } from '../nic/devices/captured-frames.js';
import type { DeviceSettings } from '../nic/devices/create.js';
import { pktgenBytes } from '../nic/devices/pktgen.js';
import { SoftirqOptionError } from './errors.js';
import { gunzipInflater } from './inflater.js';
import { ipVersionOf, sizesOf, speedOf } from './option-values.js';
import type { Config } from './options.js';

/**
 * @param pps pktgen's rate; Infinity = max
 * @throws CaptureError · SoftirqOptionError
 */
export function deviceSettings(config: Config, pps: number): DeviceSettings {
  if (config.device !== 'pktgen') return captureSettings(config);
  const { flows, seed, arrival } = config;
  const settings = {
    kind: 'pktgen',
    sizes: sizesOf(config),
    flows,
    ipVersion: ipVersionOf(config),
    seed,
    pps,
    arrival,
  } as const;
  try {
    pktgenBytes(settings);
  } catch (error) {
    throw new SoftirqOptionError('flows', flows, (error as Error).message);
  }
  return settings;
}

function captureSettings(config: Config): CaptureSettings {
  const path = config.device.slice('pcap:'.length);
  if (path === STDIN) unblockStdin();
  const { regular, fileBytes } = lookAtCapture(path, gunzipInflater);
  if (!regular && (config.loop ?? 1) > 1) {
    const what = path === STDIN ? 'standard input' : 'a pipe';
    throw new SoftirqOptionError('loop', config.loop, `${what} can be played only once: must be 1`);
  }
  const passes = regular ? (config.loop ?? Number.POSITIVE_INFINITY) : 1;
  return { kind: 'pcap', path, fileBytes, speed: speedOf(config), passes };
}

/**
 * A socket cannot be opened once more, nor can the pipe of another user. Node's own stream makes either one on which a read
 * does not wait.
 */
function unblockStdin(): void {
  if (!canOpenStdin()) process.stdin.pause();
}

function canOpenStdin(): boolean {
  try {
    accessSync(STDIN_PATH, constants.R_OK);
    return !statSync(STDIN_PATH).isSocket();
  } catch {
    return false;
  }
}
