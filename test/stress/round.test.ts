// Cold. Runs on: main; starts real threads.
// A round tells what goes wrong with its machine: here each thing is made to go wrong.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { InvariantError } from '../../src/coordinator/errors.js';
import { type RunningHost, startHost } from '../../src/coordinator/host.js';
import type { HostOptions } from '../../src/index.js';
import { Random } from '../../src/runtime/random.js';
import type { DrawnRound } from '../../src/stress/draw.js';
import { FlowRecord } from '../../src/stress/flow-record.js';
import { RoundRun } from '../../src/stress/round.js';

const record = new FlowRecord();

function round(options: Partial<HostOptions>, course: Partial<DrawnRound['course']> = {}): RoundRun {
  const drawn: DrawnRound = {
    number: 1,
    options: { device: 'pktgen', cpus: 1, queues: 1, rate: 20_000, flows: 8, duration: 0.2, ...options },
    course: { ends: 'duration', trafficMs: 200, paceMs: Number.POSITIVE_INFINITY, records: 'nothing', ...course },
    choices: [],
    random: new Random(1),
  };
  return new RoundRun(drawn, record);
}

t.setTimeout(120_000);

t.test('nothing goes wrong, with operations and a stop in a move', async (t) => {
  const run = round({ cpus: 2, queues: 3, duration: 60 }, { ends: 'stop in a move', trafficMs: 1, paceMs: 5 });
  const { snapshot, violations, operations } = await run.run();
  t.same(violations, []);
  t.equal(snapshot!.conservation.holds, true);
  t.ok(snapshot!.durationSeconds < 60, 'it was stopped');
  const done = [...operations.keys()].join(', ');
  t.equal(operations.get('stop in a move'), 1, done);
  t.ok([...operations.values()].reduce((sum, times) => sum + times, 0) > 3, done);
});

t.test('packets that never reach the sink', async (t) => {
  const { violations } = await round({}).run(({ sink: _, ...options }) => startHost(options));
  t.match(violations, [/^the sink was given 0 packets ≠ delivered \d+$/]);
});

t.test('a thread that dies', async (t) => {
  const { snapshot, violations } = await round({ duration: 10 }).run(async (options) => {
    const host = (await startHost(options)) as RunningHost;
    await host.supervisor.kill('cpu0');
    return host;
  });
  t.equal(snapshot, null);
  t.match(violations, [/cpu0 died/]);
});

t.test('counters that contradict each other', async (t) => {
  const { violations } = await round({}).run(async (options) => {
    const host = (await startHost(options)) as RunningHost;
    const done = host.done.then((snapshot) => {
      throw new InvariantError(['1 ≠ 2'], snapshot);
    });
    done.catch(() => {});
    return Object.defineProperty(host, 'done', { value: done });
  });
  t.match(violations, ['1 ≠ 2']);
});

t.test('frames that were missed where they should be held, and held where they should be missed', async (t) => {
  for (const [full, wrong] of [
    ['wait', { rxMissedErrors: 3 }],
    ['drop', { pauses: 3 }],
  ] as const) {
    const { violations } = await round({ full }).run(async (options) => {
      const host = (await startHost(options)) as RunningHost;
      const done = host.done.then((snapshot) => ({ ...snapshot, nics: [{ ...snapshot.nics[0]!, ...wrong }] }));
      return Object.defineProperty(host, 'done', { value: done });
    });
    t.match(violations, [/^full=(wait, and frames were missed|drop, and frames were held) 3 times$/]);
  }
});

/** Takes the right to unmask from everybody, as a driver would that forgets it. */
async function loseUnmask(host: RunningHost): Promise<void> {
  while (!host.supervisor.source.machine.lines[0]!.mask()) await delay(1);
}

t.test('a NAPI that is stuck is named, and the round ends', async (t) => {
  for (const irq of ['latch', 'nolatch'] as const) {
    const { violations } = await round({ irq, duration: 60, rate: 1000 }).run(async (options) => {
      const host = (await startHost(options)) as RunningHost;
      await loseUnmask(host);
      return host;
    });
    t.equal(violations.length, 1, violations.join('; '));
    t.match(
      violations[0],
      /^nic0\/0: \d+ descriptors wait, line masked, not pending.*; napi 0: LISTED, held by nobody; nothing has moved/,
    );
  }
});
