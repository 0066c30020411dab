// Cold. Runs on: main.
// Settings of a round: what the machine is made of.

import { between, isNapi, magnitude, only, option, type Setting } from './setting.js';

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
    name: 'cpus',
    choices: [
      option('1', only({ cpus: 1 }), 2),
      option('2', only({ cpus: 2 }), 2),
      option('3–4', (random) => ({ cpus: between(random, 3, 4) })),
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
    choices: [option('stop', only({ onCpuLoss: 'stop' })), option('migrate', only({ onCpuLoss: 'migrate' }))],
  },
  { name: 'pin', choices: [option('off', only({ pin: false }), 4), option('on', only({ pin: true }))] },
];
