// Cold. Runs on: NIC, once; tests and the simulation.
// Wires one NIC: device, rings and lines over the shared memory.

import type { Bursts } from '../bursts/bursts.js';
import type { InflaterFactory } from '../capture/gzip-bytes.js';
import type { NicRecorder } from '../capture/write-recorder.js';
import { type IrqLayout, IrqLine } from '../irq/line.js';
import { counterAddresses, NIC_COUNTERS, NIC_QUEUE_COUNTERS } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { RSS_KEY, writeRssTables } from '../net/rss.js';
import { RxRingProducer } from '../ring/rx-ring.js';
import type { Clock } from '../runtime/clock.js';
import { createDevice, type DeviceSettings } from './devices/create.js';
import { Nic, type WhenFull } from './nic.js';

/** Where everything that one NIC works with lies, in byte addresses. */
export interface NicRegions {
  readonly nic: number;
  readonly irq: IrqLayout;
  readonly state: number;
  readonly rss: number;
  /** Where the device's frames go. */
  readonly frames: number;
  readonly rings: readonly number[];
  readonly buffers: number;
  /** The NIC's block of NIC_COUNTERS. */
  readonly counters: number;
  /** Its blocks of NIC_QUEUE_COUNTERS, by queue. */
  readonly queueCounters: readonly number[];
}

export interface NicSettings {
  readonly device: DeviceSettings;
  readonly full: WhenFull;
  /** Frames in all; Infinity = until told to end. */
  readonly framesMax: number;
}

/** What comes from outside. */
export interface NicSeams {
  readonly bursts: Bursts;
  readonly clock: Clock;
  /** null: nothing is recorded. */
  readonly recorder: NicRecorder | null;
  readonly inflater: InflaterFactory;
}

export function buildNic(views: Views, regions: NicRegions, settings: NicSettings, seams: NicSeams): Nic {
  writeRssTables(views, regions.rss, RSS_KEY, regions.rings.length);
  const device = createDevice(views, regions.frames, settings.device, seams);
  const queues = regions.rings.map((ring, id) => ({
    ring: new RxRingProducer(views, ring),
    line: new IrqLine(views, regions.irq, id),
    ...counterAddresses(NIC_QUEUE_COUNTERS, regions.queueCounters[id]!, NIC_QUEUE_COUNTERS),
  }));
  const layout = {
    state: regions.state,
    rss: regions.rss,
    buffers: regions.buffers,
    ...counterAddresses(NIC_COUNTERS, regions.counters, NIC_COUNTERS),
  };
  const { full, framesMax } = settings;
  return new Nic(`nic${regions.nic}`, views, seams, layout, { device, queues, full, framesMax });
}
