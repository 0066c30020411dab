// Cold. Runs on: main.
// Every option: what it refuses and in which words, its default, what it cannot be combined with.

import { availableParallelism } from 'node:os';
import t, { type Test } from 'tap';
import { parseRate, speedOf } from '../../src/coordinator/option-values.js';
import type { HostOptions } from '../../src/coordinator/options.js';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import { CaptureError, SoftirqOptionError, startHost } from '../../src/index.js';

const PKTGEN = { device: 'pktgen' };
const CAPTURE = { device: 'pcap:some.pcap' };

function refusal(options: unknown): unknown {
  try {
    return resolveOptions(options as HostOptions);
  } catch (error) {
    return error;
  }
}

/** The four things that a refusal says. `value` is compared as it is, `expected` by a pattern. */
function refuses(t: Test, options: object, option: string, value: unknown, expected: RegExp): void {
  const found = refusal(options);
  const name = `${option}=${shown(value)}`;
  if (!(found instanceof SoftirqOptionError)) {
    t.fail(`${name} is not refused by SoftirqOptionError`, { found });
    return;
  }
  t.equal(found.option, option, `${name}: names the option`);
  t.ok(Object.is(found.value, value), `${name}: has the value`);
  t.match(found.expected, expected, `${name}: says what would be right`);
  t.notMatch(found.message, /\n/, `${name}: one line`);
  t.ok(found.message.startsWith(`${option}=`), `${name}: the message begins with it`);
}

