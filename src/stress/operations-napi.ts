// Cold. Runs on: main.
// Operations of a round: queues' NAPI instances are disabled and enabled again. While one is off, nobody polls its queue, and what
// comes for it waits in its ring, then is held or missed.

import { setTimeout as delay } from 'node:timers/promises';
import type { RunningHost } from '../coordinator/host.js';
import type { NapiInfo } from '../coordinator/napi-control.js';
import type { Config } from '../coordinator/options.js';

import { NapiError } from '../napi/bits.js';
import { POST_BATCH, ringTail, ringWaiting } from '../ring/rx-ring.js';
import type { Random } from '../runtime/random.js';
import { inInterrupt, inNapi, movable, mustRefuse, mustStay, type Operation, shuffled } from './operation.js';
import { cpuOf } from './operations-lines.js';
import { between } from './setting.js';

/** A drain waits for a second without progress: an instance that is off must be on again long before. */
const OFF_MS_MAX = 20;
/** Mostly: where `full` says wait, all other queues wait too. */
const OFF_MS = 2;
/** Descriptors of the largest frame, and of a batch that is not posted yet: so many may be free in a ring that is full. */
const FREE_MAX = 5 + POST_BATCH - 1;
const NO_ID = 99_999;

const code = (right: string) => (error: Error & { readonly code?: string }) => error.code === right;
const napiError = (error: Error) => error instanceof NapiError;

export const NAPI_OPERATIONS: readonly Operation[] = [
  { name: 'disable and enable', fits: inNapi, run: (host, random) => offAndOn(host, random, 1) },
  {
    name: 'disable several, and enable',
    fits: ({ mode, queues }: Config) => mode === 'napi' && queues > 1,
    run: (host, random) => offAndOn(host, random, between(random, 2, host.config.queues)),
  },
  {
    name: 'disable and enable at once',
    fits: inNapi,
    run: async (host, random) => {
      const { id } = anyOf(host, random);
      await Promise.all([host.napi.disable(id), host.napi.enable(id)]);
    },
  },
  {
    name: 'disable, move its line, enable',
    times: 2,
    fits: movable,
    run: async (host, random) => {
      const { id, irq } = anyOf(host, random);
      await off(host, [id], () => host.moveLine(irq, cpuOf(host, random)));
    },
  },
  {
    name: 'disable while its line moves',
    times: 2,
    fits: movable,
    run: async (host, random) => {
      const { id, irq } = anyOf(host, random);
      await Promise.all([host.moveLine(irq, cpuOf(host, random)), off(host, [id], async () => {})]);
    },
  },
  {
    name: 'disable or set a disabled one',
    fits: inNapi,
    run: async (host, random) => {
      const { id } = anyOf(host, random);
      await off(host, [id], async () => {
        await mustRefuse(host, `a second napi_disable of ${id}`, () => host.napi.disable(id), napiError);
        await mustRefuse(host, `napi-set of a disabled ${id}`, () => host.napi.set(id, {}), code('ENOENT'));
        await mustRefuse(host, `napi-get of a disabled ${id}`, () => host.napi.get(id), code('ENOENT'));
      });
    },
  },
  {
    name: 'enable an enabled one',
    fits: inNapi,
    run: async (host, random) => {
      const { id } = anyOf(host, random);
      await mustRefuse(host, `napi_enable of an enabled ${id}`, () => host.napi.enable(id), napiError);
    },
  },
  {
    name: 'disable, enable or set one that is not there',
    fits: inNapi,
    run: async (host) => {
      const { napi } = host;
      const asked = [() => napi.disable(NO_ID), () => napi.enable(NO_ID), () => napi.set(NO_ID, {})];
      for (const ask of asked) await mustRefuse(host, `id ${NO_ID}`, ask, code('ENOENT'));
    },
  },
  {
    name: 'NAPI in mode interrupt',
    fits: inInterrupt,
    run: async (host) => {
      mustStay(host, 'mode interrupt', [], host.napi.list());
      const asked = [() => host.napi.disable(1), () => host.napi.set(1, {}), () => host.napi.write('threaded', 1)];
      for (const ask of asked) await mustRefuse(host, 'NAPI in mode interrupt', ask, code('EOPNOTSUPP'));
    },
  },
];

export function anyOf(host: RunningHost, random: Random): NapiInfo {
  const all = host.napi.list();
  return all[random.below(all.length)]!;
}

/** Turns them off, does something, and turns them on in another order, also when that fails. */
async function off(host: RunningHost, ids: readonly number[], meanwhile: () => Promise<unknown>): Promise<void> {
  await Promise.all(ids.map((id) => host.napi.disable(id)));
  try {
    await meanwhile();
  } finally {
    for (const id of [...ids].reverse()) await host.napi.enable(id);
  }
}

/** Sees that the queues stand still meanwhile, and that what was set is what is set. */
async function offAndOn(host: RunningHost, random: Random, count: number): Promise<void> {
  const all = host.napi.list();
  const some = shuffled(random, all.length)
    .slice(0, count)
    .map((index) => all[index]!);
  const ids = some.map(({ id }) => id);
  await off(host, ids, () => standStill(host, random, some));
  if (host.supervisor.stopping) return;
  mustStay(
    host,
    'disabling and enabling',
    some.map(settingsOf),
    ids.map((id) => settingsOf(host.napi.get(id))),
  );
}

function settingsOf({ id, queue, threaded, deferHardIrqs, groFlushTimeout, irqSuspendTimeout }: NapiInfo): object {
  return { id, queue, threaded, deferHardIrqs, groFlushTimeout, irqSuspendTimeout };
}

// ── nothing is delivered meanwhile ──

interface Standing {
  readonly queue: number;
  readonly tail: number;
  readonly waiting: number;
  readonly polls: number;
  readonly rxMissedErrors: number;
}

function lookAt(host: RunningHost, queue: number): Standing {
  const { machine, plan } = host.supervisor.source;
  const ring = plan.nic.rings[queue]!;
  const { polls, rxMissedErrors } = host.snapshot().nics[0]!.queues[queue]!;
  const [tail, waiting] = [ringTail(machine.views, ring), ringWaiting(machine.views, ring)];
  return { queue, tail, waiting, polls, rxMissedErrors };
}

async function standStill(host: RunningHost, random: Random, some: readonly NapiInfo[]): Promise<void> {
  const before = some.map(({ queue }) => lookAt(host, queue));
  await delay(between(random, 0, random.below(4) === 0 ? OFF_MS_MAX : OFF_MS));
  const now = before.map(({ queue }) => lookAt(host, queue));
  const wrong = before.flatMap((was, index) => moved(host.config, was, now[index]!));
  if (wrong.length > 0 && !host.supervisor.stopping) throw new Error(wrong.join('; '));
}

/** @returns what a disabled queue must not do, and has done */
function moved({ ring, full }: Config, was: Standing, is: Standing): string[] {
  const name = `queue ${is.queue} is disabled, and`;
  const missed = is.rxMissedErrors - was.rxMissedErrors;
  const wrong: string[] = [];
  if (is.polls > was.polls) wrong.push(`${name} was polled ${is.polls - was.polls} times`);
  if (is.tail !== was.tail) wrong.push(`${name} ${(is.tail - was.tail) | 0} descriptors were taken from it`);
  if (missed > 0 && full === 'wait') wrong.push(`${name} ${missed} frames were missed, not held`);
  if (missed > 0 && is.waiting <= ring - FREE_MAX) {
    wrong.push(`${name} ${missed} frames were missed while ${is.waiting} of ${ring} descriptors waited`);
  }
  return wrong;
}
