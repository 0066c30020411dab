// Cold. Runs on: main; starts real threads.
// Tasks that busy-poll, against softirqs and against each other, and that wait: nothing is lost or reordered, and each poll ends in
// one way (the run itself checks both).

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { BusyPollTaskData, HostOptions, NapiSettings, Snapshot } from '../../src/index.js';
import { untilInTime } from './attempts.js';
import { endsWithin, FILE_MS, run, start, within } from './machine.js';
import { BROUGHT, LINES_BYTES, SEEN, WAKES } from './sinks/signals.js';

t.setTimeout(FILE_MS);

const LIMIT_MS = 20_000;
const PACKETS = 20_000;
const url = (name: string) => new URL(`${name}.js`, import.meta.url);
const task = { url: url('tasks/busy-poller'), capabilities: ['CAP_NET_ADMIN'] } as const;
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
  t.test(`${irq}: one CPU, deferral: the task does the work`, async (t) => {
    const { delivered, holds, irqs, busy } = await polled({ cpus: 1, queues: 2, irq }, 100, 50e6);
    t.same([delivered, holds], [PACKETS, true]);
    t.ok(busy > PACKETS / 2, `${busy} packets by busy polling, ${irqs} interrupts`);
  });

  t.test(`${irq}: two CPUs, whose tasks poll the same queues, without deferral`, async (t) => {
    const { delivered, holds, irqs, busy } = await polled({ cpus: 2, queues: 2, irq, checkBuffers: true });
    t.same([delivered, holds], [PACKETS, true]);
    t.ok(busy > 0, `${busy} packets by busy polling, ${irqs} interrupts`);
  });
}

function totals({ nics, cpus, tasks, stack, conservation }: Snapshot) {
  const sum = (name: 'busyPollRxPackets' | 'timerIrqs' | 'sleeps') => cpus.reduce((total, cpu) => total + cpu[name], 0);
  const [busy, timerIrqs, sleeps] = [sum('busyPollRxPackets'), sum('timerIrqs'), sum('sleeps')];
  const steps = tasks.reduce((total, task) => total + task.steps, 0);
  const { delivered } = stack;
  return { irqs: nics[0]!.irqs, busy, timerIrqs, sleeps, steps, delivered, holds: conservation.holds };
}

const STREAM = { device: 'pktgen', cpus: 1, queues: 1, rate: 20_000, full: 'wait', packets: 4000 } as const;
/** Its interrupt is off for 20 ms after the last packet. */
const DEFERRED: NapiSettings = { deferHardIrqs: 100, groFlushTimeout: 200_000 };
const SUSPENDED: NapiSettings = { ...DEFERRED, irqSuspendTimeout: 50e6 };

async function application(data: BusyPollTaskData, napi: NapiSettings, load: Partial<HostOptions> = {}) {
  return totals(await run({ ...STREAM, ...load, napi, task: { url: 'busy-poll', data } }));
}

t.test('the task busy-poll: the packets are its own, and hardly an interrupt comes', async (t) => {
  const plain = totals(await run(STREAM));
  // On a crowded system the timer may always be first.
  const busy = await untilInTime(
    () => application({}, DEFERRED),
    (seen) => seen.busy > 0,
  );
  t.same([busy.delivered, busy.holds], [STREAM.packets, true]);
  t.ok(busy.irqs * 4 < plain.irqs, `${busy.irqs} interrupts, and ${plain.irqs} without it`);
  t.ok(busy.busy > 0, `${busy.busy} packets by busy polling`);
});

t.test('M14: it works: with irq_suspend_timeout no timer comes meanwhile, without it the timer polls', async (t) => {
  const works = { workUsecs: 1000, usecs: 10_000 };
  const load = { spin: false }; // Then who waits for a timer with nothing to do sleeps, unless the system has the core meanwhile.
  const napi = { ...DEFERRED, deferHardIrqs: 2 };
  const deferred = await application(works, napi, load);
  t.ok(deferred.timerIrqs > deferred.steps / 2, `${deferred.timerIrqs} timer interrupts in ${deferred.steps} steps`);
  const { timerIrqs, sleeps, delivered, holds } = await application(works, { ...napi, irqSuspendTimeout: 50e6 }, load);
  t.same([delivered, holds], [STREAM.packets, true]);
  t.ok(timerIrqs <= 2 * sleeps + 5, `${timerIrqs} timer interrupts, while it slept: ${sleeps} times`);
});

