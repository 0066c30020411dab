// Cold. Runs on: main.
// Settings of a round: what the machine is made of.

import type { HostOptions } from '../coordinator/options.js';
import {
  between,
  type Choice,
  type Course,
  course,
  isNapi,
  magnitude,
  only,
  option,
  type Setting,
  unlessSaid,
} from './setting.js';
import { HANGS, type StressTask } from './stress-task.js';

const taskModule = new URL('./stress-task.js', import.meta.url);
/** Soon enough for a round; a thread that may run on any core seldom has to wait for one so long. */
const LOCKUP_SECONDS = 1;
const HANGING_PACE_MS = 10;

/** Machines whose CPUs lock up now and then: what that needs is said here. */
function lockups(hangs: NonNullable<Course['hangs']>, task: HostOptions['task']): Choice {
  return course(hangs, (_, { options }) => {
    const needs = { lockupSeconds: LOCKUP_SECONDS, onCpuLoss: 'migrate', cpus: 2, pin: false } as const;
    Object.assign(options, needs, task !== undefined && { task });
    return { hangs, paceMs: HANGING_PACE_MS, ends: 'stop' };
  });
}

const hangingTask: StressTask = { kind: HANGS, seed: 1, admin: false };

export const MACHINE_SETTINGS: readonly Setting[] = [
  {
    name: 'mode',
    choices: [
      option('napi', only({ mode: 'napi' }), 5),
      option('interrupt', only({ mode: 'interrupt' })),
      option('interrupt, livelock', (random) => ({
        mode: 'interrupt',
        rate: magnitude(random, 3_000_000, 10_000_000),
        full: 'drop',
      })),
    ],
  },
  {
    name: 'lockups',
    choices: [
      option('after 20 s', only({}), 9),
      option('never', only({ lockupSeconds: 0 }), 2),
      lockups('in the sink', undefined),
      lockups('in a task', { url: taskModule, name: HANGS, data: hangingTask }),
    ],
  },
  {
    name: 'cpus',
    choices: [
      option('1', unlessSaid('cpus', only({ cpus: 1 })), 2),
      option('2', unlessSaid('cpus', only({ cpus: 2 })), 2),
      option(
        '3–4',
        unlessSaid('cpus', (random) => ({ cpus: between(random, 3, 4) })),
      ),
    ],
  },
  {
    name: 'queues',
    choices: [
      option('1', only({ queues: 1 })),
      option('2–4', (random) => ({ queues: between(random, 2, 4) })),
      option('5–8', (random) => ({ queues: between(random, 5, 8) })),
    ],
  },
  {
    name: 'ring',
    choices: [
      option('64', only({ ring: 64 }), 2),
      option('128–512', (random) => ({ ring: 2 ** between(random, 7, 9) }), 2),
      option('1024–4096', (random) => ({ ring: 2 ** between(random, 10, 12) })),
    ],
  },
  {
    name: 'irq',
    choices: [
      option('latch', (_, options) => (isNapi(options) ? { irq: 'latch' } : null)),
      option('nolatch', (_, options) => (isNapi(options) ? { irq: 'nolatch' } : null)),
    ],
  },
  {
    name: 'weight',
    choices: [
      option('1–7', (random) => ({ weight: between(random, 1, 7) })),
      option('8–63', (random) => ({ weight: between(random, 8, 63) })),
      option('64', only({ weight: 64 })),
    ],
  },
  {
    name: 'work',
    choices: [
      option('0', only({ work: 0 }), 3),
      option('1–300 ns', (random) => ({ work: between(random, 1, 300) }), 2),
      option('301–5000 ns', (random) => ({ work: magnitude(random, 301, 5000) })),
    ],
  },
  {
    name: 'topFlows',
    choices: [option('none', only({}), 2), option('1–1000', (random) => ({ topFlows: magnitude(random, 1, 1000) }))],
  },
  {
    name: 'verifyL4',
    choices: [option('off', only({ verifyL4: false })), option('on', only({ verifyL4: true }))],
  },
  {
    name: 'checkBuffers',
    choices: [option('off', only({ checkBuffers: false }), 5), option('on', only({ checkBuffers: true }))],
  },
  {
    name: 'spin',
    choices: [
      option('by cores', only({}), 2),
      option('off', only({ spin: false })),
      option('on', only({ spin: true })),
    ],
  },
  {
    name: 'onCpuLoss',
    choices: [
      option('stop', unlessSaid('onCpuLoss', only({ onCpuLoss: 'stop' }))),
      option('migrate', unlessSaid('onCpuLoss', only({ onCpuLoss: 'migrate' }))),
    ],
  },
  {
    name: 'attachments',
    choices: [
      option('none', only({}), 4),
      option('1–2', (random, options) => (isNapi(options) ? { attachments: between(random, 1, 2) } : null)),
    ],
  },
  {
    name: 'execArgv',
    choices: [
      option('by default', only({}), 3),
      option('none', only({ execArgv: [] })),
      option('one', only({ execArgv: ['--no-warnings'] })),
    ],
  },
  {
    name: 'pin',
    choices: [
      option('off', unlessSaid('pin', only({ pin: false })), 4),
      option('on', unlessSaid('pin', only({ pin: true }))),
    ],
  },
];
