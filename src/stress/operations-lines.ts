// Cold. Runs on: main.
// Operations of a round: interrupt lines move from CPU to CPU.

import { setTimeout as delay } from 'node:timers/promises';
import { SoftirqOptionError } from '../coordinator/errors.js';
import type { RunningHost } from '../coordinator/host.js';
import type { Config } from '../coordinator/options.js';
import { POLL_COUNTERS, readCounters } from '../memory/counters.js';
import { ErrnoError } from '../runtime/errno.js';
import type { Random } from '../runtime/random.js';
import { always, inInterrupt, movable, mustRefuse, type Operation } from './operation.js';
import { BUSY_POLLS, WAITS } from './stress-task.js';

const TO_AND_FRO = 10;
const WATCH_MS = 5;

const refused = (error: Error) => error instanceof SoftirqOptionError;

export const LINE_OPERATIONS: readonly Operation[] = [
  { name: 'move a line', times: 2, fits: movable, run: moveOne },
  {
    name: 'move a line, and see who polls',
    times: 4,
    fits: (config) => movable(config) && !busyPolls(config),
    run: moveAndSee,
  },
  { name: 'move all lines to one CPU', times: 2, fits: movable, run: moveAll },
  { name: 'move a line to and fro', times: 2, fits: movable, run: moveToAndFro },
  {
    name: 'move a line while it moves',
    times: 2,
    fits: movable,
    run: async (host, random) => {
      const line = lineOf(host, random);
      const cpus = [0, 1, 2].map(() => cpuOf(host, random));
      await Promise.all(cpus.map((cpu) => host.moveLine(line, cpu)));
    },
  },
  { name: 'move a line that is not there', fits: always, run: refuseMove },
  {
    name: 'move a line of mode interrupt',
    fits: inInterrupt,
    run: (host, random) => {
      const move = () => host.moveLine(lineOf(host, random), cpuOf(host, random));
      return mustRefuse(host, 'a move in mode interrupt', move, refused);
    },
  },
];

/** A task, or an attached thread, that polls any queue, wherever its line is. */
const busyPolls = ({ task, attachments }: Config) =>
  attachments > 0 || task.some(({ name }) => name === BUSY_POLLS || name === WAITS);

const lineOf = ({ config }: RunningHost, random: Random) => random.below(config.queues);
export const cpuOf = ({ config }: RunningHost, random: Random) => random.below(config.cpus);

async function moveOne(host: RunningHost, random: Random): Promise<void> {
  await host.moveLine(lineOf(host, random), cpuOf(host, random));
}

/** Beside whatever operation is under way, which may have taken that very CPU offline. */
export async function moveBeside(host: RunningHost, random: Random): Promise<void> {
  const cpu = cpuOf(host, random);
  await host.moveLine(lineOf(host, random), cpu).catch((error: unknown) => {
    if (!(error instanceof ErrnoError) || host.cpu(cpu).state === 'online') throw error;
  });
}

async function moveAll(host: RunningHost, random: Random): Promise<void> {
  const cpu = cpuOf(host, random);
  await Promise.all(Array.from({ length: host.config.queues }, (_, line) => host.moveLine(line, cpu)));
}

async function moveToAndFro(host: RunningHost, random: Random): Promise<void> {
  const line = lineOf(host, random);
  const [here, there] = [cpuOf(host, random), cpuOf(host, random)];
  for (let i = 0; i < TO_AND_FRO; i += 1) await host.moveLine(line, i % 2 === 0 ? here : there);
}

async function refuseMove(host: RunningHost, random: Random): Promise<void> {
  const { cpus, queues } = host.config;
  const [line, cpu] = random.below(2) === 0 ? [queues, cpuOf(host, random)] : [lineOf(host, random), cpus];
  await mustRefuse(host, `line ${line} moved to cpu${cpu}`, () => host.moveLine(line, cpu), refused);
}

/**
 * @throws Error when another CPU has polled the queue although moveLine() had said that none would. A timer is polled for where it
 * is armed, and its poll may arm it again: where interrupts are deferred, nothing is said.
 */
async function moveAndSee(host: RunningHost, random: Random): Promise<void> {
  const [line, cpu] = [lineOf(host, random), cpuOf(host, random)];
  await host.moveLine(line, cpu);
  const { lines, states } = host.supervisor.source.machine;
  const state = states[line]!;
  const timed = state.groFlushTimeoutNs > 0 || state.timerCpu() >= 0;
  const before = pollsElsewhere(host, line, cpu);
  await delay(WATCH_MS);
  const late = pollsElsewhere(host, line, cpu) - before;
  const stays = lines[line]!.target() === cpu; // unless the traffic ends in a move
  if (late > 0 && stays && !timed)
    throw new Error(`line ${line} was moved to cpu${cpu}, and others polled ${late} times since`);
}

function pollsElsewhere({ supervisor }: RunningHost, queue: number, cpu: number): number {
  const { machine, plan } = supervisor.source;
  const others = plan.cpus.filter((other) => other.cpu !== cpu);
  return others.reduce((polls, { pollCounters }) => {
    return polls + readCounters(machine.views, POLL_COUNTERS, pollCounters[queue]!).polls;
  }, 0);
}
