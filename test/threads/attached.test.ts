// Cold. Runs on: main; starts real threads.
// Threads of the application that are attached and busy-poll: what they poll is theirs, nothing is lost or reordered, and they are
// refused what they may not do. One that ends in the middle of it is named.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import type { AttachHandle, HostOptions } from '../../src/index.js';
import type { Given, Order } from './children/attached.js';
import type { FlowTable } from './flow-table.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, start } from './machine.js';

t.setTimeout(FILE_MS);

const LIMIT_MS = 20_000;
const child = new URL('children/attached.js', import.meta.url);
const SLOW = { device: 'pktgen', rate: 2000, duration: 60, cpus: 1, queues: 1, attachments: 1 } as const;

/** A thread of the application. */
class Attached {
  readonly worker: Worker;

  private constructor(handle: AttachHandle, table: FlowTable | null) {
    this.worker = new Worker(child, { workerData: { handle, table } satisfies Given, execArgv: [] });
  }

  static async start(handle: AttachHandle, table: FlowTable | null = null): Promise<Attached> {
    const attached = new Attached(handle, table);
    await attached.answer();
    return attached;
  }

  /** @throws the error that the thread has met, as name and message */
  async ask(order: Order): Promise<unknown> {
    this.worker.postMessage(order);
    return this.answer();
  }

  private async answer(): Promise<unknown> {
    const [{ result, error }] = await once(this.worker, 'message');
    if (error !== undefined) throw Object.assign(new Error(error.message), { name: error.name });
    return result;
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const stop = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > stop) throw new Error(`not ${what} within ${LIMIT_MS} ms`);
    await delay(2);
  }
}

for (const [irq, prefer] of [
  ['latch', true],
  ['nolatch', false],
] as const) {
  t.test(`${irq}, ${prefer ? 'preferred, deferred' : 'not preferred'}: two threads, two queues`, async (t) => {
    const options = {
      device: 'pktgen',
      rate: 40_000,
      full: 'wait',
      duration: 60,
      cpus: 1,
      queues: 2,
      irq,
      attachments: 2,
      checkBuffers: true,
      ...(prefer && { napi: { deferHardIrqs: 100, groFlushTimeout: 2e6 } }),
    } as const satisfies HostOptions;
    const sent = new SentFlows(options);
    const host = await start({ ...options, sink: sent.sink });
    const handles = [0, 1].map(() => host.attach({ capabilities: prefer ? ['CAP_NET_ADMIN'] : [] }));
    const threads = await Promise.all(handles.map((handle) => Attached.start(handle, sent.table)));
    const polls = threads.map((thread) => thread.ask({ call: 'poll', ms: 2, options: { prefer } }));
    await until('polled', () => host.snapshot().threads.every(({ busyPollRxPackets }) => busyPollRxPackets > 1000));
    void host.stop();
    const { conservation, threads: rows } = await endsWithin(host, LIMIT_MS);
    const seen = await Promise.all(polls);
    t.same(sent.faults(conservation.offered, true), [], 'each flow whole and in order');
    t.equal(conservation.delivered, conservation.offered);
    t.same(
      rows.map(({ name, napiId, processed }) => [name, napiId, processed]),
      seen.map((packets, index) => [`attached${index}`, null, packets]),
      'what it polls is delivered to its own sink',
    );
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  });
}

