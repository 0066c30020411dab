// Cold. Runs on: main; starts real threads.
// Captures as a machine replays them: gap by gap, in order, in passes, up to where they break off.

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import t from 'tap';
import {
  BrokenCaptureError,
  CaptureError,
  type HostOptions,
  type Snapshot,
  SoftirqOptionError,
} from '../../src/index.js';
import { Random } from '../../src/runtime/random.js';
import { Pcapng } from '../capture/pcapng-of.js';
import { captureOf, type Packet } from '../nic/captures.js';
import { untilInTime } from './attempts.js';
import { FILE_MS, run, start, within } from './machine.js';

t.setTimeout(FILE_MS);

const LOCAL_EXPERIMENTAL = 0x88b5;

/** Frame `number`, which carries its number, at a time in ns. */
function numbered(number: number, timeNs: number, length = 60): Packet {
  const bytes = Buffer.alloc(length);
  if (length >= 18) {
    bytes.writeUInt16BE(LOCAL_EXPERIMENTAL, 12);
    bytes.writeUInt32BE(number, 14);
  }
  return { seconds: Math.floor(timeNs / 1e9), fraction: timeNs % 1e9, bytes };
}

interface Seen {
  readonly snapshot: Snapshot;
  readonly times: readonly number[];
  readonly numbers: readonly number[];
}

