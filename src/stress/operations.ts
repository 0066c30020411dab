// Cold. Runs on: main.
// What is done to a machine while traffic runs, as a table: one row per control operation.

import { setTimeout as delay } from 'node:timers/promises';
import type { RunningHost } from '../coordinator/host.js';
import type { Config } from '../coordinator/options.js';
import type { Snapshot } from '../coordinator/snapshot-types.js';
import { POLL_COUNTERS, readCounters } from '../memory/counters.js';
import type { Random } from '../runtime/random.js';

export interface Operation {
  readonly name: string;
  /** Whether a machine with this configuration takes it. */
  fits(config: Config): boolean;
  /** Rejects, or throws, when what it finds is wrong. */
  run(host: RunningHost, random: Random): Promise<void>;
}

const TO_AND_FRO = 10;
const WATCH_MS = 5;

/** Lines move in mode napi, where there is another CPU to go to. */
const movable = ({ mode, cpus }: Config) => mode === 'napi' && cpus > 1;

export const OPERATIONS: readonly Operation[] = [
  { name: 'snapshot', fits: () => true, run: async (host) => compareSnapshots(host.snapshot(), host.snapshot()) },
  { name: 'move a line', fits: movable, run: moveOne },
  { name: 'move a line, and see who polls', fits: movable, run: moveAndSee },
  {
    name: 'move all lines to one CPU',
    fits: movable,
    run: async (host, random) => {
      const cpu = random.below(host.config.cpus);
      await Promise.all(linesOf(host).map((line) => moveTo(host, line, cpu)));
    },
  },
  {
    name: 'move a line to and fro',
    fits: movable,
    run: async (host, random) => {
      const line = random.below(host.config.queues);
      const [here, there] = [random.below(host.config.cpus), random.below(host.config.cpus)];
      for (let i = 0; i < TO_AND_FRO; i += 1) await moveTo(host, line, i % 2 === 0 ? here : there);
    },
  },
  {
    name: 'move a line while it moves',
    fits: movable,
    run: async (host, random) => {
      const line = random.below(host.config.queues);
      const cpus = [0, 1, 2].map(() => random.below(host.config.cpus));
      await Promise.all(cpus.map((cpu) => host.moveLine(line, cpu)));
    },
  },
];

export async function moveOne(host: RunningHost, random: Random): Promise<void> {
  await moveTo(host, random.below(host.config.queues), random.below(host.config.cpus));
}

async function moveTo(host: RunningHost, line: number, cpu: number): Promise<void> {
  await host.moveLine(line, cpu);
}

/** @throws Error when another CPU has polled the queue although moveLine() had said that none would */
async function moveAndSee(host: RunningHost, random: Random): Promise<void> {
  const [line, cpu] = [random.below(host.config.queues), random.below(host.config.cpus)];
  await moveTo(host, line, cpu);
  const before = pollsElsewhere(host, line, cpu);
  await delay(WATCH_MS);
  const late = pollsElsewhere(host, line, cpu) - before;
  const stays = host.supervisor.source.machine.lines[line]!.target() === cpu; // unless the traffic ends in a move
  if (late > 0 && stays) throw new Error(`line ${line} was moved to cpu${cpu}, and others polled ${late} times since`);
}

function pollsElsewhere({ supervisor }: RunningHost, queue: number, cpu: number): number {
  const { machine, plan } = supervisor.source;
  const others = plan.cpus.filter((other) => other.cpu !== cpu);
  return others.reduce((polls, { pollCounters }) => {
    return polls + readCounters(machine.views, POLL_COUNTERS, pollCounters[queue]!).polls;
  }, 0);
}

function linesOf({ config }: RunningHost): number[] {
  return Array.from({ length: config.queues }, (_, line) => line);
}

/** @throws Error when a counter went back */
function compareSnapshots(before: Snapshot, now: Snapshot): void {
  const [was, is] = [countersOf(before), countersOf(now)];
  const wrong = was.findIndex((value, index) => is[index]! < value);
  if (wrong >= 0) throw new Error(`counter ${wrong} of two snapshots went back from ${was[wrong]} to ${is[wrong]}`);
}

function countersOf({ nics, cpus, stack }: Snapshot): number[] {
  const ofCpus = cpus.flatMap(({ hardirqs, netRxSoftirqs, processed, sleeps }) => [
    hardirqs,
    netRxSoftirqs,
    processed,
    sleeps,
  ]);
  const ofQueues = nics.flatMap(({ queues }) =>
    queues.flatMap(({ rxPackets, irqs, polls }) => [rxPackets, irqs, polls]),
  );
  return [stack.delivered, stack.deliveredBytes, nics[0]!.offeredPackets, ...ofQueues, ...ofCpus];
}