t.test('what it may not do, and what it may do once', async (t) => {
  const host = await start(SLOW);
  t.throws(() => host.attach({ capabilities: ['CAP_SYS_ADMIN' as never] }), {
    code: 'EINVAL',
    message: /CAP_SYS_ADMIN/,
  });
  const handle = host.attach();
  t.throws(() => host.attach(), { code: 'EBUSY' });
  const thread = await Attached.start(handle);
  t.same(
    await thread.ask({ call: 'ids' }),
    host.napi.list().map(({ id }) => id),
  );
  const refused: readonly [object, RegExp][] = [
    [{ budget: 9 }, /^SO_BUSY_POLL_BUDGET=9: more than 8 needs CAP_NET_ADMIN \(EPERM\)$/],
    [{ prefer: true }, /^SO_PREFER_BUSY_POLL=1: .* needs CAP_NET_ADMIN \(EPERM\)$/],
    [{ budget: -1 }, /EINVAL/],
  ];
  for (const granted of [false, true]) {
    if (granted) await thread.ask({ call: 'grant' });
    for (const [options, message] of refused) {
      await t.rejects(thread.ask({ call: 'loop', ms: 1, options }), { name: 'ErrnoError', message });
    }
  }
  await t.resolves(thread.ask({ call: 'loop', ms: 1, options: { budget: 8 } }));
  await t.rejects(thread.ask({ call: 'again' }), { message: 'attachHost: the handle of attached0 was used before' });
  await thread.ask({ call: 'close' });
  await t.rejects(thread.ask({ call: 'loop', ms: 1, options: {} }), { message: 'attached0 is closed' });
  const second = await Attached.start(host.attach({ capabilities: ['CAP_NET_ADMIN'] }));
  await t.resolves(second.ask({ call: 'loop', ms: 1, options: { budget: 64, prefer: true } }));
  await thread.worker.terminate();
  await second.worker.terminate();
  if (process.platform === 'linux')
    t.equal(host.attach().name, 'attached0', 'it ended without close(), and polled nothing');
  await host.stop();
});

t.test('its sink throws: it is told, the instance is given back, and the machine goes on', async (t) => {
  const host = await start(SLOW);
  const thread = await Attached.start(host.attach());
  await t.rejects(thread.ask({ call: 'throw' }), { name: 'RangeError', message: 'the sink has had enough' });
  const { processed } = host.snapshot().cpus[0]!;
  await until('polled by the CPU', () => host.snapshot().cpus[0]!.processed > processed + 20);
  await thread.worker.terminate();
  const { conservation } = await host.stop();
  t.ok(conservation.holds);
});

t.test('suspended: the timer alone would poll; resumed: polled at once', async (t) => {
  const host = await start({ ...SLOW, napi: { deferHardIrqs: 1, groFlushTimeout: 1e9, irqSuspendTimeout: 30e9 } });
  const thread = await Attached.start(host.attach({ capabilities: ['CAP_NET_ADMIN'] }));
  const polls = () => host.snapshot().nics[0]!.queues[0]!.polls;
  await thread.ask({ call: 'loop', ms: 5, options: { prefer: true } });
  await thread.ask({ call: 'suspend' });
  const before = polls();
  await delay(100);
  t.equal(polls(), before, 'nobody polls');
  await thread.ask({ call: 'resume' });
  await until('polled', () => polls() > before);
  await thread.worker.terminate();
  await host.stop();
});

t.test('one that does not come back is named', async (t) => {
  const host = await start(SLOW);
  const thread = await Attached.start(host.attach());
  void thread.ask({ call: 'block' }).catch(() => {});
  await until('polled', () => host.snapshot().threads[0]!.processed > 0); // an empty poll does not block it
  const message = /^attached0 died: did not leave busyLoop\(\) within 2000 ms, and holds SCHED of napi \d$/;
  await t.rejects(host.stop(), { name: 'RoleError', role: 'attached0', message });
  await thread.worker.terminate();
});

t.test('one that ends while it polls is named', async (t) => {
  const host = await start(SLOW);
  const thread = await Attached.start(host.attach());
  void thread.ask({ call: 'forever' }).catch(() => {});
  await until('polled', () => host.snapshot().threads[0]!.polls > 10);
  await thread.worker.terminate();
  if (process.platform === 'linux') {
    const message = /^attached0 died: its thread ended within busyLoop\(\), and holds SCHED of napi \d$/;
    await t.rejects(host.done, { name: 'RoleError', role: 'attached0', message });
  } else await t.rejects(host.stop(), { name: 'RoleError', role: 'attached0' });
});

t.test('where there is no place', async (t) => {
  const host = await start({ ...SLOW, attachments: 0 });
  t.throws(() => host.attach(), {
    code: 'EOPNOTSUPP',
    message: 'attach: the machine was started without attachments (EOPNOTSUPP)',
  });
  await host.stop();
  await t.rejects(start({ ...SLOW, attachments: 65 }), { message: /attachments=65: must be an integer from 0 to 64/ });
  await t.rejects(start({ ...SLOW, mode: 'interrupt' }), { message: 'attachments=1: is only for mode napi' });
});
