// Cold. Runs on: main; starts real threads.
// Tasks that busy-poll, against softirqs and against each other: nothing is lost or reordered, and each poll ends in one way (the
// run itself checks both).

import t from 'tap';
import type { HostOptions } from '../../src/index.js';
import { endsWithin, FILE_MS, start } from './machine.js';

t.setTimeout(FILE_MS);

const LIMIT_MS = 20_000;
const PACKETS = 20_000;
const task = new URL('tasks/busy-poller.js', import.meta.url);
const LOAD = { device: 'pktgen', rate: 40_000, full: 'wait', packets: PACKETS, task } as const;

async function polled(options: Partial<HostOptions>, defer = 0, timeoutNs = 0) {
  const host = await start({ ...LOAD, ...options });
  await host.napi.write('gro_flush_timeout', timeoutNs);
  await host.napi.write('napi_defer_hard_irqs', defer);
  const { stack, cpus, nics, conservation } = await endsWithin(host, LIMIT_MS);
  const irqs = nics.reduce((total, nic) => total + nic.irqs, 0);
  const busy = cpus.reduce((total, cpu) => total + cpu.busyPollRxPackets, 0);
  return { delivered: stack.delivered, holds: conservation.holds, irqs, busy };
}

for (const irq of ['latch', 'nolatch'] as const) {
  t.test(`${irq}: one CPU, deferral: the task polls, and its last polls are not counted`, async (t) => {
    const { delivered, holds, irqs, busy } = await polled({ cpus: 1, queues: 2, irq }, 100, 2e6);
    t.same([delivered, holds], [PACKETS, true]);
    t.ok(busy > PACKETS / 10, `${busy} packets by busy polling, ${irqs} interrupts`);
  });

  t.test(`${irq}: two CPUs, whose tasks poll the same queues, without deferral`, async (t) => {
    const { delivered, holds, irqs, busy } = await polled({ cpus: 2, queues: 2, irq, checkBuffers: true });
    t.same([delivered, holds], [PACKETS, true]);
    t.ok(busy > 0, `${busy} packets by busy polling, ${irqs} interrupts`);
  });
}