async function replay(options: HostOptions, packets: number): Promise<Seen> {
  const data = new SharedArrayBuffer(8 * (1 + 2 * packets));
  const sink = { url: new URL('sinks/arrival-times.js', import.meta.url), data };
  const snapshot = await run({ cpus: 1, ...options, sink });
  const doubles = new Float64Array(data);
  const pairs = Array.from({ length: doubles[0]! }, (_, i) => doubles.subarray(1 + 2 * i, 3 + 2 * i));
  return { snapshot, times: pairs.map(([time]) => time!), numbers: pairs.map(([, number]) => number!) };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const gaps = (times: readonly number[]) => times.slice(1).map((time, i) => time - times[i]!);
const ascending = (count: number) => Array.from({ length: count }, (_, i) => i);

const GAP_ERROR_NS_MAX = 50_000;
/**
 * On a crowded system, where a thread waits for its core: how late a packet may be in the median, against the one that is least so,
 * as a part of the whole capture. At full speed it would be half.
 */
const LATE_MAX = 0.25;
const SWITCHES_PER_SECOND_MAX = 50;
const GAP_NS_MIN = 0.2e6;
const GAP_NS_RATIO = 100; // to 20 ms

t.test('at its own speed: every gap within 50 µs in the median, nothing reordered', async (t) => {
  const random = new Random(3);
  let now = 1_000_000_000;
  const recorded = ascending(400).map(() => (now += Math.round(GAP_NS_MIN * GAP_NS_RATIO ** random.next())));
  const path = `${t.testdir()}/gaps.pcap`;
  writeFileSync(
    path,
    captureOf(
      recorded.map((time, i) => numbered(i, time)),
      { resolution: 'ns' },
    ),
  );
  const measure = () => replay({ device: `pcap:${path}`, speed: 'original' }, 400);
  const errorOf = ({ times }: Seen) => median(gaps(times).map((gap, i) => Math.abs(gap - gaps(recorded)[i]!)));
  const seen = await untilInTime(measure, (seen) => errorOf(seen) < GAP_ERROR_NS_MAX);
  t.same(seen.numbers, ascending(400));
  const lates = seen.times.map((time, i) => time - recorded[i]!);
  const late = median(lates) - Math.min(...lates);
  const { noise, durationSeconds } = seen.snapshot;
  const switches = (noise.involuntarySwitches ?? 0) / durationSeconds;
  t.comment(
    `gap error: median ${(errorOf(seen) / 1000).toFixed(1)} µs; ${(late / 1e6).toFixed(2)} ms late in the median`,
  );
  t.comment(`load ${noise.loadAverage.toFixed(2)}, ${switches.toFixed(0)} involuntary switches/s`);
  t.ok(late < LATE_MAX * (recorded.at(-1)! - recorded[0]!), `${late} ns late`);
  const crowded = noise.loadAverage > availableParallelism() || switches > SWITCHES_PER_SECOND_MAX;
  if (!crowded) t.ok(errorOf(seen) < GAP_ERROR_NS_MAX, `median ${errorOf(seen)} ns`);
});

t.test('times that go backwards: at once, in order, counted', async (t) => {
  const path = `${t.testdir()}/backwards.pcap`;
  const recorded = [1e9, 1.2e9, 1.1e9, 1.15e9, 1.4e9];
  writeFileSync(
    path,
    captureOf(
      recorded.map((time, i) => numbered(i, time)),
      { resolution: 'ns' },
    ),
  );
  const measure = () => replay({ device: `pcap:${path}`, speed: 'x2' }, 5);
  const inTime = ({ times }: Seen) => {
    const [first, second, third, fourth] = gaps(times) as [number, number, number, number];
    return first > 50e6 && second < 50e6 && third < 50e6 && fourth > 50e6;
  };
  const seen = await untilInTime(measure, inTime);
  t.same(seen.numbers, ascending(5));
  t.equal(seen.snapshot.nics[0]!.capture!.backwardTimestamps, 1);
  t.ok(inTime(seen), `${gaps(seen.times)}`);
});

t.test('passes: of a capture that is held, of one that is larger than a window, of one that is limited', async (t) => {
  const folder = t.testdir();
  const shapes: readonly (readonly [string, number, number])[] = [
    ['one', 1, 60],
    ['held', 100, 60],
    ['large', 3000, 1514],
  ];
  for (const [name, count, length] of shapes) {
    const path = `${folder}/${name}.pcap`;
    writeFileSync(
      path,
      captureOf(
        ascending(count).map((i) => numbered(i, i * 1000, length)),
        { resolution: 'ns' },
      ),
    );
    for (const speed of ['max', 'original']) {
      const options = { device: `pcap:${path}`, loop: 3, speed, full: 'wait' } as const;
      const { snapshot, numbers } = await replay(options, 3 * count);
      t.same(numbers, [...ascending(count), ...ascending(count), ...ascending(count)], `${name}, ${speed}`);
      t.match(snapshot.nics[0]!.capture, { packets: count, format: 'pcap', gzip: false, error: null });
    }
    const limited = await replay({ device: `pcap:${path}`, loop: 3, packets: count + 1 }, 3 * count);
    t.same(limited.numbers, [...ascending(count), 0]);
  }
});

t.test('the next pass follows after the duration and one mean gap', async (t) => {
  const path = `${t.testdir()}/passes.pcap`;
  writeFileSync(
    path,
    captureOf(
      [0, 50e6, 200e6].map((time, i) => numbered(i, time)),
      { resolution: 'ns' },
    ),
  );
  const measure = () => replay({ device: `pcap:${path}`, loop: 3, speed: 'original' }, 9);
  const wrong = ({ times }: Seen) => gaps(times).map((gap, i) => gap - [50e6, 150e6, 100e6][i % 3]!);
  const inTime = (seen: Seen) => wrong(seen).every((ns) => Math.abs(ns) < 40e6);
  const seen = await untilInTime(measure, inTime);
  t.ok(inTime(seen), `${wrong(seen)}`);
});

t.test('packets that are no frames are dropped at the NIC, and the replay goes on', async (t) => {
  const path = `${t.testdir()}/lengths.pcap`;
  const lengths = [60, 0, 9216, 9217, 70_000, 262_144, 60];
  writeFileSync(
    path,
    captureOf(
      lengths.map((length, i) => numbered(i, i * 1e6, length)),
      { resolution: 'ns' },
    ),
  );
  for (const speed of ['max', 'original']) {
    const { snapshot, numbers } = await replay({ device: `pcap:${path}`, speed }, 7);
    t.same(numbers, [0, 2, 6]);
    t.equal(snapshot.nics[0]!.rxLengthErrors, 4);
    t.match(snapshot.conservation, { offered: 7, delivered: 3, dropped: 4, holds: true });
  }
});

t.test('a capture that breaks off: all before is delivered, and then told', async (t) => {
  const folder = t.testdir();
  const whole = captureOf(
    ascending(3000).map((i) => numbered(i, i * 1000, 1514)),
    { resolution: 'ns' },
  );
  const ng = new Pcapng();
  const frame = numbered(0, 0).bytes;
  const cases: readonly (readonly [string, Buffer, number, RegExp])[] = [
    ['cut', whole.subarray(0, 24 + 1530 * 2000 + 100), 2000, /packet 2001 at byte 3060024 breaks off: 84 of the 1514/],
    [
      'link',
      Buffer.concat([
        ng.section(),
        ng.interface(1),
        ng.interface(105),
        ng.enhanced(0, 0n, frame),
        ng.enhanced(1, 0n, frame),
      ]),
      1,
      /packet 2 at byte 160 has link type 105/,
    ],
    [
      'block',
      Buffer.concat([ng.section(), ng.interface(1), ng.enhanced(0, 0n, frame), ng.words(10, 0xfffffff0, 0)]),
      1,
      /the block at byte 140 says that it has 4294967280/,
    ],
  ];
  for (const [name, bytes, before, problem] of cases) {
    const path = `${folder}/${name}`;
    writeFileSync(path, bytes);
    const host = await start({ device: `pcap:${path}`, loop: 2, cpus: 1 });
    const error = await within(
      host.done.then(
        () => null,
        (fault: unknown) => fault,
      ),
      10_000,
      () => name,
    );
    if (!(error instanceof BrokenCaptureError)) return void t.fail(`${name}: ${error}`);
    t.match(error.problem, problem);
    t.equal(error.path, path);
    t.match(error.snapshot.conservation, { offered: before, delivered: before, holds: true });
    t.equal(error.snapshot.nics[0]!.capture!.error, error.problem);
    t.equal(host.snapshot().nics[0]!.capture!.error, error.problem, 'snapshot() knows it too');
  }
});

t.test('what lies beyond the last packet that was asked for harms nobody', async (t) => {
  const path = `${t.testdir()}/cut.pcap`;
  writeFileSync(path, captureOf(ascending(10).map((i) => numbered(i, i))).subarray(0, -1));
  const { numbers } = await replay({ device: `pcap:${path}`, packets: 9 }, 9);
  t.same(numbers, ascending(9));
});

t.test('refused before any thread starts', async (t) => {
  const folder = t.testdir();
  const refused = async (bytes: Uint8Array, problem: RegExp) => {
    const path = `${folder}/capture`;
    writeFileSync(path, bytes);
    const error = await start({ device: `pcap:${path}` }).then(
      () => null,
      (fault: unknown) => fault,
    );
    t.ok(error instanceof CaptureError && !(error instanceof BrokenCaptureError));
    t.match((error as CaptureError).problem, problem);
  };
  await refused(Buffer.from('text'), /not a capture/);
  await refused(captureOf([]), /no packets/);
  await refused(captureOf([numbered(0, 0)], { linkType: 105 }), /link type 105/);
  await refused(captureOf([numbered(0, 0)]).subarray(0, 50), /packet 1 at byte 24 breaks off/);
  await t.rejects(start({ device: `pcap:${folder}` }), /a directory/);
  await t.rejects(start({ device: 'pcap:-', loop: 2 }), SoftirqOptionError);
});