function shown(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

const integer = (min: number, max: number) => new RegExp(`^must be an integer from ${min} to ${max}$`);
const RING = /^must be a power of two from 64 to 4096$/;
const RATE = /packets per second .*K% of capacity, or max/;
const SIZE = /64 … 9216 bytes with FCS.* or imix/;

const BAD: readonly (readonly [keyof HostOptions, readonly unknown[], RegExp])[] = [
  ['device', [undefined, '', 'eth0', 'pcap', 'pcap:', 5], /^must be pktgen or pcap:FILE$/],
  ['cpus', [0, -1, 65, 1.5, 'two', {}], integer(1, 64)],
  ['queues', [0, 129, 2.5, 'x'], integer(1, 128)],
  ['ring', [0, 32, 100, 8192, 512.5, 'big', -64], RING],
  ['mode', ['polling', 1, ''], /^must be napi or interrupt$/],
  ['duration', [0, -1, 'soon'], /^must be a number of seconds over 0$/],
  ['packets', [0, -5, 1.5, 2 ** 53, 'many'], integer(1, Number.MAX_SAFE_INTEGER)],
  ['size', [63, 9217, 64.5, '', '64,', '64;128', 'IMIX', '64,10000', 'big', Number.NaN], SIZE],
  ['rate', [0, -1, 'fast', '', '5 k', '10x', '-3%', '0%', '2G', 2e9, Number.POSITIVE_INFINITY], RATE],
  ['flows', [0, 65_537, 1.5, 'x'], integer(1, 65_536)],
  ['ip', [5, '5', 'both', true], /^must be 4, 6 or mixed$/],
  ['arrival', ['burst', 0], /^must be constant or poisson or onoff$/],
  ['seed', [-1, 2 ** 32, 0.5, 'x'], integer(0, 0xffff_ffff)],
  ['full', ['block', 1], /^must be wait or drop$/],
  ['onCpuLoss', ['go on', 1], /^must be stop or migrate$/],
  ['lockupSeconds', [-1, 3601, 'soon', null], /^must be a number of seconds from 0 \(off\) to 3600$/],
  ['budget', [0, 1e6 + 1, 'x'], integer(1, 1e6)],
  ['budgetUsecs', [1999, 1e7 + 1, 0, 'x'], integer(2000, 1e7)],
  ['weight', [0, 65, 1.5, 'x'], integer(1, 64)],
  ['irq', ['level', 1], /^must be latch or nolatch$/],
  ['work', [-1, 1.5, 1e9 + 1, 'x'], integer(0, 1e9)],
  ['topFlows', [0, 1001, 1.5, 'all', true], integer(1, 1000)],
  ['pin', ['true', 1, 'yes'], /^must be true or false$/],
  ['checkBuffers', ['true', 0], /^must be true or false$/],
  ['spin', ['false', 0], /^must be true or false$/],
  ['sink', ['sink.js', {}, { url: './sink.js' }, { url: 5 }, () => {}], /absolute URL of a module$/],
  ['write', ['', '-', 5, true, 'a\0b'], /^must be the name of a file$/],
  ['writeDropped', ['', '-', 5, null, {}], /^must be the name of a file$/],
  [
    'task',
    ['task.js', '', 5, {}, { url: './task.js' }, { url: 'spin', nice: 3 }],
    /^must be spin, busy-poll, the absolute URL of a module, or/,
  ],
  ['execArgv', ['--flag', [1], {}], /./],
];

const BAD_FOR_CAPTURES: typeof BAD = [
  ['loop', [0, 1.5, 1e9 + 1, 'ever'], integer(1, 1e9)],
  [
    'speed',
    ['', 'fast', 'x', 'x0', 'x-1', '10', 3, 'xInfinity', 'xx2', `x1${'0'.repeat(400)}`],
    /^must be max, original,? or xN/,
  ],
];

t.test('bad values', async (t) => {
  for (const [option, values, expected] of BAD) {
    await t.test(option, async (t) => {
      for (const value of values) refuses(t, { ...PKTGEN, [option]: value }, option, value, expected);
    });
  }
  for (const [option, values, expected] of BAD_FOR_CAPTURES) {
    await t.test(option, async (t) => {
      for (const value of values) refuses(t, { ...CAPTURE, [option]: value }, option, value, expected);
    });
  }
});

t.test('tasks: one or several, by URL or with more', async (t) => {
  const tasks = (task: HostOptions['task']) => resolveOptions({ ...PKTGEN, task }).task;
  for (const wrong of [5, 'foo', ['spin'], { url: 'spin', nice: 3 }]) {
    for (const task of [[wrong], ['spin', wrong, 'bar']]) {
      refuses(t, { ...PKTGEN, task }, 'task', wrong, /^must be spin, busy-poll, the absolute URL/);
    }
  }
  const spin = { url: 'spin', name: 'spin', weight: 1024, data: null, capabilities: [] };
  t.same(tasks('spin'), [spin]);
  for (const weight of [14, 88_762, 20.5]) {
    const task = { url: 'spin', weight };
    refuses(t, { ...PKTGEN, task }, 'task', task, /^must have a weight from 15 to 88761$/);
  }
  t.same(tasks(new URL('file:///home/me/my-app.mjs')), [
    { ...spin, url: 'file:///home/me/my-app.mjs', name: 'my-app' },
  ]);
  t.same(tasks(['spin', { url: 'spin', name: 'low', weight: 15, data: 7 }]), [
    spin,
    { ...spin, name: 'low', weight: 15, data: 7 },
  ]);
});

t.test('tasks: capabilities, and the data of a built-in one', async (t) => {
  const tasks = (task: HostOptions['task']) => resolveOptions({ ...PKTGEN, task }).task;
  t.match(tasks({ url: 'spin', capabilities: ['CAP_NET_ADMIN'] }), [{ capabilities: ['CAP_NET_ADMIN'] }]);
  for (const capabilities of [['CAP_SYS_ADMIN'], [5]]) {
    const task = { url: 'spin', capabilities } as never;
    refuses(t, { ...PKTGEN, task }, 'task', task, /^must have capabilities among CAP_NET_ADMIN$/);
  }
  const data = { usecs: 0, budget: 64, prefer: false, workUsecs: 7 };
  t.match(tasks({ url: 'busy-poll', data }), [{ name: 'busy-poll', data }]);
  for (const wrong of [{ usecs: 10_001 }, { budget: 65 }, { prefer: 1 }, { workUsecs: '7' }, { usec: 5 }, 7]) {
    const task = { url: 'busy-poll', data: wrong };
    refuses(t, { ...PKTGEN, task }, 'task', task, /^busy-poll must have data \{usecs\?: 0 … 10000, /);
  }
  t.match(tasks({ url: 'spin', data: { usec: 5 } }), [{ data: { usec: 5 } }], 'others have what they like');
});

t.test('what is not a number is not taken for one', async (t) => {
  for (const value of [true, false, null, '', ' ', [2], new Date(2)]) {
    for (const option of ['cpus', 'packets', 'seed', 'work', 'duration', 'ring'] as const) {
      refuses(t, { ...PKTGEN, [option]: value }, option, value, /^must be /);
    }
  }
});

t.test('values that JSON does not know', async (t) => {
  const circle: unknown[] = [];
  circle.push(circle);
  for (const value of [10n, circle, Symbol('size'), () => {}, null]) {
    refuses(t, { ...PKTGEN, size: value }, 'size', value, SIZE);
    refuses(t, { ...PKTGEN, rate: value }, 'rate', value, RATE);
  }
});

t.test('the message shows the value that was given', async (t) => {
  const cases = [
    [{ cpus: Number.NaN }, /^cpus=NaN: /],
    [{ duration: Number.POSITIVE_INFINITY }, /^duration=Infinity: /],
    [{ ring: 'big' }, /^ring=big: must be a power of two/],
    [{ size: 63 }, /^size=63: /],
    [{ cpus: {} }, /^cpus=\{\}: /],
  ] as const;
  for (const [options, message] of cases) t.match((refusal({ ...PKTGEN, ...options }) as Error).message, message);
});

t.test('a value of several lines gives a message of one', async (t) => {
  for (const option of ['mode', 'rate', 'size', 'ring'] as const) {
    refuses(t, { ...PKTGEN, [option]: '1\n2' }, option, '1\n2', /./);
  }
});

t.test('unknown options', async (t) => {
  refuses(t, { ...PKTGEN, cpu: 2 }, 'cpu', 2, /^there is no such option; did you mean cpus\?$/);
  refuses(t, { ...PKTGEN, wibble: 1 }, 'wibble', 1, /^there is no such option$/);
  refuses(t, { ...PKTGEN, Queues: undefined }, 'Queues', undefined, /^there is no such option; did you mean queues\?$/);
  for (const options of [undefined, null, 5, 'pktgen', []]) t.type(refusal(options), SoftirqOptionError);
  const sink = { url: 'file:///sink.js', date: 1 };
  refuses(t, { ...PKTGEN, sink }, 'sink', sink, /\{url, data\?\}/);
});

t.test('options of the other device', async (t) => {
  const pktgenOnly = { size: 64, rate: 1000, flows: 2, ip: 4, arrival: 'constant', seed: 1 };
  for (const [option, value] of Object.entries(pktgenOnly)) {
    refuses(t, { ...CAPTURE, [option]: value }, option, value, /^is only for device pktgen, .* is pcap:some\.pcap$/);
  }
  for (const [option, value] of Object.entries({ loop: 2, speed: 'max' })) {
    refuses(t, { ...PKTGEN, [option]: value }, option, value, /^is only for device pcap:FILE, .* is pktgen$/);
  }
});

t.test('options that contradict each other', async (t) => {
  const interrupt = { ...PKTGEN, mode: 'interrupt' };
  for (const task of ['busy-poll', ['spin', { url: 'busy-poll', name: 'app' }]]) {
    refuses(t, { ...interrupt, task }, 'task', 'busy-poll', /^is only for mode napi: /);
  }
  const sysctl = { 'net.core.busy_poll': 50 };
  refuses(t, { ...interrupt, sysctl, task: 'busy-poll' }, 'task', 'busy-poll', /^is only for mode napi: /);
  t.match(refusal({ ...interrupt, sysctl, task: 'file:///my-app.js' }), { sysctl }, 'tasks of others may be there');
  for (const threaded of ['enabled', 'busy-poll'] as const) {
    const napi = { threaded, threadWorker: true };
    const problem = new RegExp(`^cannot go with napi threaded=${threaded} thread-worker=true: `);
    refuses(t, { ...PKTGEN, napi, task: 'busy-poll' }, 'task', 'busy-poll', problem);
    t.match(refusal({ ...PKTGEN, napi, task: 'spin' }), { napi });
    for (const bearable of [{ threaded }, { threadWorker: true }, { ...napi, threaded: 'disabled' }]) {
      t.match(refusal({ ...PKTGEN, napi: bearable, task: 'busy-poll' }), { napi: bearable });
    }
  }
  refuses(t, { ...PKTGEN, full: 'drop' }, 'full', 'drop', /cannot go with rate=max/);
  refuses(t, { ...PKTGEN, full: 'drop', rate: 'max' }, 'full', 'drop', /cannot go with rate=max/);
  refuses(t, { ...CAPTURE, full: 'drop' }, 'full', 'drop', /cannot go with speed=max/);
  refuses(t, { ...PKTGEN, arrival: 'poisson' }, 'arrival', 'poisson', /needs a rate that is not max/);
  refuses(t, { ...PKTGEN, size: 64, ip: 6 }, 'size', 64, /at least 74 with ip=6/);
  refuses(t, { ...PKTGEN, size: 'imix', ip: 'mixed' }, 'size', 'imix', /at least 74 with ip=mixed/);
  refuses(t, { ...PKTGEN, size: '1518,70', ip: '6' }, 'size', '1518,70', /at least 74 with ip=6/);
});

t.test('defaults for pktgen', async (t) => {
  const cpus = Math.max(1, availableParallelism() - 1);
  t.same(resolveOptions(PKTGEN), {
    attachments: 0,
    device: 'pktgen',
    cpus,
    queues: cpus,
    ring: 512,
    mode: 'napi',
    duration: 5,
    packets: null,
    size: 64,
    rate: 'max',
    flows: 64,
    ip: 4,
    arrival: 'constant',
    seed: 1,
    loop: null,
    speed: 'max',
    full: 'wait',
    topFlows: null,
    budget: 300,
    budgetUsecs: 2000,
    weight: 64,
    irq: 'latch',
    work: 0,
    verifyL4: false,
    onCpuLoss: 'stop',
    lockupSeconds: 20,
    pin: false,
    checkBuffers: false,
    spin: cpus + 1 <= availableParallelism(),
    sink: null,
    write: null,
    writeDropped: null,
    task: [],
    sysctl: {},
    napi: {},
    execArgv: null,
  });
});

t.test('defaults that depend on other options', async (t) => {
  t.equal(resolveOptions({ ...PKTGEN, cpus: 3 }).queues, 3, 'as many queues as CPUs');
  t.equal(resolveOptions({ ...PKTGEN, packets: 10 }).duration, null, 'packets end pktgen, or time');
  t.equal(resolveOptions({ ...PKTGEN, packets: 10, duration: 2 }).duration, 2);
  t.match(resolveOptions(CAPTURE), { duration: null, loop: 1, full: 'wait' }, 'a capture plays once');
  t.match(resolveOptions({ ...CAPTURE, duration: 3 }), { duration: 3, loop: null }, 'or as long as it is told');
  t.match(resolveOptions({ ...CAPTURE, duration: 3, loop: 2 }), { duration: 3, loop: 2 });
  for (const rate of [1000, '50%', '1.5M']) t.equal(resolveOptions({ ...PKTGEN, rate }).full, 'drop');
  for (const speed of ['original', 'x10']) t.equal(resolveOptions({ ...CAPTURE, speed }).full, 'drop');
  t.equal(resolveOptions({ ...PKTGEN, rate: 1000, full: 'wait' }).full, 'wait');
  t.equal(resolveOptions({ ...PKTGEN, cpus: 64 }).spin, false, 'more roles than cores: nobody spins');
  t.equal(resolveOptions({ ...PKTGEN, cpus: 64, spin: true }).spin, true, 'unless told to');
});

t.test('numbers may be text, as on a command line', async (t) => {
  const text = { cpus: '2', ring: '128', duration: '1.5', packets: '10', flows: '3', seed: '0', work: '300' };
  const numbers = { cpus: 2, ring: 128, duration: 1.5, packets: 10, flows: 3, seed: 0, work: 300 };
  t.match(resolveOptions({ ...PKTGEN, ...text } as unknown as HostOptions), numbers);
});

t.test('rates', async (t) => {
  const good = { 2000: { pps: 2000 }, '0.5': { pps: 0.5 }, '500k': { pps: 5e5 }, '1.5M': { pps: 1.5e6 } };
  for (const [text, rate] of Object.entries(good)) t.same(parseRate(text), rate);
  const more = { '1G': { pps: 1e9 }, '1e6': { pps: 1e6 }, '300%': { percent: 300 }, '12.5%': { percent: 12.5 } };
  for (const [text, rate] of Object.entries(more)) t.same(parseRate(text), rate);
  t.same(parseRate(2000), { pps: 2000 });
  t.equal(parseRate('max'), 'max');
  refuses(t, { ...PKTGEN, rate: '1e999%' }, 'rate', '1e999%', RATE);
});

t.test('speeds', async (t) => {
  t.equal(speedOf({ speed: 'max' }), Number.POSITIVE_INFINITY);
  t.equal(speedOf({ speed: 'original' }), 1);
  t.equal(speedOf({ speed: 'x0.5' }), 0.5);
  t.equal(speedOf({ speed: 'x100' }), 100);
});

t.test('startHost refuses before any thread starts', async (t) => {
  await t.rejects(startHost({ device: 'pktgen', cpus: 0 }), SoftirqOptionError);
  await t.rejects(startHost({ device: 'pktgen', flows: 65_536, size: '9000,9001,9002' }), {
    name: 'SoftirqOptionError',
    option: 'flows',
  });
  await t.rejects(startHost({ device: 'pcap:/no/such/file' }), CaptureError);
  t.notOk(process.getActiveResourcesInfo().includes('MessagePort'), 'there is no worker');
});
