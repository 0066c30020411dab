// Cold. Runs on: main; starts real threads.
// A machine without traffic sleeps: it uses under 1 % of one CPU, all threads and main together. Counted in CPU time, which
// other processes on the machine do not add to.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Snapshot } from '../../src/index.js';
import { FIXTURE } from './fixture.js';
import { endsWithin, start } from './machine.js';

const SECONDS = 3;
const SETTLE_MS = 500;
const SHARE_MAX = 0.01;

/** Of all threads of the machine, in seconds. */
function cpuSeconds({ nics, cpus }: Snapshot): number {
  return [...nics, ...cpus].reduce((sum, { cpuSeconds }) => sum + (cpuSeconds ?? 0), 0);
}

for (const spin of [true, false]) {
  t.test(spin ? 'where threads may spin' : 'where they may not', async (t) => {
    // The first packets come within seconds of each other; then there are hours between two.
    const host = await start({ device: `pcap:${FIXTURE}`, speed: 'x0.0001', duration: 60, cpus: 2, queues: 2, spin });
    await delay(SETTLE_MS);
    const before = { machine: host.snapshot(), process: process.cpuUsage() };
    await delay(SECONDS * 1000);
    const use = process.cpuUsage(before.process);
    const after = host.snapshot();
    const machine = (cpuSeconds(after) - cpuSeconds(before.machine)) / SECONDS;
    const whole = (use.user + use.system) / 1e6 / SECONDS;
    void host.stop().catch(() => {});
    const last = await endsWithin(host, 10_000);

    t.ok(machine < SHARE_MAX, 'the machine’s threads', { machine });
    t.ok(whole < SHARE_MAX, 'the whole process: main, its timers and V8’s threads too', { whole });
    t.ok(
      last.cpus.every(({ sleeps }) => sleeps >= 1),
      'every CPU has slept',
    );
    const naps = after.cpus.map(({ sleeps }, cpu) => sleeps - before.machine.cpus[cpu]!.sleeps);
    t.ok(Math.max(...naps) <= 20, 'and was not woken for nothing', { naps });
    const percent = (share: number) => `${(share * 100).toFixed(3)} %`;
    t.comment(`of one CPU: threads ${percent(machine)}, whole process ${percent(whole)}; sleeps ${naps}`);
  });
}
