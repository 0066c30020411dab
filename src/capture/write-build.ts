// Cold. Runs on: CPU n, NIC, once.
// From what main says of a thread's files to its recorder.

import type { Bursts } from '../bursts/bursts.js';
import type { Views } from '../memory/views.js';
import type { Clock } from '../runtime/clock.js';
import type { Timestamp } from './pcapng-write.js';
import { BlockWriter, type WriterTask } from './write-area.js';
import { CpuRecorder, NicRecorder, type RecorderLayout } from './write-recorder.js';
import { CaptureTime } from './write-time.js';

/** What a CPU records, and where. Both in one area: in one file. */
export interface CpuRecorderTask {
  readonly epoch: Timestamp;
  readonly delivered: WriterTask | null;
  readonly dropped: WriterTask | null;
}

export interface NicRecorderTask {
  readonly epoch: Timestamp;
  readonly dropped: WriterTask;
  /** Number of the interface that stands for the device, of frames that no queue was picked for. */
  readonly device: number;
}

export function buildCpuRecorder(
  views: Views,
  bursts: Bursts,
  clock: Clock,
  layout: RecorderLayout,
  { epoch, delivered, dropped }: CpuRecorderTask,
): CpuRecorder {
  const first = delivered === null ? null : new BlockWriter(views, delivered);
  const shared = first !== null && dropped?.area === delivered?.area;
  const second = dropped === null ? null : new BlockWriter(views, dropped);
  return new CpuRecorder(views, bursts, layout, new CaptureTime(clock, epoch), first, shared ? first : second);
}

export function buildNicRecorder(views: Views, bursts: Bursts, clock: Clock, task: NicRecorderTask): NicRecorder {
  const writer = new BlockWriter(views, task.dropped);
  return new NicRecorder(views, bursts, new CaptureTime(clock, task.epoch), writer, task.device);
}
