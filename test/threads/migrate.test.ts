// Cold. Runs on: main; starts real threads.
// CPUs die while traffic runs, with onCpuLoss=migrate: the others go on, and every packet is accounted for.

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { RunningHost } from '../../src/coordinator/host.js';
import { type HostOptions, RoleError } from '../../src/index.js';
import { Random } from '../../src/runtime/random.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, LONG, start, within } from './machine.js';
import type { Accident } from './sinks/accident.js';

t.setTimeout(FILE_MS);

const LIMIT_MS = 20_000;
const KILLS = LONG ? 1000 : 12;
/** In the median: a crowded system may keep a thread that was killed, and the one that looks, from ending and looking. */
const DETECTED_MS = 1000;
const BURST = 64;
const WITH_ONE_LESS: HostOptions = { device: 'pktgen', cpus: 2, queues: 2, packets: 1e9, onCpuLoss: 'migrate' };

/** Kills one CPU at a moment that nobody knows. @returns ms until the machine went on without it */
async function kill(host: RunningHost, cpu: number, random: Random): Promise<number> {
  await delay(random.next() * 5);
  for (const end = performance.now() + random.next(); performance.now() < end; );
  const began = performance.now();
  if (host.cpu(cpu).state === 'offline') return 0; // by an operation, meanwhile
  const killed = host.supervisor.kill(`cpu${cpu}`);
  const lost = async () => {
    while (!['lost', 'offline'].includes(host.cpu(cpu).state)) await delay(1);
  };
  await within(lost(), LIMIT_MS, () => `cpu${cpu} was killed and is not lost`);
  const ms = performance.now() - began;
  await killed;
  return ms;
}

/** Kills CPUs in turn, and brings each back. @returns how long each took to be found, in ms, the quickest first */
async function killInTurn(host: RunningHost, kills: number, random: Random): Promise<number[]> {
  const found: number[] = [];
  for (let count = 0; count < kills; count += 1) {
    const cpu = count % 2;
    found.push(await kill(host, cpu, random));
    await within(host.cpu(cpu).online(), LIMIT_MS, () => `online of cpu${cpu}`);
    if (host.config.mode === 'napi') for (const line of [0, 1]) await host.moveLine(line, (line + count) % 2);
  }
  return found.sort((a, b) => a - b);
}

const VARIANTS: readonly { readonly name: string; readonly options: Partial<HostOptions> }[] = [
  // Most of the time a burst is in hand, and not counted yet.
  { name: 'latch, 2 µs of work', options: { irq: 'latch', work: 2000 } },
  {
    name: 'nolatch, small weight, deferred interrupts',
    options: { irq: 'nolatch', weight: 16, napi: { deferHardIrqs: 2, groFlushTimeout: 200_000 } },
  },
  { name: 'interrupt mode, jumbo frames', options: { mode: 'interrupt', size: '64,1518,9000', work: 2000 } },
  { name: 'threaded, jumbo frames', options: { size: '64,1518,9000', napi: { threaded: 'enabled' } } },
];

for (const [index, { name, options }] of VARIANTS.entries()) {
  t.test(`terminate at each of ${KILLS} random points, ${name}: every packet is accounted for`, async (t) => {
    const machine: HostOptions = { ...WITH_ONE_LESS, ...options };
    const sent = new SentFlows(machine);
    const host = await start({ ...machine, sink: sent.sink });
    const found = await killInTurn(host, KILLS, new Random(index + 1));
    host.supervisor.endSource();
    const { conservation, nics, durationSeconds } = await endsWithin(host, LIMIT_MS);
    const { offered, delivered, dropped, lostWithCpu } = conservation;
    const [middle, slowest] = [found[found.length >> 1]!, found.at(-1)!];
    const times = `found within ${middle.toFixed(0)} ms in the median, ${slowest.toFixed(0)} ms at most`;
    t.comment(`${durationSeconds.toFixed(1)} s, ${offered} packets, ${lostWithCpu} lost; ${times}`);
    t.equal(conservation.holds, true);
    t.equal(delivered + dropped + lostWithCpu, offered, 'nothing is in flight');
    const isInterrupt = machine.mode === 'interrupt'; // Its backlog may be full, and a burst is one packet.
    if (!isInterrupt) t.equal(dropped, 0);
    t.ok(lostWithCpu <= KILLS * (isInterrupt ? 1 : BURST), 'a burst each time at most');
    if (machine.work) t.ok(lostWithCpu > 0, 'and now and then one is in hand');
    t.equal(
      nics[0]!.queues.reduce((sum, queue) => sum + queue.lostWithCpu, 0),
      lostWithCpu,
    );
    t.same(sent.faults(offered, false), [], 'in order, once, as they were sent');
    const seen = sent.packets();
    t.ok(seen >= delivered && seen <= offered, 'sinks have seen what is delivered, and perhaps what is lost', { seen });
    t.ok(middle <= DETECTED_MS, 'found within a second', { found });
  });
}

