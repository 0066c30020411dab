// Cold. Runs on: main, with real threads.
// Tasks of the application on real CPUs: they progress beside ksoftirqd under overload, and are counted.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { RoleError, startHost } from '../../src/index.js';
import { Barrier } from '../../src/sync.js';
import { start } from './machine.js';

const url = (name: string) => new URL(`tasks/${name}.js`, import.meta.url);

t.test('a CPU that is overloaded shares itself between ksoftirqd and a task', { timeout: 30_000 }, async (t) => {
  const seen = new Int32Array(new SharedArrayBuffer(4));
  const task = { url: url('counter'), name: 'app', data: seen };
  const host = await start({ device: 'pktgen', cpus: 1, rate: 'max', work: 500, duration: 1.5, task });
  const { tasks, cpus, conservation, config } = await host.done;
  t.ok(conservation.holds);
  t.same(config.task, [{ url: String(url('counter')), name: 'app', weight: 1024, capabilities: [] }]);
  const [app] = tasks;
  t.match(app, { name: 'app', cpu: 0 });
  t.equal(app?.steps, Atomics.load(seen, 0), 'each step was counted');
  t.ok(cpus[0]!.ksoftirqdRuns > 10);
  const share = app!.cpuSeconds / 1.5;
  t.ok(share > 0.25 && share < 0.75, `it had ${(100 * share).toFixed(0)} % of its CPU’s time`);
});

t.test('spin, and two tasks on two CPUs', { timeout: 30_000 }, async (t) => {
  const host = await start({
    device: 'pktgen',
    cpus: 2,
    rate: 1000,
    duration: 0.3,
    task: ['spin', url('counter')],
  });
  const { tasks } = await host.done;
  t.same(
    tasks.map(({ name, cpu }) => `${name} ${cpu}`),
    ['spin 0', 'counter 0', 'spin 1', 'counter 1'],
  );
  for (const { name, steps, cpuSeconds } of tasks) t.ok(steps > 0 && cpuSeconds > 0, `${name}: ${steps} steps`);
});

t.test(
  'one that cannot be loaded, or that is wrong, ends the machine with its name',
  { timeout: 30_000 },
  async (t) => {
    const missing = url('missing');
    await t.rejects(startHost({ device: 'pktgen', packets: 1, task: missing }), {
      message: /task file:.*missing\.js: /,
    });
    const host = await start({ device: 'pktgen', duration: 5, rate: 1000, cpus: 1, task: url('promise') });
    await t.rejects(host.done, { message: /cpu0.*task promise: its step function returned a promise/ });
  },
);

t.test('one that fails in its first step rejects done, however late main learns that all have met', async (t) => {
  const { waitAsync } = Barrier.prototype;
  t.teardown(() => {
    Barrier.prototype.waitAsync = waitAsync;
  });
  // As on a machine that lets main wait: it looks when the thread has met the others, and has died since.
  Barrier.prototype.waitAsync = async function (timeoutMs, died = () => true) {
    const met = await waitAsync.call(this, timeoutMs, died);
    while (!died()) await delay(1);
    return met;
  };
  for (let round = 0; round < 3; round += 1) {
    const host = await start({ device: 'pktgen', duration: 5, rate: 1000, cpus: 1, task: url('first-step') });
    const error: RoleError = await host.done.then(
      () => t.fail('it ran'),
      (error) => error,
    );
    t.type(error, RoleError);
    t.match(error, { role: 'cpu0', message: /task first-step: .*not even one step/ });
  }
});
