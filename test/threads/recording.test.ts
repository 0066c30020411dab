// Cold. Runs on: main; starts real threads.
// --write and --write-dropped: every packet that was delivered, or dropped, is in its file once, with its bytes, in the order
// of its queue; whoever writes, and however the machine ends.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { RunningHost } from '../../src/coordinator/host.js';
import { type HostOptions, MALFORMED_REASONS, RoleError, type Snapshot } from '../../src/index.js';
import { ethernet, ipv4, udp } from '../bursts/frames.js';
import { readPcapng } from '../capture/read-pcapng.js';
import { captureOf } from '../nic/captures.js';
import { capinfos, NO_TSHARK } from '../tshark.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, run, start, within } from './machine.js';
import { FlowsFound, partsLeft, readRecorded } from './recorded.js';

const LIMIT_MS = 30_000;
const PACKETS = 60_000;
const BURST = 64;

t.setTimeout(FILE_MS);

/** The counters agree with the files, and nothing is left of what these were made from. */
function checkFiles(t: Test, { recordings }: Snapshot): void {
  for (const { path, packets, bytes } of recordings) {
    t.equal(readRecorded(path).packets.length, packets, 'as many packets as were counted');
    t.equal(statSync(path).size, bytes, 'as many bytes');
    t.same(partsLeft(path), []);
    if (!NO_TSHARK) t.match(capinfos(path), /Strict time order: +True/);
  }
}

function dropsOf({ nics, stack }: Snapshot): Record<string, number> {
  const all = { ...stack.malformed, ...stack.dropped, rxMissedErrors: nics[0]!.rxMissedErrors };
  return Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0));
}

t.test('delivered: each flow whole and in order, byte for byte', async (t) => {
  const cases: readonly (readonly [name: string, options: Partial<HostOptions>])[] = [
    ['one CPU, one queue', { cpus: 1, queues: 1 }],
    ['two CPUs, four queues', { cpus: 2, queues: 4 }],
    ['jumbo frames', { cpus: 1, queues: 2, size: '64,1518,4096,9000,9216', packets: 8000 }],
    ['two CPUs, jumbo frames', { cpus: 2, queues: 2, size: '9000,64', packets: 8000 }],
  ];
  for (const [name, options] of cases) {
    await t.test(name, async (t) => {
      const write = join(t.testdir(), 'out.pcapng');
      const all = { device: 'pktgen', packets: PACKETS, ...options, write };
      const sent = new SentFlows(all);
      const snapshot = await run(all, LIMIT_MS);
      checkFiles(t, snapshot);
      t.equal(snapshot.recordings[0]!.packets, snapshot.stack.delivered);
      const found = new FlowsFound(sent, readRecorded(write).packets);
      t.same(found.disorder(), [], 'in order');
      t.same(found.lost(snapshot.conservation.offered), [], 'all');
    });
  }
});

const OVERLOAD = { cpus: 1, queues: 1, mode: 'interrupt', rate: '300k', work: 20_000, ring: 4096 } as const;

t.test('overload: what was dropped is recorded, with its reason', async (t) => {
  const cases: readonly (readonly [name: string, options: Partial<HostOptions>])[] = [
    ['missed at the ring', { cpus: 1, queues: 2, rate: '4M', work: 2000 }],
    ['missed at the ring, numbered jumbo frames', { cpus: 2, queues: 2, rate: '2M', size: '64,9000', ring: 64 }],
    ['backlog full', OVERLOAD],
    ['flow limit', { ...OVERLOAD, flows: 1, sysctl: { 'net.core.flow_limit_cpu_bitmap': 1 } }],
  ];
  for (const [name, options] of cases) {
    for (const shared of [true, false]) {
      await t.test(`${name}, ${shared ? 'one file' : 'two files'}`, async (t) => {
        const write = join(t.testdir(), 'out.pcapng');
        const writeDropped = shared ? write : join(t.testdir(), 'dropped.pcapng');
        const all = { device: 'pktgen', packets: PACKETS / 2, ...options, write, writeDropped };
        const sent = new SentFlows(all);
        const snapshot = await run(all, LIMIT_MS);
        checkFiles(t, snapshot);
        const files = snapshot.recordings.map(({ path }) => readRecorded(path));
        t.equal(files.length, shared ? 1 : 2);
        const { '': delivered = 0, ...drops } = Object.assign({}, ...files.map(({ comments }) => comments));
        t.equal(delivered, snapshot.stack.delivered);
        t.same(drops, dropsOf(snapshot), 'by reason, as counted');
        const packets = files.flatMap((file) => file.packets);
        t.same(new FlowsFound(sent, packets).lost(snapshot.conservation.offered), [], 'delivered or dropped: all');
        t.same(
          new FlowsFound(
            sent,
            packets.filter(({ comment }) => comment === null),
          ).disorder(),
          [],
          'in order',
        );
        t.ok(snapshot.conservation.dropped > 100, 'some were dropped', drops);
        t.equal(snapshot.cpus[0]!.flowLimitCount > 0, options.sysctl !== undefined);
      });
    }
  }
});

