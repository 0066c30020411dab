// Cold. Runs on: main.
// Operations of a round: CPUs go offline and come back, and die.

import { setTimeout as delay } from 'node:timers/promises';
import { SoftirqOptionError } from '../coordinator/errors.js';
import type { RunningHost } from '../coordinator/host.js';
import type { HostCpu } from '../coordinator/host-cpus.js';
import type { Config } from '../coordinator/options.js';
import type { Random } from '../runtime/random.js';
import { movable, mustRefuse, type Operation } from './operation.js';
import { cpuOf } from './operations-lines.js';
import { between } from './setting.js';

const AWAY_MS_MAX = 10;
const LOSS_MS = 10_000;

export const KILL = 'CPU killed, and online';

const code = (right: string) => (error: Error & { readonly code?: string }) => error.code === right;

/** Another CPU goes on with its queues. What it has not recorded is lost with it. */
const survives = (config: Config) =>
  config.cpus > 1 && config.onCpuLoss === 'migrate' && config.write === null && config.writeDropped === null;

export const CPU_OPERATIONS: readonly Operation[] = [
  { name: 'CPU offline and online', times: 2, fits: ({ cpus }) => cpus > 1, run: toAndFro },
  { name: KILL, times: 4, fits: survives, run: killAndStart },
  {
    name: 'last CPU offline',
    times: 2,
    fits: ({ cpus }) => cpus === 1,
    run: (host) => mustRefuse(host, 'the last CPU offline', () => host.cpu(0).offline(), code('EBUSY')),
  },
];

async function toAndFro(host: RunningHost, random: Random): Promise<void> {
  const cpu = host.cpu(cpuOf(host, random));
  await whileItRuns(host, async () => {
    await cpu.offline();
    if (host.supervisor.stopping) return;
    const stray = host.supervisor.source.machine.lines.filter((line) => line.target() === cpu.id).length;
    if (stray > 0) throw new Error(`cpu${cpu.id} is offline, and has ${stray} lines`);
    const move = () => host.moveLine(0, cpu.id);
    const refusal = movable(host.config) ? code('EINVAL') : (error: Error) => error instanceof SoftirqOptionError;
    await mustRefuse(host, `a move to cpu${cpu.id}, which is offline,`, move, refusal);
    await delay(between(random, 0, AWAY_MS_MAX));
    await comeBack(host, cpu);
  });
}

async function killAndStart(host: RunningHost, random: Random): Promise<void> {
  const cpu = host.cpu(cpuOf(host, random));
  await whileItRuns(host, async () => {
    await host.supervisor.kill(`cpu${cpu.id}`);
    for (const stop = performance.now() + LOSS_MS; cpu.state !== 'lost'; await delay(1)) {
      if (host.supervisor.stopping) return;
      if (performance.now() > stop) throw new Error(`cpu${cpu.id} was killed, and is ${cpu.state}`);
    }
    await comeBack(host, cpu);
  });
}

/** With one of the lines, where they can be moved. */
async function comeBack(host: RunningHost, cpu: HostCpu): Promise<void> {
  await cpu.online();
  if (movable(host.config)) await host.moveLine(cpu.id % host.config.queues, cpu.id);
}

/** A machine that stops starts and moves nothing any more, and says so. */
async function whileItRuns(host: RunningHost, operate: () => Promise<void>): Promise<void> {
  try {
    await operate();
  } catch (error) {
    if (!host.supervisor.stopping) throw error;
  }
}
