// Cold. Runs on: main.
// Operations of a round: CPUs go offline and come back, and die.

import { setTimeout as delay } from 'node:timers/promises';
import { SoftirqOptionError } from '../coordinator/errors.js';
import type { RunningHost } from '../coordinator/host.js';
import type { HostCpu } from '../coordinator/host-cpus.js';
import type { Config } from '../coordinator/options.js';
import type { Random } from '../runtime/random.js';
import { hangAt } from './flow-record.js';
import { askToHang, forgetHang, IN_SINK, IN_TASK, isHanging, withdraw } from './hang-words.js';
import { movable, mustRefuse, type Operation } from './operation.js';
import { cpuOf } from './operations-lines.js';
import { between } from './setting.js';
import { HANGS } from './stress-task.js';

const AWAY_MS_MAX = 10;
const LOSS_MS = 10_000;

export const KILL = 'CPU killed, and online';
export const LOCK_UP = 'CPU locked up, and online';
/** Whoever is asked to hang comes by in no time, or never. */
const COME_BY_MS = 500;

const code = (right: string) => (error: Error & { readonly code?: string }) => error.code === right;

/** Another CPU goes on with its queues. What it has not recorded is lost with it. */
const survives = (config: Config) =>
  config.cpus > 1 && config.onCpuLoss === 'migrate' && config.write === null && config.writeDropped === null;

export const CPU_OPERATIONS: readonly Operation[] = [
  { name: 'CPU offline and online', times: 2, fits: ({ cpus }) => cpus > 1, run: toAndFro },
  { name: KILL, times: 4, fits: survives, run: killAndStart },
  {
    name: LOCK_UP,
    times: 2,
    fits: (config) => survives(config) && config.lockupSeconds > 0 && config.lockupSeconds * 1000 < LOSS_MS / 2,
    run: lockUp,
  },
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
    if (await isLost(host, cpu, 'was killed')) await comeBack(host, cpu);
  });
}

/** In a task that is there for it, or in the sink, which is the record's: of a CPU to which packets come. */
async function lockUp(host: RunningHost, random: Random): Promise<void> {
  const { config, supervisor } = host;
  const place = config.task.some(({ name }) => name === HANGS) ? IN_TASK : IN_SINK;
  const cpu = host.cpu(supervisor.source.machine.lines[random.below(config.queues)]!.target());
  const words = new Int32Array(config.sink!.data as SharedArrayBuffer);
  const at = hangAt(cpu.id);
  await whileItRuns(host, async () => {
    askToHang(words, at, place);
    for (const stop = performance.now() + COME_BY_MS; !isHanging(words, at); await delay(1)) {
      const given = supervisor.stopping || performance.now() > stop;
      if (given && withdraw(words, at, place)) return;
    }
    const lost = await isLost(host, cpu, 'is locked up');
    forgetHang(words, at);
    if (lost) await comeBack(host, cpu);
  });
}

/** @returns false when the machine stops meanwhile @throws Error when it is not lost within LOSS_MS */
async function isLost(host: RunningHost, cpu: HostCpu, why: string): Promise<boolean> {
  for (const stop = performance.now() + LOSS_MS; cpu.state !== 'lost'; await delay(1)) {
    if (host.supervisor.stopping) return false;
    if (performance.now() > stop) throw new Error(`cpu${cpu.id} ${why}, and is ${cpu.state}`);
  }
  return true;
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
