// Cold. Runs on: main; starts real threads.
// Threaded NAPI on real CPUs, with both forms of thread: switched on and off, disabled and enabled while traffic runs; nothing is
// lost, and it is the thread that polls, or the softirq, as the kernel has it.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { RunningHost } from '../../src/coordinator/host.js';
import type { NapiInfo } from '../../src/index.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, start, within } from './machine.js';

t.setTimeout(FILE_MS);

const LIMIT_MS = 10_000;

/** Waits until `holds`; the error says what was so instead. */
async function until(what: string, host: RunningHost, holds: () => boolean): Promise<void> {
  const stop = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > stop) {
      throw new Error(`not ${what} within ${LIMIT_MS} ms: ${JSON.stringify(host.napi.list())}`);
    }
    await delay(2);
  }
}

function done(what: string, host: RunningHost, promise: Promise<void>): Promise<void> {
  return within(promise, LIMIT_MS, () => `${what}: ${JSON.stringify(host.napi.list())}`);
}

function only(host: RunningHost): NapiInfo {
  const [napi] = host.napi.list();
  return napi!;
}

/** Of the only queue. */
function look(host: RunningHost) {
  const { nics, cpus } = host.snapshot();
  const netRx = cpus.reduce((sum, { netRxSoftirqs }) => sum + netRxSoftirqs, 0);
  const { irqs, polls, rxPackets } = nics[0]!.queues[0]!;
  return { irqs, polls, rxPackets, netRx };
}

/** The thread is a task of its line's CPU, or a worker. */
const FORMS = [
  { form: 'task', napi: {} },
  { form: 'worker', napi: { threadWorker: true } },
] as const;

/** Of all queues. */
function polledByWorker(host: RunningHost): number {
  return host.snapshot().threads.reduce((sum, { polls }) => sum + polls, 0);
}

const SLOW = { device: 'pktgen', rate: 2000, duration: 60, cpus: 1, queues: 1 } as const;

async function ended(host: RunningHost) {
  void host.stop().catch(() => {});
  return endsWithin(host, LIMIT_MS);
}

for (const { form, napi } of FORMS) {
  t.test(`T01, ${form}: threaded while idle: the thread polls, and no softirq runs`, async (t) => {
    const host = await start({ ...SLOW, rate: 0.5, napi }); // the next packet is far away
    const { id } = only(host);
    await done('set', host, host.napi.set(id, { threaded: 'enabled' }));
    t.match(host.napi.get(id), { threaded: 'enabled', thread: `napi/nic0-${id}`, threadWorker: form === 'worker' });
    const before = look(host);
    await until('an interrupt', host, () => look(host).irqs > before.irqs);
    await until('idle again', host, () => !host.napi.get(id).state.includes('SCHED'));
    const after = look(host);
    t.equal(after.netRx, before.netRx);
    t.ok(after.polls > before.polls);
    t.equal(polledByWorker(host), form === 'worker' ? after.polls - before.polls : 0);
    await ended(host);
  });

  t.test(
    `T02, ${form}: on while a softirq polls: that cycle ends there, and all that follow are the thread’s`,
    async (t) => {
      const host = await start({ ...SLOW, rate: 20_000, napi });
      const { id } = only(host);
      for (let round = 0; round < 3; round += 1) {
        const { netRx } = look(host);
        await until('softirqs', host, () => look(host).netRx > netRx + 10);
        await done('on', host, host.napi.set(id, { threaded: 'enabled' }));
        await until('the thread’s', host, () => only(host).state.includes('SCHED_THREADED'));
        const before = look(host);
        await until('polled', host, () => look(host).polls > before.polls + 50);
        t.equal(look(host).netRx, before.netRx, 'no softirq polls');
        await done('off', host, host.napi.set(id, { threaded: 'disabled' }));
        t.notOk(only(host).state.some((bit) => bit.includes('THREADED')));
      }
      const byWorker = polledByWorker(host);
      const { polls } = look(host);
      await until('polled', host, () => look(host).polls > polls + 50);
      t.equal(polledByWorker(host), byWorker, 'nor the thread, which is no more');
      t.equal(byWorker > 0, form === 'worker');
      await ended(host);
    },
  );

  t.test(`T02, T05, ${form}: on while a softirq polls, off while the thread does, under load`, async (t) => {
    const packets = form === 'worker' ? 600_000 : 300_000;
    const options = { device: 'pktgen', cpus: 1, queues: 1, ring: 64, packets, size: '64,1518', napi } as const;
    const sent = new SentFlows(options);
    const host = await start({ ...options, sink: sent.sink });
    const { id } = only(host);
    let switches = 0;
    while (!host.supervisor.ended) {
      const threaded = (['enabled', 'disabled', 'busy-poll', 'disabled'] as const)[switches % 4]!;
      await done(`threaded=${threaded}`, host, host.napi.set(id, { threaded }));
      switches += 1;
      const { polls } = look(host);
      while (!host.supervisor.ended && look(host).polls < polls + 20) await delay(1);
    }
    const { conservation } = await endsWithin(host, 60_000);
    t.same(sent.faults(options.packets, true), [], 'each flow whole and in order');
    t.equal(conservation.delivered, options.packets);
    t.ok(switches >= 8, `${switches} switches`);
    t.equal(polledByWorker(host) > 0, form === 'worker');
  });

  t.test(`T05, ${form}: switched off, the next interrupt’s poll is a softirq’s`, async (t) => {
    const host = await start({ ...SLOW, napi });
    const { id } = only(host);
    await done('on', host, host.napi.set(id, { threaded: 'enabled' }));
    await until('threaded', host, () => host.napi.get(id).thread !== null);
    await done('off', host, host.napi.set(id, { threaded: 'disabled' }));
    t.match(host.napi.get(id), { threaded: 'disabled', thread: null });
    const { netRx } = look(host);
    await until('softirqs', host, () => look(host).netRx > netRx + 10);
    await ended(host);
  });

  t.test(
    `T10, ${form}: threaded busy poll: one interrupt more, and polls for ever; off: the interrupts are back`,
    async (t) => {
      const host = await start({ ...SLOW, napi });
      const { id } = only(host);
      await done('on', host, host.napi.set(id, { threaded: 'busy-poll' }));
      await until('busy-polling', host, () => host.napi.get(id).state.includes('IN_BUSY_POLL'));
      const before = look(host);
      await until('received', host, () => look(host).rxPackets > before.rxPackets + 100);
      await until('polled without packets, too', host, () => look(host).polls > before.polls + 1000);
      const after = look(host);
      t.equal(after.irqs, before.irqs);
      t.equal(after.netRx, before.netRx);
      await done('off', host, host.napi.set(id, { threaded: 'disabled' }));
      await until('interrupts', host, () => look(host).irqs > after.irqs + 10);
      await ended(host);
    },
  );
}

