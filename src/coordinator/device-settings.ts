// Cold. Runs on: main.
// From options to the settings of the NIC's device.

import type { DeviceSettings } from '../nic/devices/create.js';
import { inspectCapture } from '../nic/devices/pcap.js';
import { pktgenBytes } from '../nic/devices/pktgen.js';
import { SoftirqOptionError } from './errors.js';
import { type Config, ipVersionOf, sizesOf, speedOf } from './options.js';

/**
 * @param pps pktgen's rate; Infinity = max
 * @throws CaptureError · SoftirqOptionError
 */
export function deviceSettings(config: Config, pps: number): DeviceSettings {
  if (config.device !== 'pktgen') {
    const path = config.device.slice('pcap:'.length);
    return { kind: 'pcap', path, summary: inspectCapture(path), speed: speedOf(config) };
  }
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

/** How many frames the source offers in all; Infinity when only time or somebody ends it. */
export function framesMax(config: Config, device: DeviceSettings): number {
  const passes = config.loop ?? Number.POSITIVE_INFINITY;
  const played = device.kind === 'pcap' ? passes * device.summary.frames : Number.POSITIVE_INFINITY;
  return Math.min(config.packets ?? Number.POSITIVE_INFINITY, played);
}
