// Cold. Runs on: main.
// Operations of a round: tunables change while traffic runs, each within its range, and out of it: a refusal changes nothing.

import type { RunningHost } from '../coordinator/host.js';
import type { NapiInfo } from '../coordinator/napi-control.js';
import { type NapiSettings, NETLINK_NAMES } from '../coordinator/napi-settings.js';
import type { Config } from '../coordinator/options.js';
import type { SysfsName } from '../napi/device.js';
import { SYSCTL_NAMES, type SysctlName } from '../napi/sysctl.js';
import { THREADED_MODES } from '../napi/threaded.js';
import type { Random } from '../runtime/random.js';
import { NAPI_TUNABLES, napiTunable, refusedSysctl, refusedTunable, sysctlValue } from './kernel-values.js';
import { always, inNapi, mustRefuse, mustStay, type Operation } from './operation.js';
import { anyOf } from './operations-napi.js';

const errno = (error: Error & { readonly code?: string }) =>
  ['EINVAL', 'ERANGE', 'ENOENT', 'EOPNOTSUPP', 'EBUSY'].includes(error.code ?? '');

const sysfs = (name: SysfsName, value: (random: Random) => number, key: keyof NapiSettings): Operation => ({
  name: `write ${name}`,
  fits: inNapi,
  run: async (host, random) => {
    const written = value(random);
    await host.napi.write(name, written);
    const right = key === 'threaded' ? THREADED_MODES[written] : written;
    for (const info of host.napi.list()) mustStay(host, `a write of ${name}, id ${info.id},`, right, info[key]);
  },
});

export const SETTING_OPERATIONS: readonly Operation[] = [
  ...THREADED_MODES.map((threaded) => napiSet(`threaded=${threaded}`, () => ({ threaded }))),
  ...NAPI_TUNABLES.map((key) => napiSet(NETLINK_NAMES[key], (random) => ({ [key]: napiTunable(random, key) }))),
  napiSet('all of one instance', (random) => ({
    threaded: THREADED_MODES[random.below(THREADED_MODES.length)]!,
    ...Object.fromEntries(NAPI_TUNABLES.map((key) => [key, napiTunable(random, key)])),
  })),
  {
    name: 'napi-set threaded of all at once',
    fits: inNapi,
    run: async (host, random) => {
      const modes = host.napi
        .list()
        .map(({ id }) => [id, THREADED_MODES[random.below(THREADED_MODES.length)]!] as const);
      await Promise.all(modes.map(([id, threaded]) => host.napi.set(id, { threaded })));
    },
  },
  { name: 'thread in its other form', times: 2, fits: hasWorkers, run: changeForm },
  { name: 'thread-worker without room, or under way', fits: inNapi, run: refuseForm },
  { name: 'napi-set out of range', fits: inNapi, run: refuseNapi },
  sysfs('threaded', (random) => random.below(2), 'threaded'),
  sysfs('napi_defer_hard_irqs', (random) => napiTunable(random, 'deferHardIrqs'), 'deferHardIrqs'),
  sysfs('gro_flush_timeout', (random) => napiTunable(random, 'groFlushTimeout'), 'groFlushTimeout'),
  { name: 'write out of range', fits: inNapi, run: refuseWrite },
  ...SYSCTL_NAMES.map(sysctlSet),
  { name: 'sysctl out of range', fits: always, run: refuseSysctl },
];

/** napi-set of one instance: get() has it then, and what was not set stays. */
function napiSet(what: string, draw: (random: Random) => NapiSettings): Operation {
  return {
    name: `napi-set ${what}`,
    fits: inNapi,
    run: async (host, random) => {
      const before = anyOf(host, random);
      const settings = draw(random);
      await host.napi.set(before.id, settings);
      if (host.supervisor.stopping) return;
      const right = { ...settingsOf(before), ...settings };
      mustStay(host, `napi-set ${what}, id ${before.id},`, right, settingsOf(host.napi.get(before.id)));
    },
  };
}