t.test('malformed frames, each with its reason and its bytes', async (t) => {
  const folder = t.testdir();
  const good = Uint8Array.from(ethernet(0x0800, ipv4(17, udp([1, 2, 3]))));
  const wrongSum = Uint8Array.from(ethernet(0x0800, ipv4(17, udp([4, 5, 6]))));
  wrongSum[24] = wrongSum[24]! ^ 0xff;
  const short = good.subarray(0, 20);
  const frames = [good, wrongSum, good, short, wrongSum];
  const capture = join(folder, 'in.pcap');
  writeFileSync(capture, captureOf(frames.map((bytes, i) => ({ seconds: i, fraction: 0, bytes }))));
  const [write, writeDropped] = [join(folder, 'good.pcapng'), join(folder, 'bad.pcapng')];
  const options = { device: `pcap:${capture}`, loop: 1000, cpus: 2, queues: 2, write, writeDropped };
  const snapshot = await run(options, LIMIT_MS);
  checkFiles(t, snapshot);
  const [delivered, dropped] = [readRecorded(write), readRecorded(writeDropped)];
  t.same(delivered.comments, { '': 2000 });
  t.ok(delivered.packets.every(({ bytes }) => bytes.equals(good)));
  t.same(dropped.comments, { ipv4Checksum: 2000, ipv4Truncated: 1000 });
  t.same(dropped.comments, dropsOf(snapshot));
  const bytesOf = { ipv4Checksum: wrongSum, ipv4Truncated: short } as Record<string, Uint8Array>;
  t.ok(dropped.packets.every(({ bytes, comment }) => bytes.equals(bytesOf[comment!]!)));
  t.ok(dropped.packets.every(({ comment }) => MALFORMED_REASONS.includes(comment as never)));
});

t.test('frames that no queue was picked for are recorded as of the device', async (t) => {
  const folder = t.testdir();
  const frames = [60, 0, 9217, 60, 70_000].map((length) => new Uint8Array(length).fill(length));
  const capture = join(folder, 'in.pcap');
  writeFileSync(capture, captureOf(frames.map((bytes, i) => ({ seconds: i, fraction: 0, bytes }))));
  const [write, writeDropped] = [join(folder, 'good.pcapng'), join(folder, 'bad.pcapng')];
  const snapshot = await run({ device: `pcap:${capture}`, cpus: 1, queues: 2, write, writeDropped }, LIMIT_MS);
  checkFiles(t, snapshot);
  const [delivered, dropped] = [write, writeDropped].map((path) => readPcapng(readFileSync(path)));
  t.same(delivered!.interfaces, ['nic0/0', 'nic0/1'], 'a device delivers by its queues');
  t.same(dropped!.interfaces, ['nic0/0', 'nic0/1', 'nic0']);
  const found = dropped!.packets.map(({ interface: id, bytes, comment }) => [id, bytes.length, comment]);
  t.same(
    found,
    [0, 9217, 70_000].map((length) => [2, length, 'rxLengthErrors']),
  );
  const counts = dropped!.statistics.map(({ received, dropped }) => [Number(received), Number(dropped)]);
  t.same(counts.at(-1), [3, 3]);
  t.equal(counts[0]![0]! + counts[1]![0]!, 2);
  t.ok(counts.slice(0, 2).every(([, dropped]) => dropped === 0));
});

