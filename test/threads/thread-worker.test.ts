// Cold. Runs on: main; starts real threads.
// The worker of a threaded NAPI: it stays where it is when its line moves, comes and goes under load, dies with all others, and is
// refused where it cannot be.

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { lookAtCapture } from '../../src/capture/inspect.js';
import { gunzipInflater } from '../../src/coordinator/inflater.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, start, within } from './machine.js';
import { threadsLeft } from './threads-left.js';

t.setTimeout(FILE_MS);

const LIMIT_MS = 10_000;
const SLOW = { device: 'pktgen', rate: 2000, duration: 60, cpus: 2, queues: 1 } as const;
const WORKER = { napi: { threadWorker: true } } as const;

async function until(what: string, holds: () => boolean): Promise<void> {
  const stop = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > stop) throw new Error(`not ${what} within ${LIMIT_MS} ms`);
    await delay(2);
  }
}

t.test('from the start; a line that moves leaves the worker where it is, also one that busy-polls', async (t) => {
  for (const threaded of ['enabled', 'busy-poll'] as const) {
    const host = await start({ ...SLOW, napi: { threaded, threadWorker: true } });
    const worker = () => host.snapshot().threads[0]!;
    await until('polled', () => worker().processed > 10);
    await within(host.moveLine(0, 1), LIMIT_MS, () => JSON.stringify(host.napi.list()));
    const { processed } = worker();
    await until('polled', () => worker().processed > processed + 20);
    const irqs = host.snapshot().cpus[1]!.hardirqs;
    if (threaded === 'enabled') await until('interrupts on cpu1', () => host.snapshot().cpus[1]!.hardirqs > irqs + 10);
    const [napi] = host.napi.list();
    t.match(worker(), { name: napi!.thread, napiId: napi!.id });
    if (process.platform === 'linux') t.ok(worker().tid! > 0 && worker().cpuSeconds! > 0);
    await host.stop();
    const { cpus, conservation, threads } = host.snapshot();
    t.same([...cpus, ...threads].filter(({ processed }) => processed > 0).length, 1, 'the worker alone has polled');
    t.equal(conservation.delivered, threads[0]!.processed);
  }
});

t.test('20 times on and off under load, for one and per device: each flow whole and in order', async (t) => {
  const options = {
    device: 'pktgen',
    rate: 100_000,
    full: 'wait',
    duration: 60,
    cpus: 1,
    queues: 1,
    ring: 64,
  } as const;
  const sent = new SentFlows({ ...options, ...WORKER });
  // One worker after the other goes on with the same part of the file; at the stop it must have each packet once.
  const write = join(t.testdir(), 'recorded.pcapng');
  const host = await start({ ...options, ...WORKER, sink: sent.sink, write });
  const { id } = host.napi.list()[0]!;
  for (let round = 0; round < 20; round += 1) {
    const { processed } = host.snapshot().threads[0]!;
    for (const [value, threaded] of [
      [1, 'enabled'],
      [0, 'disabled'],
    ] as const) {
      const done = round % 2 === 0 ? host.napi.write('threaded', value) : host.napi.set(id, { threaded });
      await within(done, LIMIT_MS, () => JSON.stringify(host.napi.list()));
      if (value === 1) await until('polled by the worker', () => host.snapshot().threads[0]!.processed > processed);
    }
  }
  void host.stop();
  const { conservation, recordings } = await endsWithin(host, 60_000);
  t.same(sent.faults(conservation.offered, true), []);
  t.equal(conservation.delivered, conservation.offered);
  t.equal(recordings[0]!.packets, conservation.delivered);
  t.match(lookAtCapture(write, gunzipInflater), { regular: true, fileBytes: recordings[0]!.bytes });
  t.same(threadsLeft(), []);
});

t.test(
  'CPUs go offline, come back and die under workers that defer interrupts: what is handed to them is taken over',
  async (t) => {
    const napi = { threaded: 'enabled', threadWorker: true, deferHardIrqs: 2, groFlushTimeout: 200_000 } as const;
    const options = {
      device: 'pktgen',
      rate: 50_000,
      full: 'wait',
      duration: 60,
      cpus: 2,
      queues: 2,
      napi,
      onCpuLoss: 'migrate',
    } as const;
    const sent = new SentFlows(options);
    const host = await start({ ...options, sink: sent.sink });
    const progress = () => Math.min(...host.snapshot().threads.map(({ processed }) => processed));
    const goesOn = (what: string) => {
      const before = progress();
      return until(`polled ${what}`, () => progress() > before + 100);
    };
    for (const cpu of [0, 1, 0, 1]) {
      await within(host.cpu(cpu).offline(), LIMIT_MS, () => JSON.stringify(host.napi.list()));
      await goesOn(`with cpu${cpu} offline`);
      await within(host.cpu(cpu).online(), LIMIT_MS, () => JSON.stringify(host.napi.list()));
      await host.moveLine(cpu, cpu);
      await goesOn(`with cpu${cpu} online`);
    }
    await host.supervisor.kill('cpu0');
    await goesOn('when cpu0 has died');
    void host.stop();
    const { conservation, threads } = await endsWithin(host, 60_000);
    t.same(sent.faults(conservation.offered, true), []);
    t.equal(conservation.delivered, conservation.offered);
    t.equal(
      threads.reduce((sum, { processed }) => sum + processed, 0),
      conservation.delivered,
      'by workers alone',
    );
  },
);

