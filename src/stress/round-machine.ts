// Cold. Runs on: main.
// What the machine of a round is started with, besides what was drawn: the sink that checks, the record, the capacity that was found.

import { calibrate } from '../coordinator/calibrate.js';
import { startHost } from '../coordinator/host.js';
import type { HostOptions, TaskOption } from '../coordinator/options.js';
import { resolveOptions } from '../coordinator/resolve-options.js';
import { HANGS } from './stress-task.js';

const sink = new URL('./flow-sink.js', import.meta.url);

/** @param record FlowRecord.buffer */
export async function machineOptions(drawn: HostOptions, record: SharedArrayBuffer): Promise<HostOptions> {
  const { task, rate } = drawn;
  const hangs = (task as TaskOption | undefined)?.name === HANGS;
  const given = hangs ? { ...drawn, task: withRecord(task as TaskOption, record) } : drawn;
  const found = String(rate).endsWith('%') ? { rate: await capacityPart(given) } : {};
  return { ...given, ...found, sink: { url: sink, data: record } };
}

function withRecord(task: TaskOption, record: SharedArrayBuffer): TaskOption {
  return { ...task, data: { ...(task.data as object), record } };
}

/** `rate: 'K%'`, found here and not by the machine: the sink would take the packets of the trial for the round's. */
async function capacityPart(options: HostOptions): Promise<number> {
  const { pps } = await calibrate(resolveOptions(options), startHost);
  return Math.max(1, Math.min(1e9, Math.round(pps)));
}