t.test('M19: it works for longer than irq_suspend_timeout: the timer polls', async (t) => {
  const { timerIrqs, holds } = await application({ workUsecs: 10_000 }, { ...DEFERRED, irqSuspendTimeout: 2e6 });
  t.ok(holds);
  t.ok(timerIrqs > 3, `${timerIrqs} timer interrupts`);
});

t.test('M16: nothing comes: its interrupt is on again, and its CPU sleeps', async (t) => {
  const packets = 5;
  const napi = { ...SUSPENDED, deferHardIrqs: 2 };
  const { irqs, sleeps, holds } = await application({}, napi, { rate: 10, packets });
  t.same([irqs, holds], [packets, true], 'each packet interrupts');
  t.ok(sleeps <= 10 * packets, `slept ${sleeps} times in half a second`);
});

t.test('B11: a task without the CAP_NET_ADMIN that it needs ends the machine with its name', async (t) => {
  for (const [module, said] of [
    ['busy-poller', /^cpu0 died: task busy-poller: SO_PREFER_BUSY_POLL=1: .* needs CAP_NET_ADMIN \(EPERM\)$/],
    ['greedy', /^cpu0 died: task file:.*greedy\.js: busy_poll_budget=65: .* needs CAP_NET_ADMIN \(EPERM\)$/],
  ] as const) {
    const running = start({ ...STREAM, task: url(`tasks/${module}`) }).then(({ done }) => done);
    await t.rejects(running, { message: said }, 'in a step, or in its factory');
  }
});

t.test('its line moves: the task on the new CPU polls, and the one on the old CPU leaves it alone', async (t) => {
  const load = { ...STREAM, cpus: 2, packets: 10_000 };
  const host = await start({ ...load, napi: { ...SUSPENDED, deferHardIrqs: 2 }, task: 'busy-poll' });
  const processed = (cpu: number) => host.snapshot().cpus[cpu]!.processed;
  const until = async (holds: () => boolean) => {
    while (!host.supervisor.ended && !holds()) await delay(1);
  };
  await until(() => processed(0) > 100);
  await within(host.moveLine(0, 1), LIMIT_MS, () => JSON.stringify(host.napi.list()));
  await until(() => processed(1) > 100);
  const before = processed(0);
  const { cpus, conservation } = await endsWithin(host, LIMIT_MS);
  t.same([conservation.delivered, conservation.holds], [load.packets, true]);
  t.ok(cpus[1]!.busyPollRxPackets > 0, `${cpus[1]!.busyPollRxPackets} packets by busy polling there`);
  t.equal(cpus[0]!.processed, before);
});

t.test('an application of one’s own: a sink signals, and a task waits for it', async (t) => {
  const cpus = 2;
  const data = new SharedArrayBuffer(cpus * LINES_BYTES);
  const modules = { sink: { url: url('sinks/signals'), data }, task: { url: url('tasks/waiter'), data } };
  const load = { ...STREAM, cpus, queues: cpus };
  const { delivered, busy, holds } = totals(await run({ ...load, napi: SUSPENDED, ...modules }));
  t.same([delivered, holds], [STREAM.packets, true]);
  t.ok(busy > 0, `${busy} packets by busy polling`);
  const words = new Int32Array(data);
  const of = (cpu: number, word: number) => words[(cpu * LINES_BYTES) / 4 + word]!;
  for (let cpu = 0; cpu < cpus; cpu += 1) {
    t.ok(of(cpu, WAKES) > 0, `cpu${cpu}: woken ${of(cpu, WAKES)} times`);
    t.equal(of(cpu, SEEN), of(cpu, BROUGHT), 'it was told of every packet');
  }
});
