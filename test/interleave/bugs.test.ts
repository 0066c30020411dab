// Cold. Runs on: main.
// The lost wake-ups that people really made, each put into this machine: the explorer finds every one, and shrinks it to a
// schedule that can be read.

import t from 'tap';
import { type Condemned, diesShortly, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const STATE = 'napi/state.js';
const SOFTNET = 'napi/softnet.js';
const POLL = 'driver/poll.js';
const RING = 'ring/rx-ring.js';
const WAITING = 'Atomics.load(this.words, this.base + WAITING)';

const BUGS: readonly Condemned[] = [
  {
    what: 'unmask before completing',
    patches: [
      { file: POLL, find: 'const asked = this.line.unmask();', replace: 'const asked = true;' },
      {
        file: POLL,
        find: 'const { tail } = this.rx.ring;',
        replace: 'this.line.unmask(); const { tail } = this.rx.ring;',
      },
    ],
    spec: 'napi:latch+laws',
    message: /the line is enabled while SCHED is held/,
  },
  {
    what: 'no look at the ring after unmasking on a device that does not latch (NAPI_HOWTO, "rotting packet")',
    patches: [{ file: POLL, find: '(early || this.recheck)', replace: 'early' }],
    spec: 'napi:nolatch+races',
    message: /^delivered=1 of 2/,
  },
  {
    what: 'MISSED dropped by complete (Linux 39e6c8208d7b)',
    patches: [
      { file: STATE, find: 'const missed = (old & MISSED) !== 0;', replace: 'const missed = false;' },
      { file: STATE, find: 'old & ~(SCHED | SCHED_THREADED', replace: 'old & ~(MISSED | SCHED | SCHED_THREADED' },
    ],
    spec: 'napi:latch-scheduled',
    message: /^delivered=0 of 1/,
  },
  {
    what: 'SCHED cleared by load and store',
    patches: [
      {
        file: STATE,
        find: 'const found = Atomics.compareExchange(this.words, this.base + STATE, old, next);',
        replace: 'const found = old; Atomics.store(this.words, this.base + STATE, next);',
      },
    ],
    spec: 'napi-state',
    message: /^done=\d of 4/,
  },
  {
    what: 'schedulePrep tests, then sets',
    patches: [
      {
        file: STATE,
        find: /if \(Atomics\.compareExchange\(this\.words, this\.base \+ STATE, old, next\) !== old\)\s*continue;/,
        replace: 'Atomics.store(this.words, this.base + STATE, next);',
      },
    ],
    spec: 'napi:latch-scheduled',
    message: /SCHED is held by|not scheduled/,
  },
  {
    what: 'complete although the budget is used up',
    patches: [{ file: POLL, find: 'const early = work === budget;', replace: 'const early = false;' }],
    spec: 'napi:latch-bursts+races',
    message: /^delivered=2 of 3/,
  },
  {
    what: 'wait on a stale key: on what the word is now, not on what it was when the sleeper looked',
    patches: [
      {
        file: 'memory/doorbell.js',
        find: 'Atomics.wait(this.words, this.at, ASLEEP, timeoutMs)',
        replace: 'Atomics.wait(this.words, this.at, Atomics.load(this.words, this.at), timeoutMs)',
      },
    ],
    spec: 'request:stop',
    message: /^deadlock: cpu0 sleeps on DOORBELL/,
  },
  {
    what: 'notify before publish',
    patches: [{ file: 'nic/nic.js', find: /(ring\.publish\(next\);)\s*(queue\.line\.raise\(\);)/, replace: '$2 $1' }],
    spec: 'napi:latch+races',
    message: /^delivered=1 of 2/,
  },
  {
    what: 'a plain store for a cursor',
    patches: [
      {
        file: RING,
        find: 'Atomics.store(this.words, this.base + HEAD, head)',
        replace: 'this.words[this.base + HEAD] = head',
      },
    ],
    spec: 'ring:races',
    message: /^race on HEAD/,
  },
  {
    what: 'mask, then cancel the schedule (ldd3, snull)',
    patches: [
      {
        file: 'driver/interrupt.js',
        find: 'this.softnet.napiSchedule(this.napi);',
        replace: 'if (!this.softnet.isScheduled(this.napi)) this.softnet.napiSchedule(this.napi);',
      },
    ],
    spec: 'napi:latch-scheduled',
    message: /^delivered=0 of 1/,
  },
  {
    what: 'a notification suppressed without a full fence: the flag is read before the store is out (virtio)',
    patches: [
      {
        file: RING,
        find: 'this.posted = (this.posted + count) | 0;',
        replace: `const waiting = ${WAITING}; this.posted = (this.posted + count) | 0;`,
      },
      { file: RING, find: `if (${WAITING} === 0)`, replace: 'if (waiting === 0)' },
    ],
    spec: 'nic-sleep:post',
    message: /^the NIC sleeps, held=2/,
  },
  {
    what: 'back early on budget without the consumer cursor written (open-nic)',
    patches: [
      { file: POLL, find: 'rx.release();', replace: '' },
      { file: POLL, find: 'this.complete(work, early);', replace: 'this.rx.release(); this.complete(work, early);' },
    ],
    spec: 'napi:latch-bursts+laws+races',
    message: /frame 0 was delivered when frame 2 was due/,
  },
  {
    what: 'the timer is not armed again in deferral',
    patches: [
      {
        file: SOFTNET,
        find: /if \(timeoutNs !== 0\)\s*timer\.start\(timeoutNs\);\s*return unmask;/,
        replace: 'return unmask;',
      },
    ],
    spec: 'mitigation:schedule',
    message: /^line=0 at rest/,
  },
  {
    what: 'suspended without the safety timeout',
    patches: [
      {
        file: SOFTNET,
        find: /const \{ state, timer \} = (.*)\s*const timeoutNs = state\.irqSuspendTimeoutNs;\s*if \(timeoutNs !== 0\)\s*timer\.start\(timeoutNs\);/,
        replace: 'const { state } = $1\nstate.cancelTimer();',
      },
    ],
    spec: 'mitigation:suspend',
    message: /^line=0 at rest/,
  },
  {
    what: 'napi_disable does not wait',
    patches: [
      {
        file: STATE,
        find: 'if ((old & (SCHED | NPSVC)) !== 0)\n            return false;\n        const next',
        replace: 'const next',
      },
    ],
    spec: 'control:disable+latch',
    message: /SCHED is held by 4095/,
  },
];

t.test('each is found', (t) => diesShortly(t, BUGS));

t.test('fifteen of them', async (t) => t.equal(BUGS.length, 15));
