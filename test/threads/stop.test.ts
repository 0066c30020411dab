// Cold. Runs on: main; starts real threads.
// Stopping: at once, twice, in the middle of a start, by `await using`; afterwards nothing of the machine is left.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { deviceSettings } from '../../src/coordinator/device-settings.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { parseRate } from '../../src/coordinator/option-values.js';
import type { Config } from '../../src/coordinator/options.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import { Supervisor } from '../../src/coordinator/supervisor.js';
import { type HostOptions, type Snapshot, startHost } from '../../src/index.js';
import { deviceBytes } from '../../src/nic/devices/create.js';
import { endsWithin, start, within } from './machine.js';
import { resourcesLeft, threadsLeft } from './threads-left.js';

const ENDLESS = { device: 'pktgen', rate: '50k', duration: 60, packets: 1e9 } as const;
const LIMIT_MS = 10_000;
/** A thread's ports close some turns of the event loop after the thread has ended. */
const CLOSING_MS = 20;

t.test('stop() as soon as there is a host', async (t) => {
  const host = await start(ENDLESS);
  const snapshot = await within(host.stop(), LIMIT_MS, () => 'stop()');
  t.equal(snapshot.conservation.holds, true);
  t.equal(snapshot.conservation.inFlight, 0);
});

t.test('stop() twice, and once more afterwards, gives one snapshot', async (t) => {
  const host = await start(ENDLESS);
  const both = Promise.all([host.stop(), host.stop()]);
  const [first, second] = await within(both, LIMIT_MS, () => 'stop() twice');
  t.equal(first, second);
  t.equal(await host.stop(), first);
  t.equal(await host.done, first);
  t.equal(host.snapshot().conservation.holds, true, 'snapshot() still answers');
});

t.test('await using', async (t) => {
  let done: Promise<Snapshot>;
  {
    await using host = await startHost({ ...ENDLESS, execArgv: [] });
    done = host.done;
    t.equal(host.snapshot().conservation.holds, null, 'unknown while traffic runs');
  }
  t.equal((await done).conservation.holds, true);
});

t.test('a machine that ends by itself can be stopped afterwards', async (t) => {
  const host = await start({ device: 'pktgen', packets: 1000 });
  const snapshot = await endsWithin(host, LIMIT_MS);
  t.equal(await host.stop(), snapshot);
  await host.moveLine(0, 0);
  t.pass('moving a line of an ended machine does nothing');
});

t.test('two machines at once share nothing', async (t) => {
  const hosts = await Promise.all([1, 2].map((n) => start({ device: 'pktgen', packets: n * 10_000, rate: '200k' })));
  const snapshots = await Promise.all(hosts.map((host) => endsWithin(host, LIMIT_MS)));
  t.same(
    snapshots.map(({ conservation }) => conservation.offered),
    [10_000, 20_000],
  );
});

t.test('the source may be ended while the threads still start', async (t) => {
  const supervisor = supervisorOf({ ...ENDLESS, execArgv: [] });
  const starting = supervisor.start(() => null);
  supervisor.endSource();
  await within(starting, LIMIT_MS, () => 'the start');
  const snapshot = await within(supervisor.done, LIMIT_MS, () => 'the end');
  t.equal(snapshot.conservation.holds, true);
});

t.test('a thread that dies while the others start ends the start', async (t) => {
  const supervisor = supervisorOf({ ...ENDLESS, cpus: 2, execArgv: [] });
  const starting = supervisor.start(() => null);
  void supervisor.kill('cpu1');
  await t.rejects(
    within(starting, LIMIT_MS, () => 'the start'),
    { name: 'RoleError', role: 'cpu1' },
  );
  await t.rejects(supervisor.done, { name: 'RoleError' });
});

t.test('of all these machines no thread, port or timer is left', async (t) => {
  await delay(CLOSING_MS);
  t.same(threadsLeft(), []);
  t.notMatch(resourcesLeft().join(' '), /MessagePort|Worker/);
});

/** As startHost does it, up to the start. */
function supervisorOf(options: HostOptions): Supervisor {
  const config = resolveOptions(options);
  const device = deviceSettings(config, parsedPps(config));
  const plan = makePlan({ ...config, frames: deviceBytes(device) });
  const machine = createMachine(plan, config.ring, config.irq, compileBursts());
  return new Supervisor(machine, plan, config, {
    device,
    full: config.full,
    framesMax: config.packets ?? Number.POSITIVE_INFINITY,
  });
}

function parsedPps({ rate }: Config): number {
  const parsed = parseRate(rate);
  return parsed !== 'max' && 'pps' in parsed ? parsed.pps : Number.POSITIVE_INFINITY;
}