t.test('a recording without packets begins when it began', async (t) => {
  const before = BigInt(Date.now()) * 1_000_000n;
  const folder = t.testdir();
  const [pipe, write] = [join(folder, 'in'), join(folder, 'out.pcapng')];
  execFileSync('mkfifo', [pipe]);
  const sender = openSync(pipe, 'r+'); // Whoever opens it to write alone waits for a reader.
  t.teardown(() => closeSync(sender));
  writeSync(sender, captureOf([]));
  const host = await start({ device: `pcap:${pipe}`, cpus: 1, write });
  void host.stop();
  await endsWithin(host, LIMIT_MS);
  const after = BigInt(Date.now() + 1) * 1_000_000n;
  const { packets, statistics } = readPcapng(readFileSync(write));
  t.same(packets, []);
  const { start: began, end } = statistics[0]!;
  t.ok(before <= began && began <= end && end <= after, `${began} to ${end}, in ${before} to ${after}`);
});

t.test('a line that moves to and fro between two CPUs: the file keeps the order of the queue', async (t) => {
  const write = join(t.testdir(), 'out.pcapng');
  const options = { device: 'pktgen', cpus: 2, queues: 1, ring: 64, packets: 200_000, write } as const;
  const sent = new SentFlows(options);
  const host = await start(options);
  const moving = moveToAndFro(host);
  const snapshot = await endsWithin(host, LIMIT_MS);
  const moves = await moving;
  checkFiles(t, snapshot);
  const found = new FlowsFound(sent, readRecorded(write).packets);
  t.same(found.disorder(), []);
  t.same(found.lost(200_000), []);
  t.ok(
    snapshot.cpus.every(({ processed }) => processed > 1000),
    'both CPUs wrote',
    { moves },
  );
  t.comment(`${moves} moves`);
});

async function moveToAndFro(host: RunningHost): Promise<number> {
  let moves = 0;
  for (; !host.supervisor.ended; moves += 1) {
    await host.moveLine(0, (moves + 1) % 2);
    await delay(1);
  }
  return moves;
}

t.test('while traffic runs, recordings grow', async (t) => {
  const write = join(t.testdir(), 'out.pcapng');
  const host = await start({ device: 'pktgen', cpus: 1, rate: '20k', duration: 60, write });
  while (host.snapshot().recordings[0]!.packets === 0) await delay(1);
  const { packets, bytes } = host.snapshot().recordings[0]!;
  t.ok(bytes > packets * 92);
  void host.stop();
  const snapshot = await endsWithin(host, LIMIT_MS);
  t.ok(snapshot.recordings[0]!.packets >= packets);
  checkFiles(t, snapshot);
});

t.test('an idle CPU writes what it has: nothing waits for the end', async (t) => {
  const write = join(t.testdir(), 'out.pcapng');
  const host = await start({ device: 'pktgen', cpus: 1, rate: '2000', duration: 60, write });
  const began = Date.now();
  while (statSync(write).size < 2000 && Date.now() - began < LIMIT_MS) await delay(5);
  t.ok(statSync(write).size >= 2000, 'there are packets in the file');
  void host.stop();
  checkFiles(t, await endsWithin(host, LIMIT_MS));
});

t.test('a thread that dies: what was recorded until then is put in order all the same', async (t) => {
  for (const role of ['cpu1', 'nic0']) {
    await t.test(role, async (t) => {
      const write = join(t.testdir(), 'out.pcapng');
      const options = {
        device: 'pktgen',
        cpus: 2,
        queues: 2,
        rate: '1M',
        duration: 60,
        write,
        writeDropped: write,
      } as const;
      const sent = new SentFlows(options);
      const host = await start(options);
      while (host.snapshot().cpus.some(({ processed }) => processed < 5000)) await delay(1);
      void host.supervisor.kill(role);
      const error = await within(host.done, LIMIT_MS, () => 'done does not reject').then(
        () => null,
        (error) => error,
      );
      t.type(error, RoleError);
      t.equal((error as RoleError).role, role);
      const { packets, comments } = readRecorded(write);
      const counted = host.snapshot().recordings[0]!.packets;
      t.ok(Math.abs(packets.length - counted) <= 3 * BURST, `${packets.length} packets, ${counted} counted`);
      const delivered = packets.filter(({ comment }) => comment === null);
      t.same(new FlowsFound(sent, delivered).disorder(), []);
      t.same(partsLeft(write), []);
      t.comment(comments);
    });
  }
});
