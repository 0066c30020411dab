// Cold. Runs on: NIC, once; main for the size.
// From settings to a device.

import type { Views } from '../../memory/views.js';
import { ConstantArrival, OnOffArrival, PoissonArrival, RecordedArrival, Unpaced } from './arrival.js';
import type { Arrival, Device } from './device.js';
import { type CaptureSummary, loadCapture } from './pcap.js';
import { createPktgenFrames, type PktgenConfig, pktgenBytes } from './pktgen.js';

export interface PktgenSettings extends PktgenConfig {
  readonly kind: 'pktgen';
  /** Packets per second; Infinity = unpaced. */
  readonly pps: number;
  readonly arrival: 'constant' | 'poisson' | 'onoff';
}

export interface CaptureSettings {
  readonly kind: 'pcap';
  readonly path: string;
  readonly summary: CaptureSummary;
  /** 1 = as recorded, N = N times faster, Infinity = unpaced. */
  readonly speed: number;
}

export type DeviceSettings = PktgenSettings | CaptureSettings;

/** Bytes of shared memory for the device's frames. @throws RangeError when that is too much */
export function deviceBytes(settings: DeviceSettings): number {
  return settings.kind === 'pktgen' ? pktgenBytes(settings) : settings.summary.bytesNeeded;
}

export function createDevice(views: Views, address: number, settings: DeviceSettings): Device {
  if (settings.kind === 'pktgen') {
    const frames = createPktgenFrames(views, address, settings);
    return { name: 'pktgen', frames, arrival: pktgenArrival(settings) };
  }
  const frames = loadCapture(views, address, settings.path, settings.summary);
  const unpaced = settings.speed === Number.POSITIVE_INFINITY;
  const arrival = unpaced
    ? new Unpaced()
    : new RecordedArrival(views.doubles, frames.times, frames.framesPerPass, settings.speed);
  return { name: `pcap:${settings.path}`, frames, arrival };
}

function pktgenArrival({ pps, arrival, seed }: PktgenSettings): Arrival {
  if (pps === Number.POSITIVE_INFINITY) return new Unpaced();
  if (arrival === 'poisson') return new PoissonArrival(pps, seed);
  return arrival === 'onoff' ? new OnOffArrival(pps) : new ConstantArrival(pps);
}
