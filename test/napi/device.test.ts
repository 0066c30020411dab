// Cold. Runs on: main.
// What a device's configs keep when an instance's thread is a worker, which takes its time to begin and to end, and may fail.

import t from 'tap';
import { NAPI_BITS } from '../../src/napi/bits.js';
import { NapiDisable, NapiIds } from '../../src/napi/control.js';
import { NapiDevice } from '../../src/napi/device.js';
import { NapiState } from '../../src/napi/state.js';
import { NapiThreads, type NapiWorkers } from '../../src/napi/threaded.js';
import { Printk } from '../../src/runtime/printk.js';
import { space } from '../memory/space.js';

const ADDRESS = 128;
const WORKER = 7;

interface World {
  readonly state: NapiState;
  readonly device: NapiDevice;
  readonly threads: NapiThreads;
  /** What the worker does: it has not begun or ended yet, has, or cannot begin. */
  worker: 'waits' | 'goes' | 'fails';
}

/** An instance with a config, enabled, whose thread is to be a worker. */
function world(): World {
  const state = new NapiState(space(), ADDRESS);
  const threads = new NapiThreads();
  const workers: NapiWorkers = {
    contextOf: () => WORKER,
    start: () => {},
    isRunning: () => {
      if (made.worker === 'fails') throw new Error('no such thread');
      return made.worker === 'goes';
    },
    stop: () => made.worker === 'goes',
  };
  threads.provide(workers);
  const device = new NapiDevice('nic0', 1, new NapiIds([state], WORKER + 1), threads);
  const made: World = { state, device, threads, worker: 'goes' };
  device.add(state, 0, 64, new Printk(() => {}));
  device.setWorker(state, true);
  device.enable(state);
  return made;
}

function disable({ state, device }: World): void {
  const operation = device.disable(state);
  operation.begin();
  if (!operation.step()) throw operation.stuck('it is idle');
}

t.test(
  'a worker that cannot begin: the config has not kept the mode, and the instance can be enabled again',
  async (t) => {
    const made = world();
    const { state, device } = made;
    made.worker = 'waits';
    const set = device.setThreaded(state, 'enabled');
    set.begin();
    t.equal(set.step(), false);
    made.worker = 'fails';
    t.throws(() => set.step(), { message: 'no such thread' });
    disable(made);
    device.enable(state);
    t.equal(device.threadedOf(state), 'disabled');
  },
);

t.test('a worker that begins: the config keeps the mode when it runs', async (t) => {
  const made = world();
  const { state, device } = made;
  made.worker = 'waits';
  const set = device.setThreaded(state, 'busy-poll');
  set.begin();
  t.equal(set.step(), false);
  made.worker = 'goes';
  t.equal(set.step(), true);
  disable(made);
  t.equal(device.threadedOf(state), 'disabled');
  device.enable(state);
  t.equal(device.threadedOf(state), 'busy-poll');
});

t.test('a worker that has not ended: napi_enable refuses, changes nothing, and can be tried again', async (t) => {
  const made = world();
  const { state, device } = made;
  const set = device.setThreaded(state, 'enabled');
  set.begin();
  const off = device.setThreaded(state, 'disabled');
  made.worker = 'waits';
  off.begin();
  t.equal(off.step(), false, 'whoever waited has given up');
  disable(made);
  t.throws(() => device.enable(state), { name: 'NapiError', message: /its worker begins, or ends/ });
  t.equal(state.napiId, 0, 'nobody finds it');
  t.throws(() => new NapiDisable(state).step(), { message: /it is disabled already/ });
  made.worker = 'goes';
  device.enable(state);
  t.equal(device.threadedOf(state), 'disabled');
  t.equal(device.threadOf(state), null);
});

t.test('netif_napi_del refuses while a worker is its thread, and changes nothing', async (t) => {
  const made = world();
  const { state, device } = made;
  const set = device.setThreaded(state, 'enabled');
  set.begin();
  disable(made);
  t.throws(() => device.del(state), {
    name: 'NapiError',
    message: /its worker napi\/nic0-\d+ runs: switch threaded off first/,
  });
  t.equal(state.load() & NAPI_BITS.LISTED, NAPI_BITS.LISTED);
  const off = device.setThreaded(state, 'disabled');
  off.begin();
  t.ok(off.step());
  device.del(state);
  t.equal(state.load() & NAPI_BITS.LISTED, 0);

  device.add(state, 0, 64, new Printk(() => {}));
  device.enable(state);
  const again = device.setThreaded(state, 'enabled');
  again.begin();
  t.ok(again.step(), 'added again, it gets a worker');
  t.match(device.threadOf(state), /^napi\/nic0-/);
});
