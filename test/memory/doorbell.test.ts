// Cold. Runs on: main.
// The doorbell's table, on one thread: main may block in Atomics.wait as any worker.

import t from 'tap';
import { Doorbell, isAsleep, ringDoorbell, sleepWhile, sleepWhileAsync, wake } from '../../src/memory/doorbell.js';
import { space } from './space.js';

const ADDRESS = 64;
const WORD = ADDRESS / 4;
const AWAKE = 0;
const ASLEEP = 1;
/** Long enough that a test which waits for it is noticed. */
const LONG_MS = 60_000;

function bell() {
  const { words, ...views } = space();
  return { words, doorbell: new Doorbell({ words, ...views }, ADDRESS) };
}

t.test('announce, withdraw', async (t) => {
  const { words, doorbell } = bell();
  t.notOk(isAsleep(words, WORD));
  doorbell.announce();
  t.ok(isAsleep(words, WORD));
  doorbell.withdraw();
  t.notOk(isAsleep(words, WORD));
});

t.test('whoever is rung for after announcing does not sleep', async (t) => {
  const { words, doorbell } = bell();
  doorbell.announce();
  ringDoorbell(words, WORD);
  t.equal(words[WORD], AWAKE, 'the ring leaves the owner awake');
  doorbell.wait(LONG_MS);
  t.notOk(isAsleep(words, WORD));
});

t.test('ringing for somebody who is awake leaves no trace', async (t) => {
  const { words, doorbell } = bell();
  ringDoorbell(words, WORD);
  t.equal(words[WORD], AWAKE);
  doorbell.announce();
  t.equal(words[WORD], ASLEEP, 'an earlier ring is not remembered: the re-check must see the work');
});

t.test('a sleep that times out ends awake', async (t) => {
  const { words, doorbell } = bell();
  doorbell.announce();
  doorbell.wait(1);
  t.notOk(isAsleep(words, WORD));
});

t.test('only its own word is touched', async (t) => {
  const { words, doorbell } = bell();
  doorbell.announce();
  ringDoorbell(words, WORD + 16);
  t.ok(isAsleep(words, WORD));
  t.ok(words.every((word, at) => word === (at === WORD ? ASLEEP : 0)));
});

t.test('sleepWhile, and its async twin', async (t) => {
  const { words } = bell();
  t.equal(sleepWhile(words, WORD, 1, LONG_MS), true, 'not that value: no sleep');
  t.equal(sleepWhile(words, WORD, 0, 5), false, 'that value, and nobody wakes');
  t.equal(sleepWhile(words, WORD, 0, 0), false);
  t.equal(await sleepWhileAsync(words, WORD, 1, LONG_MS), true);
  t.equal(await sleepWhileAsync(words, WORD, 0, 5), false);
  t.equal(await sleepWhileAsync(words, WORD, 0, 0), false);
  const sleep = sleepWhileAsync(words, WORD, 0, LONG_MS);
  wake(words, WORD, 1);
  t.equal(await sleep, true, 'woken, and nothing has changed');
});