t.test('a thread moves with its line, also one that busy-polls', async (t) => {
  for (const threaded of ['enabled', 'busy-poll'] as const) {
    const host = await start({ ...SLOW, cpus: 2 });
    const { id } = only(host);
    await done('set', host, host.napi.set(id, { threaded }));
    await until('polled', host, () => host.snapshot().cpus[0]!.processed > 10);
    await within(host.moveLine(0, 1), LIMIT_MS, () => JSON.stringify(host.napi.list()));
    const before = host.snapshot().cpus[0]!.processed;
    await until('polled on cpu1', host, () => host.snapshot().cpus[1]!.processed > 20);
    const { cpus } = await ended(host);
    t.equal(cpus[0]!.processed, before, threaded);
    t.equal(cpus[1]!.netRxSoftirqs, 0);
  }
});

t.test('disabled and enabled while traffic runs: frames wait, none is lost', async (t) => {
  for (const irq of ['latch', 'nolatch'] as const) {
    for (const threaded of ['disabled', 'busy-poll'] as const) {
      const options = { device: 'pktgen', cpus: 2, queues: 1, ring: 64, packets: 150_000, irq } as const;
      const sent = new SentFlows(options);
      const host = await start({ ...options, sink: sent.sink });
      const { id } = only(host);
      await done('set', host, host.napi.set(id, { threaded }));
      let rounds = 0;
      while (!host.supervisor.ended && rounds < 30) {
        await done('disable', host, host.napi.disable(id));
        if (host.supervisor.ended) break;
        const { polls } = look(host);
        await delay(1);
        t.equal(look(host).polls, polls, 'nobody polls');
        await done('enable', host, host.napi.enable(id));
        rounds += 1;
        while (!host.supervisor.ended && look(host).polls < polls + 10) await delay(1);
      }
      const { conservation } = await endsWithin(host, 60_000);
      t.same(sent.faults(options.packets, true), []);
      t.equal(conservation.delivered, options.packets, `${irq} ${threaded}: ${rounds} rounds`);
      t.ok(rounds >= 5);
    }
  }
});

