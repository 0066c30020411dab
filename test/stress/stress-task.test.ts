// Cold. Runs on: main.
// What busy-polls in a round sees that it is refused what only CAP_NET_ADMIN may; what is told of attached threads.

import t from 'tap';
import { ErrnoError } from '../../src/runtime/errno.js';
import { Random } from '../../src/runtime/random.js';
import { threadsEnd } from '../../src/stress/round-attached.js';
import { busyPolls, type Poller } from '../../src/stress/stress-task.js';

const STEPS = 1000; // One of 64 asks for what it may not.

function steps(busyLoop: Poller['busyLoop'], admin: boolean): number {
  const step = busyPolls(new Random(1), { ids: [3, 4], busyLoop }, admin);
  let busy = 0;
  for (let count = 0; count < STEPS; count += 1) busy += Number(step());
  return busy;
}

const refusing = (budgetMax: number): Poller['busyLoop'] => {
  return (_, { prefer = false, budget = 8 }) => {
    if (prefer || budget > budgetMax) throw new ErrnoError('EPERM', 'busyLoop', 'needs CAP_NET_ADMIN');
  };
};

t.test('what is refused to it', async (t) => {
  t.ok(steps(refusing(8), false) > STEPS / 2, 'it goes on');
  t.throws(() => steps(() => {}, false), { message: '{"prefer":true} without CAP_NET_ADMIN was not refused' });
  const lax: Poller['busyLoop'] = (id, options) => refusing(64)(id, options);
  t.throws(() => steps(lax, false), { message: '{"budget":9} without CAP_NET_ADMIN was not refused' });
  t.throws(() => steps(refusing(0), false), { code: 'EPERM' }, 'what it may do is not refused');
});

t.test('what it may do with the capability', async (t) => {
  t.ok(steps(() => {}, true) > STEPS / 2);
  t.throws(() => steps(refusing(8), true), { code: 'EPERM' });
});

t.test('where nothing can be polled it naps', async (t) => {
  t.equal(busyPolls(new Random(1), { ids: [], busyLoop: () => {} }, true)(), false);
});

t.test('an attached thread that fails, or does not end', async (t) => {
  const worker = { terminate: async () => 0 };
  const fails = { name: 'attached0', worker, ended: Promise.resolve('Error: EPERM was not refused') };
  const ends = { name: 'attached1', worker, ended: Promise.resolve(null) };
  t.same(await threadsEnd([fails, ends]), ['attached0: Error: EPERM was not refused']);
  let end = () => {};
  const ended = new Promise<null>((resolve) => {
    end = () => resolve(null);
  });
  const stays = { name: 'attached1', ended, worker: { terminate: async () => Number(end()) } };
  t.same(await threadsEnd([stays], 10), ['attached1: it had not ended 0.01 s after the machine']);
});
