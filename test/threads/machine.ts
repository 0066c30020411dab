// Cold. Runs on: main.
// A machine under test: started without what would slow its threads down, and with a limit on every wait.

import type { RunningHost } from '../../src/coordinator/host.js';
import { type Host, type HostOptions, type Snapshot, startHost } from '../../src/index.js';
import { whoIsStuck } from './stuck.js';

// tap puts --import into it for each test process; a worker would inherit that, and take a second to start.
process.env.NODE_OPTIONS = '';

/** True in the long form of the suite: `SOFTIRQ_LONG=1`. */
export const LONG = process.env.SOFTIRQ_LONG === '1';

/** For tap, per file. Each wait has its own limit and says who was stuck; tap's is for what cannot happen. */
export const FILE_MS = LONG ? 3_600_000 : 200_000;

/** How long a machine may take to start on a crowded system. */
const START_MS = 20_000;

export async function start(options: HostOptions): Promise<RunningHost> {
  const starting = startHost({ execArgv: [], ...options });
  const host = await within(starting, START_MS, () => 'the machine did not start');
  return host as RunningHost;
}

/** Waits for the end. When it does not come in time the machine is ended, and the error says who was stuck. */
export async function endsWithin(host: Host, ms: number): Promise<Snapshot> {
  const running = host as RunningHost;
  return within(host.done, ms, async () => {
    const stuck = await whoIsStuck(running);
    await running.supervisor.kill('nic0');
    return stuck;
  });
}

export async function run(options: HostOptions, limitMs = 20_000): Promise<Snapshot> {
  return endsWithin(await start(options), limitMs);
}

/** A wait that lasts longer is told on stderr, although it ends well: it was not one of ours. */
const SLOW_MS = 5000;

/** @param why says what to blame when the time is over */
export async function within<T>(promise: Promise<T>, ms: number, why: () => string | Promise<string>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const began = performance.now();
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    const winner = await Promise.race([promise.then((value) => ({ value })), late]);
    if (winner === 'late') throw new Error(`not within ${ms} ms: ${await why()}`);
    return winner.value;
  } finally {
    clearTimeout(timer);
    const tookMs = performance.now() - began;
    if (tookMs > SLOW_MS) console.error(`# a wait took ${tookMs.toFixed(0)} of ${ms} ms`);
  }
}
