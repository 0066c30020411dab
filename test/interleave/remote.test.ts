// Cold. Runs on: main.
// What a polling context that is no CPU hands to one, on every schedule: timers, and instances that it leaves scheduled. And how an
// attached thread and main know of each other.

import t from 'tap';
import { dies, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

t.test('a timer against its expiry, another timer, and disable', (t) =>
  passes(t, 'remote:timer+races', 'remote:timer-again+races', 'remote:timer-disable+races'),
);

t.test('SCHED that is handed over against a schedule and disable', (t) =>
  passes(t, 'remote:leave+races', 'remote:leave-disable+races'),
);

const REMOTE = 'cpu/remote.js';
const CALL_TIMER = 'this.home.calls.call(this.home.lines[id].target(), CALL_TIMER, id);';

t.test('a context that hands over without one of the rules strands packets, or has two pollers', (t) =>
  dies(t, [
    {
      what: 'the CPU is not called for a timer',
      patches: [{ file: REMOTE, find: CALL_TIMER, replace: '' }],
      spec: 'remote:timer',
      message: /^a timer is armed by context 1/,
    },
    {
      what: 'it is called before the timer is armed',
      patches: [
        { file: REMOTE, find: CALL_TIMER, replace: '' },
        { file: REMOTE, find: 'this.state.armTimer(', replace: `${CALL_TIMER} this.state.armTimer(` },
      ],
      spec: 'remote:timer',
      message: /^a timer is armed by context 1/,
    },
    {
      what: 'a timer that was adopted is not looked for',
      patches: [
        {
          file: 'napi/timers.js',
          find: 'if (state.moveTimer(from, this.softnet.context))',
          replace: 'if (state.moveTimer(from, this.softnet.context)) return; if (false)',
        },
      ],
      spec: 'remote:timer',
      message: /^a timer is armed by context 0|^done=|^line=/,
    },
    {
      what: 'when it expires is not read again behind the move',
      patches: [
        {
          file: 'napi/timers.js',
          find: /if (\(state\.moveTimer\(from, this\.softnet\.context\)\))\s*this\.doubles.*;/,
          replace: '$1;',
        },
      ],
      spec: 'remote:timer-again',
      message: /^expired at 100000 ns/,
    },
    {
      what: 'the CPU is not called for an instance',
      patches: [{ file: REMOTE, find: 'this.home.calls.call(cpu, CALL_SCHEDULE, id);', replace: '' }],
      spec: 'remote:leave',
      message: /^held by context 0 at rest/,
    },
    {
      what: 'it is called before it holds SCHED',
      patches: [
        { file: REMOTE, find: 'state.handOver(this.context, cpu);', replace: '' },
        {
          file: REMOTE,
          find: 'this.home.calls.call(cpu, CALL_SCHEDULE, id);',
          replace: 'this.home.calls.call(cpu, CALL_SCHEDULE, id); state.handOver(this.context, cpu);',
        },
      ],
      spec: 'remote:leave',
      message: /SCHED is held by 1|held by context/,
    },
    {
      what: 'napi_disable does not wait for SCHED',
      patches: [
        {
          file: 'napi/state.js',
          find: 'if ((old & (SCHED | NPSVC)) !== 0)\n            return false;\n        const next',
          replace: 'const next',
        },
      ],
      spec: 'remote:leave-disable',
      message: /although it is disabled|not scheduled|SCHED is held by/,
    },
  ]),
);

t.test('an attached thread’s calls against main’s stop and grace periods, and a place for one', (t) =>
  passes(t, 'attached:stop', 'attached:grace', 'attached:claim'),
);

t.test('without one of the rules', (t) =>
  dies(t, [
    {
      what: 'a call that looks for STOP first',
      patches: [
        {
          file: 'memory/context.js',
          find: /openDoorbell\(this\.words, this\.base\);\s*\/\/ Behind it.*\s*if \(this\.request\(\) !== STOP\)\s*return true;/,
          replace: 'if (this.request() !== STOP) { openDoorbell(this.words, this.base); return true; }',
        },
      ],
      spec: 'attached:stop',
      message: /although main believes not/,
    },
    {
      what: 'a call that nobody sees',
      patches: [
        {
          file: 'memory/context.js',
          find: /enter\(\) \{\s*openDoorbell\(this\.words, this\.base\);/,
          replace: 'enter() {',
        },
      ],
      spec: 'attached:grace',
      message: /although main believes not/,
    },
    {
      what: 'a claim that tests, then sets',
      patches: [
        {
          file: 'memory/attachment.js',
          find: 'if (!this.change(given, ticket * STATES + TAKEN))',
          replace: 'Atomics.store(this.words, this.base + PLACE, ticket * STATES + TAKEN); if (ticket < 0)',
        },
      ],
      spec: 'attached:claim',
      message: /two threads have the place|had=/,
    },
  ]),
);
