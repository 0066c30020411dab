// Cold. Runs on: NAPI workers, attached threads, once; tests.
// Wires a polling context that is no CPU: its core, and the driver's poll and stack that run on it, over the shared memory.

import { RxPoll } from '../driver/poll.js';
import { counterAddresses, POLL_COUNTERS } from '../memory/counters.js';
import type { Views } from '../memory/views.js';
import { BufferPool } from '../ring/buffer-pool.js';
import { buildReceive, buildRxQueue, type CpuLayout, type CpuSeams, type CpuSettings, handOverCheck } from './build.js';
import { NapiRound } from './napi-round.js';
import { NapiWorker } from './napi-worker.js';
import { buildPollCore, type PollCore, type PollSeams } from './poll-core.js';

export type PollerSettings = Pick<CpuSettings, 'irq' | 'weight' | 'checkBuffers' | 'workIterations' | 'verifyL4'>;

export type PollerSeams = PollSeams & Pick<CpuSeams, 'bursts' | 'sink' | 'recorder'>;

/** A context that can poll every queue's instance. */
export function buildPoller(views: Views, layout: CpuLayout, settings: PollerSettings, seams: PollerSeams): PollCore {
  const core = buildPollCore(views, layout, layout.rings.length, seams);
  const receive = buildReceive(views, layout, settings, seams, core.softnet);
  const recheck = settings.irq === 'nolatch';
  layout.rings.forEach((_, id) => {
    const { softnet, lines } = core;
    const pool = new BufferPool(views, layout.pools[id]!, layout.links);
    const rx = buildRxQueue(views, layout, seams.bursts, pool, softnet.napis[id]!);
    const beforeRelease = settings.checkBuffers ? handOverCheck(views, layout, id) : () => {};
    const parts = { cpu: null, queue: id, softnet, rx, receive, line: lines[id]!, recheck, beforeRelease };
    new RxPoll(views, parts, counterAddresses(POLL_COUNTERS, layout.pollCounters[id]!, POLL_COUNTERS));
    softnet.add(id, { weight: settings.weight, name: `nic0-${id}`, device: 'nic0' });
  });
  return core;
}

/** The worker of one queue's instance. @param role `napi/nic0-4` */
export function buildNapiWorker(
  views: Views,
  layout: CpuLayout,
  settings: PollerSettings,
  seams: PollerSeams,
  queue: number,
  role: string,
): NapiWorker {
  const { softnet, poller } = buildPoller(views, layout, settings, seams);
  return new NapiWorker(role, new NapiRound(softnet, queue, poller, seams.clock));
}
