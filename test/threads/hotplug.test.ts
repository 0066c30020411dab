// Cold. Runs on: main; starts real threads.
// CPUs go offline and come back while traffic runs: nothing is lost, each packet is delivered once and in order, and what is refused
// changes nothing.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { RunningHost } from '../../src/coordinator/host.js';
import type { HostOptions } from '../../src/index.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, LONG, start, within } from './machine.js';

t.setTimeout(FILE_MS);

const LIMIT_MS = 20_000;
const ROUNDS = LONG ? 100 : 6;
const ENDLESS = { device: 'pktgen', packets: 1e9 } as const;

/** Lines on CPUs that are not online. */
function strayLines(host: RunningHost): number {
  const { nics, cpus } = host.snapshot();
  return nics.flatMap(({ queues }) => queues).filter(({ cpu }) => !cpus[cpu]!.online).length;
}

/** Each CPU in turn, then the machine is stopped. */
async function inTurn(host: RunningHost, cpus: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const cpu = host.cpu(round % cpus);
    await within(cpu.offline(), LIMIT_MS, () => `offline of cpu${cpu.id}`);
    if (strayLines(host) > 0) throw new Error('a line targets an offline CPU');
    await delay(2);
    await within(cpu.online(), LIMIT_MS, () => `online of cpu${cpu.id}`);
    for (const { id } of host.snapshot().nics[0]!.queues) await host.moveLine(id, (round + id) % cpus);
  }
  host.supervisor.endSource();
}

const VARIANTS: readonly { readonly name: string; readonly options: Partial<HostOptions> }[] = [
  { name: 'latch', options: { irq: 'latch' } },
  {
    name: 'nolatch, small weight, deferred interrupts',
    options: { irq: 'nolatch', weight: 16, napi: { deferHardIrqs: 2, groFlushTimeout: 200_000 } },
  },
  { name: 'threaded', options: { napi: { threaded: 'enabled' } } },
];

for (const { name, options } of VARIANTS) {
  t.test(`each of 2 CPUs in turn, 2 queues, ${name}: nothing is lost`, async (t) => {
    const machine: HostOptions = { ...ENDLESS, cpus: 2, queues: 2, size: '64,1518,9000', ...options };
    const sent = new SentFlows(machine);
    const host = await start({ ...machine, sink: sent.sink });
    await inTurn(host, 2);
    const { conservation, durationSeconds } = await endsWithin(host, LIMIT_MS);
    const { offered, delivered, lostWithCpu } = conservation;
    t.comment(`${ROUNDS} rounds in ${durationSeconds.toFixed(1)} s, ${offered} packets`);
    t.same(sent.faults(offered, true), [], 'each flow whole and in order, each packet as it was sent');
    t.same([delivered, lostWithCpu], [offered, 0]);
  });
}
