// Cold. Runs on: main; starts real threads.
// CPUs go offline and come back while traffic runs: nothing is lost, each packet is delivered once and in order, and what is refused
// changes nothing.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { RunningHost } from '../../src/coordinator/host.js';
import type { HostOptions } from '../../src/index.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, start, within } from './machine.js';

t.setTimeout(FILE_MS);

const LIMIT_MS = 20_000;
const PACKETS = 200_000;

/** Lines on CPUs that are not online. */
function strayLines(host: RunningHost): number {
  const { nics, cpus } = host.snapshot();
  return nics.flatMap(({ queues }) => queues).filter(({ cpu }) => !cpus[cpu]!.online).length;
}

async function toAndFro(host: RunningHost, cpus: number): Promise<number> {
  let rounds = 0;
  while (!host.supervisor.stopping) {
    const cpu = host.cpu(rounds % cpus);
    await within(cpu.offline(), LIMIT_MS, () => `offline of cpu${cpu.id}`);
    if (host.supervisor.stopping) break;
    if (strayLines(host) > 0) throw new Error('a line targets an offline CPU');
    await delay(2);
    await within(cpu.online(), LIMIT_MS, () => `online of cpu${cpu.id}`);
    for (const { id } of host.snapshot().nics[0]!.queues) await host.moveLine(id, (rounds + id) % cpus);
    rounds += 1;
  }
  return rounds;
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
    const machine: HostOptions = {
      device: 'pktgen',
      cpus: 2,
      queues: 2,
      size: '64,1518,9000',
      packets: PACKETS,
      ...options,
    };
    const sent = new SentFlows(machine);
    const host = await start({ ...machine, sink: sent.sink });
    const [rounds, snapshot] = await Promise.all([toAndFro(host, 2), endsWithin(host, LIMIT_MS)]);
    t.comment(`${rounds} rounds in ${snapshot.durationSeconds.toFixed(1)} s`);
    t.ok(rounds >= 3, 'again and again');
    t.same(sent.faults(PACKETS, true), [], 'each flow whole and in order, each packet as it was sent');
    t.same([snapshot.conservation.delivered, snapshot.conservation.lostWithCpu], [PACKETS, 0]);
  });
}