t.test('disabled: get and set do not find it, list does; frames are missed; enabled again: as it was', async (t) => {
  const host = await start({ ...SLOW, full: 'drop', ring: 64, rate: 20_000 });
  const { id } = only(host);
  await host.napi.set(id, { threaded: 'enabled', irqSuspendTimeout: 1e6 });
  await done('disable', host, host.napi.disable(id));
  t.match(only(host), { id, enabled: false });
  t.same(
    only(host).state.filter((bit) => bit !== 'MISSED'),
    ['SCHED', 'NPSVC', 'LISTED'],
  );
  t.throws(() => host.napi.get(id), { code: 'ENOENT', message: `napi-get: id=${id}: it is disabled (ENOENT)` });
  await t.rejects(host.napi.set(id, {}), { code: 'ENOENT' });
  await t.rejects(host.napi.disable(id), { name: 'NapiError', message: /it is disabled already/ });
  await until('missed', host, () => host.snapshot().nics[0]!.rxMissedErrors > 100);
  await done('enable', host, host.napi.enable(id));
  await t.rejects(host.napi.enable(id), { name: 'NapiError', message: /it is not disabled/ });
  t.match(host.napi.get(id), { threaded: 'enabled', thread: `napi/nic0-${id}`, irqSuspendTimeout: 1e6 });
  const { rxPackets } = look(host);
  await until('received', host, () => look(host).rxPackets > rxPackets + 100);
  const { conservation } = await ended(host);
  t.ok(conservation.holds);
});

t.test('what is refused, and by what name', async (t) => {
  const host = await start({ ...SLOW, queues: 2 });
  const [b, a] = host.napi.list();
  t.ok(b!.id > a!.id, 'the highest id first');
  t.match([a, b], [{ queue: 0 }, { queue: 1 }]);
  const refused: readonly [object, string, RegExp][] = [
    [{ deferHardIrqs: 2 ** 31 }, 'ERANGE', /defer-hard-irqs=2147483648: must be from 0 to 2147483647/],
    [{ deferHardIrqs: 1.5 }, 'EINVAL', /must be an integer/],
    [{ groFlushTimeout: -1 }, 'ERANGE', /gro-flush-timeout=-1/],
    [{ threaded: 'yes' }, 'ERANGE', /threaded=yes: must be disabled, enabled, busy-poll/],
    [{ weight: 8 }, 'EINVAL', /weight: there is no such attribute; there are defer-hard-irqs, /],
  ];
  for (const [settings, code, message] of refused) {
    await t.rejects(host.napi.set(a!.id, { threaded: 'enabled', ...settings }), { name: 'ErrnoError', code, message });
  }
  t.equal(host.napi.get(a!.id).threaded, 'disabled', 'nothing was set');
  await t.rejects(host.napi.set(99, {}), { code: 'ENOENT', message: /id=99: there is no such instance; there are / });
  await t.rejects(host.napi.write('threaded', 2), { code: 'EOPNOTSUPP' });
  await host.napi.write('threaded', 1);
  t.same(
    host.napi.list().map(({ threaded }) => threaded),
    ['enabled', 'enabled'],
  );
  await ended(host);
});

t.test('in mode interrupt there are none', async (t) => {
  const host = await start({ ...SLOW, mode: 'interrupt' });
  t.same(host.napi.list(), []);
  t.throws(() => host.napi.get(3), { code: 'EOPNOTSUPP' });
  await t.rejects(host.napi.write('threaded', 1), { code: 'EOPNOTSUPP' });
  await ended(host);
});

t.test('sysctls while traffic runs', async (t) => {
  const host = await start({ device: 'pktgen', duration: 60, cpus: 1, queues: 1, budget: 200 });
  t.equal(host.sysctl.get('net.core.netdev_budget'), 200);
  t.equal(host.sysctl.get('net.core.netdev_budget_usecs'), 2000);
  await until('polled', host, () => look(host).polls > 100);
  t.throws(() => host.sysctl.set('net.core.netdev_budget_usecs', 1999), {
    code: 'EINVAL',
    message: 'net.core.netdev_budget_usecs=1999: must be an integer from 2000 to 2147483647 (EINVAL)',
  });
  t.throws(() => host.sysctl.get('net.core.somaxconn' as never), {
    code: 'ENOENT',
    message: /there is no such sysctl/,
  });
  const before = host.snapshot().cpus[0]!.timeSqueeze;
  host.sysctl.set('net.core.netdev_budget', 1);
  await until('squeezed', host, () => host.snapshot().cpus[0]!.timeSqueeze > before + 100);
  await ended(host);
});
