// Cold. Runs on: NIC, once; main for the size.
// From settings to a device.

import { captureLayout, captureSize } from '../../capture/layout.js';
import type { Views } from '../../memory/views.js';
import { ConstantArrival, OnOffArrival, PoissonArrival, RecordedArrival, Unpaced } from './arrival.js';
import { CapturedFrames, type CapturedSeams, type CaptureSettings } from './captured-frames.js';
import type { Arrival, Device } from './device.js';
import { createPktgenFrames, type PktgenConfig, pktgenBytes } from './pktgen.js';

export interface PktgenSettings extends PktgenConfig {
  readonly kind: 'pktgen';
  /** Packets per second; Infinity = unpaced. */
  readonly pps: number;
  readonly arrival: 'constant' | 'poisson' | 'onoff';
}

export type DeviceSettings = PktgenSettings | CaptureSettings;

/** Bytes of shared memory for the device's frames. @throws RangeError when that is too much */
export function deviceBytes(settings: DeviceSettings): number {
  if (settings.kind === 'pktgen') return pktgenBytes(settings);
  return captureLayout(0, captureSize(settings.fileBytes)).bytes;
}

export function createDevice(views: Views, address: number, settings: DeviceSettings, seams: CapturedSeams): Device {
  if (settings.kind === 'pktgen') {
    const frames = createPktgenFrames(views, address, settings);
    return { name: 'pktgen', frames, arrival: pktgenArrival(settings) };
  }
  const frames = new CapturedFrames(views, address, settings, seams);
  const isUnpaced = settings.speed === Number.POSITIVE_INFINITY;
  const arrival = isUnpaced ? new Unpaced() : new RecordedArrival(frames, settings.speed);
  return { name: `pcap:${settings.path}`, frames, arrival };
}

function pktgenArrival({ pps, arrival, seed }: PktgenSettings): Arrival {
  if (pps === Number.POSITIVE_INFINITY) return new Unpaced();
  if (arrival === 'poisson') return new PoissonArrival(pps, seed);
  return arrival === 'onoff' ? new OnOffArrival(pps) : new ConstantArrival(pps);
}
