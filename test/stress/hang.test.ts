// Cold. Runs on: main, with workers that hang.
// A CPU hangs when main asks for it, there and nowhere else; main can withdraw it until then.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import {
  askToHang,
  forgetHang,
  hangIfAsked,
  IN_SINK,
  IN_TASK,
  isHanging,
  withdraw,
} from '../../src/stress/hang-words.js';

const AT = 3;
const LIMIT_MS = 20_000;

t.test('who is asked elsewhere, or not at all, goes on', async (t) => {
  const words = new Int32Array(8);
  hangIfAsked(words, AT, IN_SINK);
  askToHang(words, AT, IN_TASK);
  hangIfAsked(words, AT, IN_SINK);
  t.equal(isHanging(words, AT), false);
  t.equal(withdraw(words, AT, IN_TASK), true);
  hangIfAsked(words, AT, IN_TASK);
  t.same([...words], Array(8).fill(0), 'nobody is asked any more');
});

t.test('who is asked hangs, until its thread is ended', async (t) => {
  const words = new Int32Array(new SharedArrayBuffer(32));
  const worker = new Worker(
    `import { workerData } from 'node:worker_threads';
     const { hangIfAsked } = await import(workerData.module);
     for (;;) hangIfAsked(workerData.words, ${AT}, ${IN_TASK});`,
    {
      eval: true,
      execArgv: ['--input-type=module'],
      workerData: { words, module: new URL('../../src/stress/hang-words.js', import.meta.url).href },
    },
  );
  await once(worker, 'online');
  askToHang(words, AT, IN_TASK);
  for (const stop = performance.now() + LIMIT_MS; !isHanging(words, AT); await delay(1)) {
    if (performance.now() > stop) throw new Error('the worker was asked to hang, and does not');
  }
  t.equal(withdraw(words, AT, IN_TASK), false, 'too late');
  t.ok(isHanging(words, AT));
  await worker.terminate();
  forgetHang(words, AT);
  hangIfAsked(words, AT, IN_TASK);
  t.equal(isHanging(words, AT), false, 'the next thread does not');
});
