// Cold. Runs on: main; starts real threads.
// CPUs go offline and come back while traffic runs: nothing is lost, each packet is delivered once and in order, and what is refused
// changes nothing.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { RunningHost } from '../../src/coordinator/host.js';
import type { HostOptions } from '../../src/index.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, LONG, start, within } from './machine.js';
import type { Accident } from './sinks/accident.js';

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
    if (host.config.mode === 'interrupt') continue; // Lines cannot be moved: they come with the next offline().
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
  {
    name: 'threads of their own, deferred interrupts',
    options: { napi: { threaded: 'enabled', threadWorker: true, deferHardIrqs: 2, groFlushTimeout: 200_000 } },
  },
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

t.test('what cannot be is refused, and changes nothing', async (t) => {
  const host = await start({ ...ENDLESS, cpus: 2, queues: 2, rate: '20k' });
  t.same(
    host.cpus.map(({ id, state }) => [id, state]),
    [
      [0, 'online'],
      [1, 'online'],
    ],
  );
  t.throws(() => host.cpu(2), { name: 'SoftirqOptionError', message: 'cpu=2: must be an integer from 0 to 1' });
  await t.rejects(host.cpu(1).online(), {
    code: 'EINVAL',
    message: 'cpu_up: cpu=1: it must be offline or lost, and is online (EINVAL)',
  });
  await host.cpu(1).offline();
  t.equal(host.cpu(1).state, 'offline');
  await t.rejects(host.cpu(1).offline(), {
    code: 'EINVAL',
    message: 'cpu_down: cpu=1: it must be online, and is offline (EINVAL)',
  });
  await t.rejects(host.cpu(0).offline(), {
    code: 'EBUSY',
    message: 'cpu_down: cpu=0: it is the last one that is online (EBUSY)',
  });
  await t.rejects(host.moveLine(1, 1), {
    code: 'EINVAL',
    message: 'irq_set_affinity: cpu=1: it must be online, and is offline (EINVAL)',
  });
  const seen = host.snapshot();
  t.same(
    seen.cpus.map(({ online }) => online),
    [true, false],
  );
  t.same(
    seen.nics[0]!.queues.map(({ cpu }) => cpu),
    [0, 0],
  );
  const { conservation } = await within(host.stop(), LIMIT_MS, () => 'stop()');
  t.equal(conservation.delivered, conservation.offered);
});

t.test('a task ends with its CPU, and begins anew; counters go on', async (t) => {
  const host = await start({ ...ENDLESS, cpus: 2, rate: '20k', task: 'spin' });
  const steps = () => host.snapshot().tasks[1]!.steps;
  while (steps() === 0) await delay(1);
  await host.cpu(1).offline();
  const before = steps();
  await delay(20);
  t.equal(steps(), before, 'nothing runs there');
  await host.cpu(1).online();
  while (steps() === before) await delay(1);
  t.ok(steps() > before);
  await within(host.stop(), LIMIT_MS, () => 'stop()');
});

t.test('a CPU that does not leave in time is ended, and what it had in hand is counted as lost', async (t) => {
  const at = new Float64Array(new SharedArrayBuffer(8));
  const data: Accident = { kind: 'never returns', cpu: 1, afterBursts: 20, at };
  const sink = { url: new URL('sinks/accident.js', import.meta.url), data };
  const host = await start({ ...ENDLESS, cpus: 2, queues: 2, rate: '20k', sink });
  while (at[0] === 0) await delay(1);
  await within(host.cpu(1).offline(), LIMIT_MS, () => 'offline');
  t.equal(host.cpu(1).state, 'lost');
  const { conservation } = await within(host.stop(), LIMIT_MS, () => 'stop()');
  t.equal(conservation.holds, true);
});

t.test('interrupt mode under overload: what is left goes through the heir’s backlog, each flow in order', async (t) => {
  const load = { size: '64,1518,9000', ring: 4096, work: 20_000, rate: '300k' } as const;
  const machine: HostOptions = { ...ENDLESS, cpus: 2, queues: 2, mode: 'interrupt', ...load };
  const sent = new SentFlows(machine);
  const host = await start({ ...machine, sink: sent.sink });
  await inTurn(host, 2);
  const { conservation, durationSeconds } = await endsWithin(host, LIMIT_MS);
  const { offered, delivered, dropped, lostWithCpu, holds } = conservation;
  t.comment(
    `${ROUNDS} rounds in ${durationSeconds.toFixed(1)} s, ${delivered} of ${offered} packets, ${dropped} dropped`,
  );
  t.same(sent.faults(offered, false), [], 'each flow in order, each packet as it was sent');
  t.same([holds, lostWithCpu], [true, 0]);
  t.ok(dropped > 0, 'it was overload');
});

t.test('interrupt mode: a CPU that does not leave is ended, as one that has died', async (t) => {
  const at = new Float64Array(new SharedArrayBuffer(8));
  const data: Accident = { kind: 'never returns', cpu: 1, afterBursts: 20, at };
  const sink = { url: new URL('sinks/accident.js', import.meta.url), data };
  const host = await start({ ...ENDLESS, cpus: 2, queues: 2, rate: '20k', mode: 'interrupt', sink });
  while (at[0] === 0) await delay(1);
  await within(host.cpu(1).offline(), LIMIT_MS, () => 'offline');
  t.equal(host.cpu(1).state, 'lost');
  const { conservation } = await within(host.stop(), LIMIT_MS, () => 'stop()');
  t.same([conservation.holds, conservation.lostWithCpu], [true, 1]);
});