t.test('what is recorded stays whole blocks, and the next thread goes on in the same file', async (t) => {
  const write = join(t.testdir(), 'delivered.pcapng');
  const host = await start({ ...WITH_ONE_LESS, rate: '50k', write });
  await killInTurn(host, 6, new Random(3));
  const { conservation, recordings } = await within(host.stop(), LIMIT_MS, () => 'stop()');
  const { packets } = recordings[0]!;
  const { delivered } = conservation;
  t.ok(Math.abs(delivered - packets) <= 6 * BURST, `${delivered} delivered, ${packets} recorded`);
  const replayed = await endsWithin(await start({ device: `pcap:${write}` }), LIMIT_MS);
  t.ok(Math.abs(replayed.conservation.offered - packets) <= 6 * BURST, 'all of it can be read');
  const { error, backwardTimestamps } = replayed.nics[0]!.capture!;
  t.same([error, backwardTimestamps], [null, 0], 'whole, and in order of time');
});

t.test(
  'while queues are disabled and enabled, lines moved, CPUs taken offline: no operation waits for the dead',
  async (t) => {
    const host = await start({ ...WITH_ONE_LESS, cpus: 3 });
    const random = new Random(7);
    let done = 0;
    const operate = async () => {
      while (!host.supervisor.stopping) {
        const { id } = host.napi.list()[Math.floor(random.next() * 2)]!;
        await host.napi.disable(id);
        await host.napi.enable(id);
        await host.moveLine(0, Math.floor(random.next() * 3)).catch(refused);
        await host.cpu(1).offline().catch(refused);
        await host.cpu(1).online().catch(refused);
        done += 1;
      }
    };
    const operating = operate();
    for (let count = 0; count < 6; count += 1) {
      const cpu = count % 3;
      if (host.cpu(cpu).state !== 'online') continue;
      await kill(host, cpu, random);
      await within(host.cpu(cpu).online().catch(refused), LIMIT_MS, () => `online of cpu${cpu}`);
    }
    host.supervisor.endSource();
    const snapshot = await endsWithin(host, LIMIT_MS);
    await within(operating, LIMIT_MS, () => 'an operation');
    t.comment(`${done} rounds of operations`);
    t.equal(snapshot.conservation.holds, true);
  },
);

function refused(error: Error): void {
  if (error.name !== 'ErrnoError') throw error;
}

t.test('a CPU that dies while the machine stops: it stops all the same', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    const host = await start({ ...WITH_ONE_LESS, rate: '100k' });
    await delay(20);
    const stopped = host.stop();
    while (!host.supervisor.stopping) await new Promise(setImmediate);
    await host.supervisor.kill(`cpu${round % 2}`);
    const { conservation } = await within(stopped, LIMIT_MS, () => 'stop()');
    t.equal(conservation.holds, true);
  }
});

t.test('a CPU that is locked up is ended, and the others go on', async (t) => {
  const host = await start({ ...WITH_ONE_LESS, rate: '50k', lockupSeconds: 0.5, sink: stuckSink(1) });
  const lost = async () => {
    while (host.cpu(1).state !== 'lost') await delay(5);
  };
  await within(lost(), LIMIT_MS, () => 'nobody has found it');
  const before = host.snapshot().stack.delivered;
  await delay(100);
  t.ok(host.snapshot().stack.delivered > before, 'traffic goes on');
  const { conservation, cpus } = await within(host.stop(), LIMIT_MS, () => 'stop()');
  t.same([conservation.holds, cpus.map(({ online }) => online)], [true, [true, false]]);
});

t.test('a CPU that is locked up stops the machine, where nobody may go on', async (t) => {
  const host = await start({
    ...WITH_ONE_LESS,
    rate: '50k',
    onCpuLoss: 'stop',
    lockupSeconds: 0.5,
    sink: stuckSink(0),
  });
  await t.rejects(
    within(host.done, LIMIT_MS, () => 'the end'),
    {
      name: 'RoleError',
      message: /^cpu0 died: locked up: its loop has not turned for 0.5 s, and it was ended$/,
    },
  );
});

t.test('the NIC, or the last CPU, dies: the machine stops with the cause', async (t) => {
  for (const roles of [['nic0'], ['cpu0', 'cpu1']]) {
    const host = await start(WITH_ONE_LESS);
    for (const role of roles) void host.supervisor.kill(role);
    const error = await within(host.done, LIMIT_MS, () => 'the end').then(
      () => null,
      (error: Error) => error,
    );
    t.type(error, RoleError);
    t.ok(roles.includes((error as RoleError).role), error!.message);
  }
});

function stuckSink(cpu: number): HostOptions['sink'] {
  const at = new Float64Array(new SharedArrayBuffer(8));
  const data: Accident = { kind: 'never returns', cpu, afterBursts: 50, at };
  return { url: new URL('sinks/accident.js', import.meta.url), data };
}
