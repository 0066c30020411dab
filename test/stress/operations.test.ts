// Cold. Runs on: main.
// Operations see what is wrong with a machine: here one whose threads are this test.

import t from 'tap';
import { compileBursts } from '../../src/bursts/load.js';
import type { RunningHost } from '../../src/coordinator/host.js';
import { createMachine } from '../../src/coordinator/machine.js';
import { makePlan } from '../../src/coordinator/plan.js';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import type { HostOptions, NapiControl, NapiInfo, SysctlControl } from '../../src/index.js';
import { counterAddress, POLL_COUNTERS } from '../../src/memory/counters.js';
import { NapiError } from '../../src/napi/bits.js';
import { RxRingConsumer } from '../../src/ring/rx-ring.js';
import { ErrnoError } from '../../src/runtime/errno.js';
import { Random } from '../../src/runtime/random.js';
import { FlowRecord, hangAt } from '../../src/stress/flow-record.js';
import { IN_SINK } from '../../src/stress/hang-words.js';
import { OPERATIONS } from '../../src/stress/operations.js';
import { moveBeside } from '../../src/stress/operations-lines.js';
import { sample } from '../report/sample.js';

const operation = (name: string) => OPERATIONS.find((operation) => operation.name === name)!;

/** A machine of one queue, of which `cpu` polls it once each ms. */
function hostOf(cpu: number) {
  const plan = makePlan({ cpus: 2, queues: 1, ring: 64, mode: 'napi', frames: 64 });
  const machine = createMachine(plan, 64, 'latch', compileBursts());
  const polls = counterAddress(POLL_COUNTERS, plan.cpus[cpu]!.pollCounters[0]!, 'polls') / 8;
  const timer = setInterval(() => {
    machine.views.doubles[polls] = machine.views.doubles[polls]! + 1;
  }, 1);
  const host = {
    config: resolveOptions({ device: 'pktgen', cpus: 2, queues: 1 }),
    supervisor: { source: { machine, plan } },
    moveLine: async (line: number, to: number) => machine.lines[line]!.retarget(to),
  };
  return { host: host as unknown as RunningHost, end: () => clearInterval(timer) };
}

/** Its first word chooses the line, its second the CPU. */
function choosing(cpu: number): Random {
  for (let seed = 0; ; seed += 1) {
    const random = new Random(seed);
    random.below(1);
    if (random.below(2) === cpu) return new Random(seed);
  }
}

t.test('a CPU that polls a queue whose line has moved away', async (t) => {
  const { host, end } = hostOf(0);
  const { run } = operation('move a line, and see who polls');
  await t.rejects(run(host, choosing(1)), /^line 0 was moved to cpu1, and others polled \d+ times since$/);
  await t.resolves(run(host, choosing(0)), 'it is the one that may');
  end();
});

t.test('a counter that goes back', async (t) => {
  const later = { ...sample, stack: { ...sample.stack, delivered: sample.stack.delivered + 1 } };
  const { run } = operation('snapshot');
  const hostWith = (...snapshots: (typeof sample)[]) =>
    ({ snapshot: () => snapshots.shift() }) as unknown as RunningHost;
  await t.resolves(run(hostWith(sample, later), new Random(1)));
  await t.rejects(run(hostWith(later, sample), new Random(1)), /two snapshots went back/);
});

/** A host that says yes to all, and does nothing, but for what is given. */
function yesHost(options: Partial<HostOptions>, napi: Partial<NapiControl> = {}, sysctl: Partial<SysctlControl> = {}) {
  const plan = makePlan({ cpus: 1, queues: 1, ring: 64, mode: 'napi', frames: 64 });
  const machine = createMachine(plan, 64, 'latch', compileBursts());
  const info = { id: 5, queue: 0, irq: 0, threaded: 'disabled', deferHardIrqs: 0, groFlushTimeout: 0 } as NapiInfo;
  const queue = { polls: 0, rxMissedErrors: 0 };
  const yes = async () => {};
  const host = {
    config: resolveOptions({ device: 'pktgen', cpus: 1, queues: 1, ring: 64, ...options }),
    supervisor: { source: { machine, plan }, stopping: false },
    snapshot: () => ({ nics: [{ queues: [{ ...queue }] }] }),
    moveLine: yes,
    napi: {
      list: () => [{ ...info }],
      get: () => ({ ...info }),
      set: yes,
      write: yes,
      disable: yes,
      enable: yes,
      ...napi,
    },
    sysctl: { get: () => 0, set: () => {}, ...sysctl },
  };
  return { host: host as unknown as RunningHost, info, queue };
}

