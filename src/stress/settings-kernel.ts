// Cold. Runs on: main.
// Settings of a round: what the kernel calls tunables, and the tasks beside its softirqs.

import type { NapiSettings } from '../coordinator/napi-settings.js';
import type { HostOptions, TaskOption } from '../coordinator/options.js';
import type { SysctlName } from '../napi/sysctl.js';
import type { Random } from '../runtime/random.js';
import { napiTunable, sysctlValue } from './kernel-values.js';
import { between, type Draw, isNapi, magnitude, only, option, type Setting } from './setting.js';
import { BUSY_POLLS, NAPS, type StressTask, WAITS } from './stress-task.js';

const taskModule = new URL('./stress-task.js', import.meta.url);
const HEAVIEST = 8192;
const WORKERS_MAX = 4;
const ADMIN = ['CAP_NET_ADMIN'] as const;

function naps(random: Random): TaskOption {
  const data: StressTask = { kind: NAPS, seed: random.word() >>> 0, admin: false };
  return { url: taskModule, name: NAPS, weight: magnitude(random, 15, HEAVIEST), data };
}

/** With the capability to do all, or without. */
function busyPolls(random: Random): TaskOption {
  const admin = random.below(2) === 0;
  const data: StressTask = { kind: BUSY_POLLS, seed: random.word() >>> 0, admin };
  return { url: taskModule, name: BUSY_POLLS, data, capabilities: admin ? ADMIN : [] };
}

/** The built-in one, that waits. */
function waits(random: Random): TaskOption {
  const data = {
    usecs: between(random, 0, 1000),
    budget: between(random, 1, 64),
    prefer: random.below(4) > 0,
    workUsecs: between(random, 0, 200),
  };
  return { url: WAITS, data };
}

/** Unless the NAPI settings have brought their own. */
function task(tasks: (random: Random) => HostOptions['task'], where = (_: HostOptions) => true): Draw {
  return (random, options) => (options.task === undefined && where(options) ? { task: tasks(random) } : null);
}

/** Sysctl `name` from the start on. */
function sysctl(name: SysctlName): Draw {
  return (random) => ({ sysctl: { [name]: sysctlValue(random, name) } });
}

/** Tables as large as they are to be. */
function flowLimits(random: Random): Partial<HostOptions> {
  const [length, cpus] = ['net.core.flow_limit_table_len', 'net.core.flow_limit_cpu_bitmap'] as const;
  return { sysctl: { [length]: sysctlValue(random, length), [cpus]: sysctlValue(random, cpus) } };
}

/** NAPI settings from the start on, and the task that goes with them; in mode interrupt there are no instances. */
function napi(settings: (random: Random) => NapiSettings, tasks?: (random: Random) => TaskOption): Draw {
  return (random, options) => {
    if (!isNapi(options) || (tasks !== undefined && options.task !== undefined)) return null;
    return { napi: settings(random), ...(tasks !== undefined && { task: tasks(random) }) };
  };
}

/** Room for a thread of its own for each queue: for few, that two cores can bear. */
function workers(threadWorker: boolean): Draw {
  return (_, options) => {
    const bearable = isNapi(options) && options.queues! <= WORKERS_MAX;
    return bearable ? { napi: { ...options.napi, threadWorker } } : null;
  };
}

const deferred = (random: Random) => ({
  deferHardIrqs: between(random, 1, 10),
  groFlushTimeout: napiTunable(random, 'groFlushTimeout'),
});

export const KERNEL_SETTINGS: readonly Setting[] = [
  {
    name: 'budget',
    choices: [
      option('up to weight', (random, { weight = 64 }) => ({ budget: between(random, 1, weight) })),
      option('300', only({ budget: 300 })),
      option('301–100000', (random) => ({ budget: magnitude(random, 301, 100_000) })),
    ],
  },
  {
    name: 'budgetUsecs',
    choices: [
      option('2000', only({ budgetUsecs: 2000 })),
      option('2001–50000', (random) => ({ budgetUsecs: magnitude(random, 2001, 50_000) })),
    ],
  },
  {
    name: 'sysctl',
    choices: [
      option('defaults', only({}), 3),
      option('netdev_budget', sysctl('net.core.netdev_budget')),
      option('netdev_budget_usecs', sysctl('net.core.netdev_budget_usecs')),
      option('netdev_max_backlog', sysctl('net.core.netdev_max_backlog')),
      option('dev_weight', sysctl('net.core.dev_weight')),
      option('dev_weight_rx_bias', sysctl('net.core.dev_weight_rx_bias')),
      option('busy_poll', sysctl('net.core.busy_poll')),
      option('flow limits', flowLimits),
    ],
  },
  {
    name: 'napi',
    choices: [
      option('defaults', only({}), 2),
      option('deferred', napi(deferred)),
      option(
        'threaded',
        napi(() => ({ threaded: 'enabled' })),
      ),
      option(
        'threaded, deferred',
        napi((random) => ({ threaded: 'enabled', ...deferred(random) })),
      ),
      option(
        'threaded busy poll',
        napi(() => ({ threaded: 'busy-poll' })),
      ),
      option('busy poll', napi(deferred, waits)),
      option(
        'suspended',
        napi((random) => ({ ...deferred(random), irqSuspendTimeout: napiTunable(random, 'irqSuspendTimeout') }), waits),
      ),
    ],
  },
  {
    name: 'workers',
    choices: [
      option('none', only({}), 2),
      option('room for them', workers(false)),
      option('where threaded', workers(true), 2),
    ],
  },
  {
    name: 'task',
    choices: [
      option(
        'none',
        task(() => undefined),
        2,
      ),
      option(
        'spin',
        task(() => 'spin'),
      ),
      option(
        'spin, by weight',
        task((random) => ({ url: 'spin', weight: magnitude(random, 15, HEAVIEST) })),
      ),
      option('naps', task(naps)),
      option('busy-polls', task(busyPolls, isNapi), 2),
      option(
        'several',
        task((random) => [naps(random), busyPolls(random), 'spin']),
      ),
    ],
  },
];