t.test('disabled and enabled with its worker: it sleeps meanwhile, and goes on', async (t) => {
  const host = await start({ ...SLOW, cpus: 1, napi: { threaded: 'busy-poll', threadWorker: true } });
  const { id } = host.napi.list()[0]!;
  await until('polled', () => host.snapshot().threads[0]!.processed > 10);
  await within(host.napi.disable(id), LIMIT_MS, () => JSON.stringify(host.napi.list()));
  const { polls } = host.snapshot().threads[0]!;
  await delay(20);
  t.equal(host.snapshot().threads[0]!.polls, polls, 'nobody polls');
  await host.napi.enable(id);
  await until('polled', () => host.snapshot().threads[0]!.polls > polls + 20);
  t.equal(host.snapshot().cpus[0]!.netRxSoftirqs, 0);
  await host.stop();
});

t.test('a worker that dies stops the machine with its name; one that is asked for too late is refused', async (t) => {
  const host = await start({ ...SLOW, ...WORKER, queues: 2 });
  const [b, a] = host.napi.list();
  await host.napi.set(a!.id, { threaded: 'enabled' });
  await t.rejects(host.napi.set(a!.id, { threadWorker: false }), {
    code: 'EBUSY',
    message: `napi-set: thread-worker=false: napi/nic0-${a!.id} runs: switch threaded off first (EBUSY)`,
  });
  await host.napi.set(a!.id, { threaded: 'disabled', threadWorker: false });
  await host.napi.set(a!.id, { threaded: 'enabled' });
  await host.napi.set(b!.id, { threaded: 'enabled' });
  t.same(
    host.snapshot().threads.map(({ tid }) => tid !== null),
    [false, process.platform === 'linux'],
    'one as a task, one as a worker',
  );
  await host.supervisor.kill(`napi/nic0-${b!.id}`);
  await t.rejects(host.done, { name: 'RoleError', role: `napi/nic0-${b!.id}` });
  t.same(threadsLeft(), []);
});

t.test('a worker that cannot start: the error, and nobody is threaded', async (t) => {
  const sink = { url: new URL('sinks/refuses-workers.js', import.meta.url) };
  const host = await start({ ...SLOW, cpus: 1, queues: 2, ...WORKER, sink });
  await t.rejects(host.napi.write('threaded', 1), {
    name: 'RoleError',
    message: /^napi\/nic0-\d died: sink .*no workers here/,
  });
  t.same(
    host.napi.list().map(({ threaded, thread }) => [threaded, thread]),
    [
      ['disabled', null],
      ['disabled', null],
    ],
  );
  const before = host.snapshot().cpus[0]!.processed;
  await until('polled by softirqs', () => host.snapshot().cpus[0]!.processed > before + 20);
  await host.stop();
  await t.rejects(start({ ...SLOW, cpus: 1, napi: { threaded: 'enabled', threadWorker: true }, sink }), {
    name: 'RoleError',
    message: /no workers here/,
  });
  t.same(threadsLeft(), []);
});

t.test('where there is no room for one', async (t) => {
  const host = await start({ ...SLOW });
  const { id } = host.napi.list()[0]!;
  await t.rejects(host.napi.set(id, { threaded: 'enabled', threadWorker: true }), {
    code: 'EOPNOTSUPP',
    message: 'napi-set: thread-worker=true: this machine was started without napi.threadWorker (EOPNOTSUPP)',
  });
  t.equal(host.napi.get(id).threaded, 'disabled', 'nothing was set');
  t.same(host.snapshot().threads, []);
  await host.stop();
  await t.rejects(start({ ...SLOW, napi: { threadWorker: 'yes' as never } }), {
    name: 'SoftirqOptionError',
    message: 'thread-worker=yes: must be true or false',
  });
});
