// Cold. Runs on: main; starts real threads.
// A machine without traffic sleeps: it uses under 1 % of one CPU, all threads and main together. Counted in CPU time. A crowded
// system makes each wake-up dearer and V8 compiles and collects now and then, so the best of some windows counts.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { Host, Snapshot } from '../../src/index.js';
import { FIXTURE } from './fixture.js';
import { endsWithin, start } from './machine.js';

const SECONDS = 3;
const WINDOWS_MAX = 3;
const SETTLE_MS = 1000;
const SHARE_MAX = 0.01;
/** The capture's few packets at this speed; main and the NIC's timer wake nobody else. */
const SLEEPS_MAX = 20;

/** Shares of one CPU, and how often each CPU fell asleep anew. */
interface Window {
  readonly threads: number;
  readonly process: number;
  readonly sleeps: readonly number[];
}

/** Of all threads of the machine, in seconds. */
function cpuSeconds({ nics, cpus }: Snapshot): number {
  return [...nics, ...cpus].reduce((sum, { cpuSeconds }) => sum + (cpuSeconds ?? 0), 0);
}

async function watch(host: Host): Promise<Window> {
  const before = host.snapshot();
  const use = process.cpuUsage();
  await delay(SECONDS * 1000);
  const { user, system } = process.cpuUsage(use);
  const after = host.snapshot();
  return {
    threads: (cpuSeconds(after) - cpuSeconds(before)) / SECONDS,
    process: (user + system) / 1e6 / SECONDS,
    sleeps: after.cpus.map(({ sleeps }, cpu) => sleeps - before.cpus[cpu]!.sleeps),
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)} %`;
}

for (const spin of [true, false]) {
  t.test(spin ? 'where threads may spin' : 'where they may not', async (t) => {
    // The first packets come within seconds of each other; then there are hours between two.
    const host = await start({ device: `pcap:${FIXTURE}`, speed: 'x0.0001', duration: 60, cpus: 2, queues: 2, spin });
    await delay(SETTLE_MS);
    const windows: Window[] = [];
    do windows.push(await watch(host));
    while (windows.length < WINDOWS_MAX && windows.at(-1)!.process >= SHARE_MAX);
    void host.stop().catch(() => {});
    const last = await endsWithin(host, 10_000);

    for (const { threads, process, sleeps } of windows) {
      t.comment(`of one CPU: threads ${percent(threads)}, whole process ${percent(process)}; sleeps ${sleeps}`);
      t.ok(threads < SHARE_MAX, 'the machine’s threads', { threads });
      t.ok(Math.max(...sleeps) <= SLEEPS_MAX, 'no CPU was woken for nothing', { sleeps });
    }
    const best = Math.min(...windows.map(({ process }) => process));
    t.ok(best < SHARE_MAX, 'the whole process: main, its timers and V8’s threads too', { best });
    for (const { id, sleeps } of last.cpus) t.ok(sleeps >= 1, `cpu${id} has slept`);
  });
}
