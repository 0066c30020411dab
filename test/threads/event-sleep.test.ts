// Cold. Runs on: main; starts real threads.
// Tasks that sleep without a time-out: a signal from main wakes one, a signal from another CPU the next, a signal from an attached
// thread likewise.

import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import type { HostOptions } from '../../src/index.js';
import { WaitEvent } from '../../src/sync.js';
import { FILE_MS, start } from './machine.js';
import { ANSWERS } from './tasks/sleeper.js';

t.setTimeout(FILE_MS);

const ROUNDS = 200;
const LIMIT_MS = 10_000;
const SETTLE_MS = 20;

function quiet(data: SharedArrayBuffer): HostOptions {
  const task = { url: new URL('tasks/sleeper.js', import.meta.url), data };
  return { device: 'pktgen', rate: 1, duration: 600, cpus: 2, queues: 1, spin: false, attachments: 1, task } as const;
}

/** Resolves when `count` answers of this CPU are there. @throws Error within LIMIT_MS */
async function answered(words: Int32Array, cpu: number, count: number): Promise<void> {
  const stop = performance.now() + LIMIT_MS;
  for (;;) {
    const seen = Atomics.load(words, ANSWERS + cpu);
    if (seen >= count) return;
    const left = stop - performance.now();
    if (left <= 0) throw new Error(`cpu${cpu} still sleeps: ${seen} of ${count} answers`);
    await Atomics.waitAsync(words, ANSWERS + cpu, seen, left).value;
  }
}

t.test('main signals CPU 1, and that CPU 0: each is woken each time', async (t) => {
  const data = new SharedArrayBuffer(4 * ANSWERS + 64);
  const words = new Int32Array(data);
  const event = new WaitEvent(data, WaitEvent.BYTES);
  const host = await start(quiet(data));
  for (let round = 1; round <= ROUNDS; round += 1) {
    if (round % 50 === 1) await delay(SETTLE_MS); // Then they sleep; else they may be about to.
    event.signal(0);
    await answered(words, 1, round);
    await answered(words, 0, round);
  }
  t.equal(Atomics.load(words, ANSWERS + 1), ROUNDS);
  const { conservation } = await host.stop();
  t.ok(conservation.holds);
  event.signal(0);
  t.pass('who signals when the machine has ended finds nobody');
});

t.test('an attached thread signals', async (t) => {
  const data = new SharedArrayBuffer(4 * ANSWERS + 64);
  const words = new Int32Array(data);
  const host = await start(quiet(data));
  await delay(SETTLE_MS);
  const workerData = { handle: host.attach(), data };
  const worker = new Worker(new URL('children/signaller.js', import.meta.url), { workerData, execArgv: [] });
  await answered(words, 1, 1);
  await answered(words, 0, 1);
  t.pass('both were woken');
  await worker.terminate();
  await host.stop();
});
