// Cold. Runs on: main.
// A CPU goes offline while it may be anywhere in its loop: what it held, and what is handed to it meanwhile, another has.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

/** The schedules that take minutes. */
const LONG = process.env.SOFTIRQ_LONG === '1';

t.setTimeout(LONG ? 3_600_000 : TIMEOUT_MS);

const REMAINS = 'coordinator/cpu-remains.js';
const CPUS = 'coordinator/cpus.js';
const HEIRS = 'coordinator/backlog-heirs.js';

t.test('hotplug against interrupt', async (t) => {
  await passes(t, 'hotplug:interrupt+latch+races', 'hotplug:interrupt+nolatch+races');
  if (LONG) await passes(t, 'hotplug:interrupt+latch+heir');
});

t.test('hotplug against a schedule that is handed to the CPU, and with a timer armed', async (t) => {
  await passes(t, 'hotplug:schedule+latch+races');
  await passesWithin(t, { bound: LONG ? 2 : 1 }, 'hotplug:timer+latch+races');
  if (LONG) await passes(t, 'hotplug:schedule+nolatch+races', 'hotplug:timer+nolatch+races');
  if (LONG) await passes(t, 'hotplug:schedule+latch+heir');
});

t.test('hotplug with packets in the CPU’s backlog: all come, in order', (t) =>
  LONG
    ? passesWithin(t, { bound: 2 }, 'hotplug:backlog+level+races', 'hotplug:arrival+level+races')
    : passesWithin(t, { bound: 1 }, 'hotplug:backlog+level+races'),
);

t.test('a CPU that comes back after its loss, against a late hand-over', (t) => passes(t, 'online'));

t.test('without one of its rules something is stranded', (t) =>
  dies(t, [
    {
      what: 'lines are not retargeted',
      patches: [{ file: REMAINS, find: 'line.retarget(heirs[line.id % heirs.length]);', replace: ';' }],
      spec: 'hotplug:interrupt+latch',
      message: /^delivered=0|^line=/,
    },
    {
      what: 'timers are not adopted',
      patches: [{ file: 'cpu/core.js', find: 'timers.adoptAll(cpu, timersOf[cpu])', replace: 'void timers.adoptAll' }],
      spec: 'hotplug:timer+latch',
      message: /livelock|a timer is armed on the CPU that is offline/,
    },
    {
      what: 'the heir is not called',
      patches: [
        {
          file: REMAINS,
          find: /if \(state\.takeOver\(cpu, heir\)\)\s*this\.calls\.call\(heir, CALL_SCHEDULE.*\);/,
          replace: 'state.takeOver(cpu, heir);',
        },
      ],
      spec: 'hotplug:schedule+latch',
      message: /at rest|^delivered=/,
    },
    {
      what: 'what is handed over late is not looked for',
      patches: [{ file: CPUS, find: /(sweep\(\) \{)/, replace: '$1 return;' }],
      spec: 'hotplug:schedule+latch',
      message: /at rest|^delivered=|livelock/,
    },
    {
      what: 'who comes back does not wait for late hand-overs',
      patches: [{ file: CPUS, find: 'if (this.grace?.over() !== true)', replace: 'if (false)' }],
      spec: 'online',
      message: /^delivered=0|^napi/,
    },
    {
      what: 'lines move before the backlog',
      patches: [{ file: HEIRS, find: /if \(this\.isHeld\(owner\) \|\|[^\n]*\n\s*return;/, replace: ';' }],
      spec: 'hotplug:backlog+level',
      bound: 1,
      message: /frame/,
    },
    {
      what: 'the backlog’s heir is not called',
      patches: [{ file: HEIRS, find: 'this.calls.call(heir, CALL_CPU_DEAD, cpu);', replace: ';' }],
      spec: 'hotplug:backlog+level',
      bound: 1,
      message: /livelock|at rest|^delivered=/,
    },
    {
      what: 'lines do not follow the backlog',
      patches: [{ file: HEIRS, find: 'line.retarget(heir);', replace: ';' }],
      spec: 'hotplug:backlog+level',
      bound: 1,
      message: /livelock|at rest|^delivered=/,
    },
    {
      what: 'the heir does not let go',
      patches: [{ file: 'net/backlog.js', find: /state\.releaseBacklog\(\);(?=[^\n]*\n\s*return left)/, replace: ';' }],
      spec: 'hotplug:backlog+level',
      bound: 1,
      message: /livelock|at rest|^delivered=/,
    },
  ]),
);