/** The first call goes here, the next one there. */
function turns<T extends (id: number) => Promise<void>>(...calls: T[]): (id: number) => Promise<void> {
  return (id) => (calls.length > 1 ? calls.shift()! : calls[0]!)(id);
}

/** One whose CPUs are all this one. */
function hostWithCpu(cpu: object, options: Partial<HostOptions>): RunningHost {
  const { host } = yesHost(options);
  const supervisor = { ...host.supervisor, kill: async () => {} };
  return Object.assign(host, { supervisor, cpu: () => ({ id: 0, ...cpu }) }) as RunningHost;
}

const run = (name: string, host: RunningHost) => operation(name).run(host, new Random(1));

t.test('a disabled queue that is polled, or misses what it should hold', async (t) => {
  const later = (change: (queue: { polls: number; rxMissedErrors: number }) => void, full: 'wait' | 'drop') => {
    const { host, queue } = yesHost(
      { full, rate: 1000 },
      { disable: async () => void setImmediate(() => change(queue)) },
    );
    return run('disable and enable', host);
  };
  await t.resolves(later(() => {}, 'wait'));
  const polled = later((queue) => (queue.polls += 3), 'wait');
  await t.rejects(polled, /queue 0 is disabled, and was polled 3 times/);
  const missed = (queue: { rxMissedErrors: number }) => (queue.rxMissedErrors += 7);
  await t.rejects(later(missed, 'wait'), /7 frames were missed, not held/);
  await t.rejects(later(missed, 'drop'), /7 frames were missed while 0 of 64 descriptors waited/);
});

t.test('what a disable forgets', async (t) => {
  const forgets = yesHost({}, { enable: async () => void Object.assign(forgets.info, { groFlushTimeout: 7 }) });
  await t.rejects(run('disable and enable', forgets.host), /disabling and enabling changed it from .*":0.* to .*":7/);
});

t.test('an instance is left enabled, also when something was wrong', async (t) => {
  const enabled: number[] = [];
  const { host } = yesHost({}, { enable: async (id) => void enabled.push(id) });
  await t.rejects(run('disable or set a disabled one', host), /a second napi_disable of 5 was not refused/);
  t.same(enabled, [5]);
});

t.test('what must be refused, and is not; a refusal that changes something', async (t) => {
  const { host } = yesHost({});
  const lax = ['enable an enabled one', 'napi-set out of range', 'write out of range', 'sysctl out of range'];
  for (const name of [...lax, 'move a line that is not there', 'thread-worker without room, or under way'])
    await t.rejects(run(name, host), /was not refused$/, name);
  for (const name of ['move a line of mode interrupt', 'NAPI in mode interrupt']) {
    await t.rejects(run(name, yesHost({ mode: 'interrupt' }).host), /was not refused$|changed it from/, name);
  }
  const refuse = (info: NapiInfo) => async () => {
    Object.assign(info, { deferHardIrqs: 1 });
    throw new ErrnoError('ERANGE', 'napi-set', 'out of range');
  };
  const half = yesHost({}, { set: () => refuse(half.info)() });
  await t.rejects(run('napi-set out of range', half.host), /a refused napi-set changed it/);
});

t.test('what must be refused of one that is not there, or is disabled', async (t) => {
  const { host } = yesHost({});
  await t.rejects(run('disable, enable or set one that is not there', host), /^id 99999 was not refused$/);
  const twice = async () => {
    throw new NapiError('napi_disable', 5, 0, 'it is disabled');
  };
  const once = yesHost({}, { disable: turns(async () => {}, twice) });
  await t.rejects(run('disable or set a disabled one', once.host), /^napi-set of a disabled 5 was not refused$/);
});

