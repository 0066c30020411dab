// Cold. Runs on: main; starts real threads.
// A round tells what goes wrong with its machine: here each thing is made to go wrong.

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import { InvariantError } from '../../src/coordinator/errors.js';
import { type RunningHost, startHost } from '../../src/coordinator/host.js';
import { createMachine } from '../../src/coordinator/machine.js';
import type { Config } from '../../src/coordinator/options.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import type { HostOptions, Snapshot } from '../../src/index.js';
import { Random } from '../../src/runtime/random.js';
import type { DrawnRound } from '../../src/stress/draw.js';
import { FlowRecord } from '../../src/stress/flow-record.js';
import { RoundRun } from '../../src/stress/round.js';
import { PLAIN_COURSE } from '../../src/stress/setting.js';
import { sample } from '../report/sample.js';

const record = new FlowRecord();

function round(options: Partial<HostOptions>, course: Partial<DrawnRound['course']> = {}): RoundRun {
  const drawn: DrawnRound = {
    number: 1,
    options: { device: 'pktgen', cpus: 1, queues: 1, rate: 20_000, flows: 8, duration: 0.2, ...options },
    course: { ...PLAIN_COURSE, trafficMs: 200, ...course },
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

// ── a machine that is no more than what the harness asks of it ──

/** Its rings are empty. It ends badly when its NIC is killed, and well when a line is to be moved, which never is over. */
function hollowHost(options: Partial<HostOptions>) {
  const config = resolveOptions({ device: 'pktgen', cpus: 1, queues: 1, ...options });
  const plan = makePlan({ cpus: 1, queues: 1, ring: 64, mode: 'napi', frames: 64 });
  const machine = createMachine(plan, 64, 'latch', compileBursts());
  const ends: { well: (snapshot: Snapshot) => void; badly: (error: Error) => void }[] = [];
  const done = new Promise<Snapshot>((well, badly) => ends.push({ well, badly }));
  const kill = async () => ends[0]!.badly(new Error('it was killed'));
  const moveLine = () => {
    ends[0]!.well(taken(config));
    return new Promise(() => {});
  };
  const supervisor = { source: { machine, plan }, stopping: false, kill };
  return async () => ({ config, supervisor, done, moveLine, snapshot: () => taken(config) });
}

const taken = (config: Config): Snapshot => {
  const { stack, nics, conservation } = sample;
  const malformed = Object.fromEntries(Object.keys(stack.malformed).map((name) => [name, 0]));
  const nothing = { ...conservation, offered: 0, delivered: 0, dropped: 0 };
  const nic = { ...nics[0]!, pauses: 0 };
  return { ...sample, config, stack: { ...stack, malformed } as never, nics: [nic], conservation: nothing };
};

/** Meanwhile a millisecond is a second. */
async function fast<T>(run: () => Promise<T>): Promise<T> {
  const { now } = performance;
  const startMs = performance.now();
  performance.now = () => startMs + 1000 * (now.call(performance) - startMs);
  try {
    return await run();
  } finally {
    performance.now = now;
  }
}

t.test('a round that does not end', async (t) => {
  const { violations, snapshot } = await fast(() => round({}).run(hollowHost({})));
  t.same(violations, ['the round did not end within 60 s']);
  t.equal(snapshot, null);
});

t.test('an operation that is not over when the machine is', async (t) => {
  const { violations, log } = await fast(() => round({}, { paceMs: 0.1 }).run(hollowHost({})));
  const { name, tookMs } = log.at(-1)!;
  t.match(name, /^move a line/);
  t.equal(tookMs, null);
  t.equal(violations.at(-1), `${name}: not over 20 s after the machine has ended`);
});
