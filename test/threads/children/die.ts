// Cold. Runs on: main, in a process of its own.
// Starts a machine, has one of its threads die, and reports how `done` rejected. It does not call process.exit(): whether the
// process can end by itself is what the test looks at.

import { setTimeout as delay } from 'node:timers/promises';
import { RoleError } from '../../../src/index.js';
import { start, within } from '../machine.js';
import type { Accident } from '../sinks/accident.js';
import { resourcesLeft, threadsLeft } from '../threads-left.js';

/** What is to happen: an accident in a sink, or a thread that is terminated. */
export interface Fate {
  readonly accident: Accident['kind'] | 'terminated';
  readonly role: 'nic0' | 'cpu0' | 'cpu1';
}

export interface Report {
  readonly error: string;
  readonly role: string | undefined;
  readonly message: string;
  readonly cause: string;
  /** From the accident to the rejection. */
  readonly ms: number;
  /** Kernel names of the machine's threads that still run. */
  readonly threadsLeft: readonly string[];
  /** What keeps the process alive, besides its output. */
  readonly resourcesLeft: readonly string[];
  /** Whether snapshot() and stop() still answer. */
  readonly afterwards: string;
}

const LIMIT_MS = 15_000;
const BURSTS = 50;
/** A thread's ports close some turns of the event loop after the thread has ended. */
const CLOSING_MS = 20;

const { accident, role } = JSON.parse(process.argv[2]!) as Fate;
process.stdout.write(`${JSON.stringify(await die())}\n`);

async function die(): Promise<Report> {
  const at = new Float64Array(new SharedArrayBuffer(8));
  const host = await start({
    device: 'pktgen',
    cpus: 2,
    rate: '100k',
    duration: 60,
    ...(accident !== 'terminated' && { sink: sinkOf(accident, at) }),
  });
  if (accident === 'terminated') {
    while (host.snapshot().cpus.some(({ processed }) => processed === 0)) await delay(1);
    at[0] = Date.now();
    void host.supervisor.kill(role);
  }
  // A sink that never returns is found at a stop only.
  if (accident === 'never returns') {
    while (at[0] === 0) await delay(1);
    void host.stop().catch(() => {});
  }
  const error = await within(host.done, LIMIT_MS, () => `${role} ${accident}`).then(() => null, asError);
  const ms = Date.now() - at[0]!;
  const stopped = await host.stop().then(String, asError);
  const afterwards = stopped === error ? `${host.snapshot().nics.length} NIC` : String(stopped);
  await delay(CLOSING_MS);
  return { ...describe(error), ms, threadsLeft: threadsLeft(), resourcesLeft: resourcesLeft(), afterwards };
}

function sinkOf(kind: Accident['kind'], at: Float64Array) {
  const data: Accident = { kind, cpu: Number(role.at(-1)), afterBursts: BURSTS, at };
  return { url: new URL('../sinks/accident.js', import.meta.url), data };
}

function describe(error: Error | null): Pick<Report, 'error' | 'role' | 'message' | 'cause'> {
  return {
    error: error?.name ?? 'none',
    role: error instanceof RoleError ? error.role : undefined,
    message: error?.message ?? '',
    cause: error?.cause instanceof Error ? error.cause.message : String(error?.cause),
  };
}

function asError(error: unknown): Error {
  return error as Error;
}
