// Cold. Runs on: main.
// Sleep: each sleeper against each of those who may have something for it: the NIC against post, any thread against main.
// A CPU against an interrupt is in irq.test.ts; the fence that is missing, in bugs.test.ts.

import t from 'tap';
import { dies, lives, passes, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const CAS_AND_NOTIFY =
  /if \(Atomics\.compareExchange\(words, at, ASLEEP, AWAKE\) === ASLEEP\)\s*Atomics\.notify\(words, at, 1\);/;

t.test('a request is never slept through', (t) => passes(t, 'request:stop', 'request:end', 'request:end-stop'));

t.test('a NIC that waits for buffers is woken when half of the ring is posted', (t) =>
  passes(t, 'nic-sleep:post', 'nic-sleep:whole'),
);

t.test('a doorbell without one of its rules is slept through', (t) =>
  dies(t, [
    {
      what: 'no look at the mailbox before sleep',
      patches: [{ file: 'runtime/idle.js', find: ' || this.context.request() !== this.context.done()', replace: '' }],
      spec: 'request:stop',
      message: /^deadlock/,
    },
    {
      what: 'the look before announce()',
      patches: [
        {
          file: 'runtime/idle.js',
          find: /(this\.doorbell\.announce\(\);)\s*\/\/.*\s*if \((agent.*)\) \{/,
          replace: 'const found = $2; $1 if (found) {',
        },
      ],
      spec: 'request:stop',
      message: /^deadlock/,
    },
    {
      what: 'main rings before it asks',
      patches: [
        { file: 'memory/context.js', find: /(Atomics\.store\(.*REQUEST, .*;)\s*(ringDoorbell\(.*;)/, replace: '$2 $1' },
      ],
      spec: 'request:stop',
      message: /^deadlock/,
    },
    {
      what: 'the bell is heard before it says AWAKE',
      patches: [
        {
          file: 'memory/doorbell.js',
          find: CAS_AND_NOTIFY,
          replace: 'Atomics.notify(words, at, 1); Atomics.compareExchange(words, at, ASLEEP, AWAKE);',
        },
      ],
      spec: 'request:stop',
      message: /^deadlock/,
    },
    {
      what: 'a loop that hears one request',
      patches: [
        { file: 'runtime/loop.js', find: 'if (request !== done) {', replace: 'if (request !== done && done === 0) {' },
      ],
      spec: 'request:end-stop',
      message: /^livelock/,
    },
  ]),
);

t.test('a waiting NIC without one of its rules sleeps on', (t) =>
  dies(t, [
    {
      what: 'the NIC does not look at POSTED again',
      patches: [{ file: 'nic/nic.js', find: ' && queue.ring.roomAgain()', replace: ' && false' }],
      spec: 'nic-sleep:post',
      message: /^the NIC sleeps, held=2/,
    },
    {
      what: 'the NIC says that it waits after that look',
      patches: [
        {
          file: 'nic/nic.js',
          find: /this\.setWaiting\(true\);\s*return (.*);/,
          replace: 'const room = $1; this.setWaiting(true); return room;',
        },
      ],
      spec: 'nic-sleep:post',
      message: /^the NIC sleeps, held=2/,
    },
    {
      what: 'the driver rings before it posts',
      patches: [
        {
          file: 'ring/rx-ring.js',
          find: 'this.posted = (this.posted + count) | 0;',
          replace:
            'this.posted = (this.posted + count) | 0; if (Atomics.load(this.words, this.base + WAITING) !== 0) ringDoorbell(this.words, this.nicDoorbell);',
        },
        { file: 'ring/rx-ring.js', find: /if \(\(\(this\.posted - this\.head\).*\s*ringDoorbell\(.*;/, replace: '' },
      ],
      spec: 'nic-sleep:post',
      message: /^the NIC sleeps, held=2/,
    },
    {
      what: 'the driver wants more than half of the ring',
      patches: [
        {
          file: 'ring/rx-ring.js',
          find: /(\(this\.posted - this\.head\) \| 0\)) >=/,
          replace: '$1 >',
        },
      ],
      spec: 'nic-sleep:post',
      message: /^the NIC sleeps, held=2/,
    },
  ]),
);

t.test('what spares system calls, and no wake-up hangs on', (t) =>
  lives(t, [
    {
      what: 'every ringer says AWAKE by store and notifies',
      patches: [
        {
          file: 'memory/doorbell.js',
          find: CAS_AND_NOTIFY,
          replace: 'Atomics.store(words, at, AWAKE); Atomics.notify(words, at, 1);',
        },
      ],
      spec: 'request:end-stop',
      why: 'the compareExchange picks one of several ringers, so that one of them pays',
    },
    {
      what: 'withdraw() leaves ASLEEP',
      patches: [{ file: 'memory/doorbell.js', find: /(withdraw\(\) \{)\s*.*;/, replace: '$1' }],
      spec: 'request:end-stop',
      why: 'the next to ring would notify nobody, for 50 ns and more',
    },
  ]),
);
