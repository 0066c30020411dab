// Cold. Runs on: main.
// A signal from anywhere against a task that goes to sleep: nobody sleeps while there is news.

import t from 'tap';
import { dies, passes, passesWithin, TIMEOUT_MS } from './verdicts.js';

t.setTimeout(TIMEOUT_MS);

const EVENT = 'napi/wait-event.js';
const TASK = 'cpu/application-task.js';
const CPU = 'cpu/cpu.js';

t.test('a signal against sleep: one who signals, and two; two who wait, one of whom ends or leaves', (t) =>
  passes(t, ...['one', 'two', 'both', 'ended', 'left'].map((variant) => `event-sleep:${variant}`)),
);

t.test('two who are signalled twice', (t) => passes(t, 'event-sleep:again'));

t.test('who signals ends at any step', (t) => passesWithin(t, { bound: 3 }, 'event-sleep:dies')); // An end counts as a preemption.

t.test('an event without one of its rules leaves somebody asleep', (t) =>
  dies(
    t,
    [
      {
        what: 'a signal that wakes nobody',
        patches: [{ file: EVENT, find: 'this.wakeSleepers();', replace: ';' }],
        spec: 'event-sleep:one',
      },
      {
        what: 'main wakes nobody when a thread has ended that had taken the bits',
        patches: [{ file: 'memory/doorbell.js', find: /(function wakeAfterEnd\(.*\) \{)/, replace: '$1 return;' }],
        spec: 'event-sleep:dies',
      },
      {
        what: 'a signal that looks who sleeps, then counts',
        patches: [
          {
            file: EVENT,
            find: /Atomics\.add\(this\.words, COUNT, 1\);[\s\S]*?if \(Atomics\.load\(this\.words, SLEEPING\) !== 0\)/,
            replace:
              'const some = Atomics.load(this.words, SLEEPING); Atomics.add(this.words, COUNT, 1); if (some !== 0)',
          },
        ],
        spec: 'event-sleep:both',
      },
      {
        what: 'a waiter whose bit comes after the word that says that there are bits',
        patches: [
          {
            file: EVENT,
            find: /(Atomics\.or\(this\.words, SLEEPERS.*;)\s*(Atomics\.or\(this\.words, SLEEPING.*;)/,
            replace: '$2\n$1',
          },
        ],
        spec: 'event-sleep:two',
      },
      {
        what: 'a waiter that stores its bit over another’s',
        patches: [
          {
            file: EVENT,
            find: 'Atomics.or(this.words, SLEEPERS + index',
            replace: 'Atomics.store(this.words, SLEEPERS + index',
          },
        ],
        spec: 'event-sleep:both',
      },
      {
        what: 'who signals takes a bit that came meanwhile, and rings nobody by it',
        patches: [
          {
            file: EVENT,
            find: 'let bits = Atomics.exchange(words, SLEEPERS + index, 0);',
            replace: 'let bits = Atomics.load(words, SLEEPERS + index), _ = Atomics.store(words, SLEEPERS + index, 0);',
          },
        ],
        spec: 'event-sleep:again',
      },
      {
        what: 'a task that arms once, when its step is over: a late ring uses that up',
        patches: [
          { file: TASK, find: /prepareToWait\(\) \{\s*this\.sleep\.arm\(\);/, replace: 'prepareToWait() {' },
          {
            file: TASK,
            find: 'this.wakeNs = this.clock.nowNs + this.sleep.ns;',
            replace: '{ this.wakeNs = this.clock.nowNs + this.sleep.ns; this.sleep.arm(); }',
          },
        ],
        spec: 'event-sleep:two',
      },
      {
        what: 'a CPU that looks, then arms',
        patches: [
          {
            file: CPU,
            find: /this\.scheduler\.prepareToWait\(\);\s*(if \(.*)\s*return true;/,
            replace: '$1 return true; this.scheduler.prepareToWait();',
          },
        ],
        spec: 'event-sleep:one',
      },
    ].map((mutant) => ({ ...mutant, message: /sleeps, and knows not of all/ })),
  ),
);