t.test('the last CPU goes offline', async (t) => {
  const host = hostWithCpu({ offline: async () => {} }, { cpus: 1 });
  await t.rejects(run('last CPU offline', host), /^the last CPU offline was not refused$/);
  const refuses = async () => {
    throw new ErrnoError('EBUSY', 'cpu_down', 'the last one');
  };
  await t.resolves(run('last CPU offline', hostWithCpu({ offline: refuses }, { cpus: 1 })));
});

t.test('a CPU that is offline, and has lines; or to which lines are moved', async (t) => {
  const stray = hostWithCpu({ offline: async () => {} }, { cpus: 2 });
  await t.rejects(run('CPU offline and online', stray), /^cpu0 is offline, and has 1 lines$/);
  const bare = hostWithCpu({ id: 1, offline: async () => {}, online: async () => {} }, { cpus: 2 });
  await t.rejects(run('CPU offline and online', bare), /^a move to cpu1, which is offline, was not refused$/);
});

t.test('a CPU that was killed, and lives', async (t) => {
  const host = hostWithCpu({ state: 'online' }, { cpus: 2, onCpuLoss: 'migrate' });
  const { now } = performance;
  performance.now = () => 1e5 * now.call(performance); // The ten seconds are over soon.
  t.teardown(() => {
    performance.now = now;
  });
  await t.rejects(run('CPU killed, and online', host), /^cpu0 was killed, and is online$/);
});

t.test('a CPU that is locked up, and nobody finds it; one that never comes by', async (t) => {
  const record = new FlowRecord().buffer;
  const words = new Int32Array(record);
  const host = hostWithCpu(
    { state: 'online' },
    { cpus: 2, onCpuLoss: 'migrate', lockupSeconds: 1, sink: { url: import.meta.url, data: record } },
  );
  const { now } = performance;
  t.teardown(() => {
    performance.now = now;
  });
  performance.now = () => 1e4 * now.call(performance);
  await t.resolves(run('CPU locked up, and online', host), 'half a second later it is left alone');
  t.equal(words[hangAt(0)], 0);
  const comesBy = setInterval(() => {
    if (words[hangAt(0)] === IN_SINK) words[hangAt(0)] = 3; // hanging
  });
  await t.rejects(run('CPU locked up, and online', host), /^cpu0 is locked up, and is online$/);
  clearInterval(comesBy);
});

t.test('a move to a CPU that is online, and is refused', async (t) => {
  const refuses = async () => {
    throw new ErrnoError('EINVAL', 'irq_set_affinity', 'not online');
  };
  const host = (state: string) => Object.assign(hostWithCpu({ state }, { cpus: 2 }), { moveLine: refuses });
  await t.rejects(moveBeside(host('online'), new Random(1)), { code: 'EINVAL' });
  await t.resolves(moveBeside(host('offline'), new Random(1)));
});

t.test('descriptors that are taken from a disabled queue', async (t) => {
  const { host } = yesHost({ full: 'drop', rate: 1000 }, { disable: async () => void setImmediate(take) });
  const { machine, plan } = host.supervisor.source;
  const consumer = new RxRingConsumer(machine.views, plan.nic.rings[0]!, plan.nicContext);
  const take = () => {
    consumer.claim();
    consumer.tail += 2;
    consumer.release();
  };
  await t.rejects(run('disable and enable', host), /^queue 0 is disabled, and 2 descriptors were taken from it/);
});

t.test('what was set, and is not', async (t) => {
  for (const { name } of OPERATIONS.filter(({ name }) =>
    /^(napi-set threaded=enabled|write gro|sysctl net)/.test(name),
  )) {
    await t.rejects(run(name, yesHost({}).host), /changed it from/, name);
  }
  const workers = yesHost({ napi: { threadWorker: false } }).host;
  await t.rejects(run('thread in its other form', workers), /thread-worker of 5 changed it from/);
});