function settingsOf(napi: NapiInfo): Required<NapiSettings> {
  const { deferHardIrqs, groFlushTimeout, irqSuspendTimeout, threaded, threadWorker } = napi;
  return { deferHardIrqs, groFlushTimeout, irqSuspendTimeout, threaded, threadWorker };
}

/** The machine was started with room for workers. */
function hasWorkers({ napi }: Config): boolean {
  return napi.threadWorker !== undefined;
}

/** Off, the other form, on. */
async function changeForm(host: RunningHost, random: Random): Promise<void> {
  const { id, threadWorker } = anyOf(host, random);
  const threaded = random.below(2) === 0 ? 'enabled' : 'busy-poll';
  await host.napi.set(id, { threaded: 'disabled' });
  await host.napi.set(id, { threadWorker: !threadWorker });
  await host.napi.set(id, { threaded });
  if (host.supervisor.stopping) return;
  const { napi } = host;
  mustStay(
    host,
    `thread-worker of ${id}`,
    [threaded, !threadWorker],
    [napi.get(id).threaded, napi.get(id).threadWorker],
  );
}

async function refuseForm(host: RunningHost, random: Random): Promise<void> {
  const { id } = anyOf(host, random);
  if (hasWorkers(host.config)) await host.napi.set(id, { threaded: 'enabled' });
  if (host.supervisor.stopping) return;
  const before = settingsOf(host.napi.get(id));
  const wrong = { threadWorker: !before.threadWorker };
  await mustRefuse(host, `napi-set ${JSON.stringify(wrong)}`, () => host.napi.set(id, wrong), errno);
  mustStay(host, 'a refused thread-worker', before, settingsOf(host.napi.get(id)));
}

/** Good ones beside the bad one: none of them may be set. */
async function refuseNapi(host: RunningHost, random: Random): Promise<void> {
  const { id } = anyOf(host, random);
  const before = settingsOf(host.napi.get(id));
  const key = NAPI_TUNABLES[random.below(NAPI_TUNABLES.length)]!;
  const wrong: readonly NapiSettings[] = [
    { threaded: 'enabled', deferHardIrqs: 1, groFlushTimeout: 50_000, [key]: refusedTunable(random, key) },
    { deferHardIrqs: 1, threaded: 'yes' as 'enabled' },
    { deferHardIrqs: 1, ...{ weight: 8 } },
  ];
  for (const settings of wrong) {
    await mustRefuse(host, `napi-set ${JSON.stringify(settings)}`, () => host.napi.set(id, settings), errno);
  }
  mustStay(host, 'a refused napi-set', before, settingsOf(host.napi.get(id)));
}

async function refuseWrite(host: RunningHost, random: Random): Promise<void> {
  const before = host.napi.list().map(settingsOf);
  const wrong: readonly (readonly [SysfsName, number])[] = [
    ['threaded', 2],
    ['napi_defer_hard_irqs', refusedTunable(random, 'deferHardIrqs')],
    ['gro_flush_timeout', refusedTunable(random, 'groFlushTimeout')],
  ];
  for (const [name, value] of wrong) {
    await mustRefuse(host, `${name}: ${value}`, () => host.napi.write(name, value), errno);
  }
  mustStay(host, 'a refused write', before, host.napi.list().map(settingsOf));
}

function sysctlSet(name: SysctlName): Operation {
  return {
    name: `sysctl ${name}`,
    fits: always,
    run: async (host, random) => {
      const value = sysctlValue(random, name);
      host.sysctl.set(name, value);
      mustStay(host, `setting ${name}`, value, host.sysctl.get(name));
    },
  };
}

async function refuseSysctl(host: RunningHost, random: Random): Promise<void> {
  const all = () => SYSCTL_NAMES.map((name) => host.sysctl.get(name));
  const before = all();
  for (const name of SYSCTL_NAMES) {
    const value = refusedSysctl(random, name);
    await mustRefuse(host, `${name}=${value}`, () => host.sysctl.set(name, value), errno);
  }
  await mustRefuse(host, 'a sysctl of no such name', () => host.sysctl.set('net.core.none' as SysctlName, 1), errno);
  mustStay(host, 'a refused sysctl', before, all());
}
