// Cold. Runs on: main.
// Settings of a round: what the kernel calls tunables, and the tasks beside its softirqs.

import type { TaskOption } from '../coordinator/options.js';
import type { SysctlName } from '../napi/sysctl.js';
import type { Random } from '../runtime/random.js';
import { napiTunable, sysctlValue } from './kernel-values.js';
import { between, type Draw, isNapi, magnitude, only, option, type Setting } from './setting.js';
import { BUSY_POLLS, NAPS, type StressTask } from './stress-task.js';

const taskModule = new URL('./stress-task.js', import.meta.url);
const HEAVIEST = 8192;

function task(random: Random, name: StressTask['kind'], weight = 1024): TaskOption {
  const data: StressTask = { kind: name, seed: random.word() >>> 0 };
  return { url: taskModule, name, weight, data };
}

/** Sysctl `name` from the start on. */
function sysctl(name: SysctlName): Draw {
  return (random) => ({ sysctl: { [name]: sysctlValue(random, name) } });
}

/** NAPI settings from the start on; in mode interrupt there are no instances. */
function napi(settings: (random: Random) => object): Draw {
  return (random, options) => (isNapi(options) ? { napi: settings(random) } : null);
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
      option(
        'suspended',
        napi((random) => ({ ...deferred(random), irqSuspendTimeout: napiTunable(random, 'irqSuspendTimeout') })),
      ),
    ],
  },
  {
    name: 'task',
    choices: [
      option('none', only({}), 3),
      option('spin', only({ task: 'spin' })),
      option('spin, by weight', (random) => ({ task: { url: 'spin', weight: magnitude(random, 15, HEAVIEST) } })),
      option('naps', (random) => ({ task: task(random, NAPS, magnitude(random, 15, HEAVIEST)) })),
      option('busy-polls', (random, options) => (isNapi(options) ? { task: task(random, BUSY_POLLS) } : null)),
      option('several', (random) => ({ task: [task(random, NAPS), task(random, BUSY_POLLS), 'spin'] })),
    ],
  },
];
