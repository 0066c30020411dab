// Cold. Runs on: main.
// What a sink signals and a task waits for, as `softirq/sync` has it.

import t from 'tap';
import { WaitEvent } from '../../src/sync.js';

t.test('each who waits sees what has come since, once, and by which instance', async (t) => {
  const buffer = new SharedArrayBuffer(2 * WaitEvent.BYTES);
  const at = WaitEvent.BYTES;
  const producer = new WaitEvent(buffer, at);
  const early = new WaitEvent(buffer, at);
  producer.signal(7);
  const late = new WaitEvent(buffer, at);
  t.same([early.isReady(), late.isReady()], [true, false], 'who comes later has missed nothing');
  producer.signal(8);
  t.same([early.take(), early.isReady(), late.take(), late.isReady()], [8, false, 8, false]);
  t.notOk(new WaitEvent(buffer).isReady(), 'its neighbour has seen nothing');
});

t.test('its count wraps', async (t) => {
  const buffer = new SharedArrayBuffer(WaitEvent.BYTES);
  new Int32Array(buffer)[0] = 2 ** 31 - 1;
  const [producer, waiter] = [new WaitEvent(buffer), new WaitEvent(buffer)];
  producer.signal(3);
  t.ok(waiter.isReady());
  t.equal(waiter.take(), 3);
  t.notOk(waiter.isReady());
});

t.test('where it may lie', async (t) => {
  t.throws(() => new WaitEvent(new ArrayBuffer(64)), { message: 'WaitEvent: buffer: must be a SharedArrayBuffer' });
  const buffer = new SharedArrayBuffer(100);
  for (const byteOffset of [-4, 2, 1.5, 64]) {
    t.throws(() => new WaitEvent(buffer, byteOffset), {
      name: 'RangeError',
      message: new RegExp(`byteOffset=${byteOffset}`),
    });
  }
});
