// Cold. Runs on: main; starts real threads.
// Nothing is lost silently: offered = delivered + drops + in flight, and every byte of every packet, in every mode, at
// every kind of stop.

import { totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { HostOptions, Snapshot } from '../../src/index.js';
import { Random } from '../../src/runtime/random.js';
import { createBuckets } from './buckets.js';
import { Packet, sequenceShare } from './checksum.js';
import { FIXTURE, readFixture } from './fixture.js';
import { SentFlows } from './flows.js';
import { endsWithin, FILE_MS, LONG, run, start } from './machine.js';

const MODES = [
  { mode: 'napi', irq: 'latch' },
  { mode: 'napi', irq: 'nolatch' },
  { mode: 'interrupt', irq: 'latch' },
] as const;

// Full speed; a rate that is not full speed, but may be over what the host takes; far more than it takes.
const LOADS = [
  { rate: 'max', full: 'wait' },
  { rate: '150k', arrival: 'poisson', full: 'wait' },
  { rate: '20M', full: 'drop' },
  { rate: '200k', arrival: 'onoff', full: 'drop' },
] as const;

const STOPS = ['packets', 'duration', 'stop()'] as const;

const SHAPES = [
  { cpus: 1, queues: 1, size: 64 },
  { cpus: 2, queues: 2, size: 'imix' },
  { cpus: 1, queues: 3, size: '64,9000' },
  { cpus: 2, queues: 1, size: '9000,1518,64,4096', ring: 64 },
  { cpus: 3, queues: 5, size: '82,570', ip: 'mixed', ring: 64, flows: 1000 },
] as const;

const SECONDS = 0.2;
const PACKETS = 30_000;
const STOP_AFTER_MS = 150;
const LIMIT_MS = 20_000;

type Stop = (typeof STOPS)[number];

interface Case {
  readonly name: string;
  readonly stop: Stop;
  readonly options: HostOptions;
}

/** Every mode under every load with every stop; the shapes go round, or all of them in the long form. */
function cases(): Case[] {
  const plain = MODES.flatMap((mode) => LOADS.flatMap((load) => STOPS.map((stop) => ({ mode, load, stop }))));
  return plain.flatMap(({ mode, load, stop }, index) => {
    const shapes = LONG ? SHAPES : [SHAPES[index % SHAPES.length]!];
    return shapes.map((shape) => {
      const options = { device: 'pktgen', seed: index, ...mode, ...load, ...shape };
      const name = [mode.mode, mode.irq, load.rate, load.full, ...Object.values(shape), `ends by ${stop}`].join(' ');
      return { name, stop, options };
    });
  });
}

async function runCase({ stop, options }: Case, sink: HostOptions['sink']): Promise<Snapshot> {
  const limits = { packets: stop === 'packets' ? PACKETS : undefined, duration: stop === 'duration' ? SECONDS : 60 };
  const host = await start({ ...options, ...limits, sink });
  if (stop !== 'stop()') return endsWithin(host, LIMIT_MS);
  await delay(STOP_AFTER_MS);
  void host.stop().catch(() => {}); // endsWithin() reports it.
  return endsWithin(host, LIMIT_MS);
}

function checkLaw(t: Test, { conservation: law, nics, stack }: Snapshot): void {
  const drops = [...Object.values(stack.malformed), ...Object.values(stack.dropped), nics[0]!.rxMissedErrors];
  const dropped = drops.reduce((sum, count) => sum + count, 0);
  t.equal(law.holds, true);
  t.equal(law.offered, law.delivered + dropped + law.inFlight, 'offered = delivered + drops by reason + in flight');
  t.equal(law.offered, nics[0]!.offeredPackets);
  t.equal(nics[0]!.rxPackets, law.offered - nics[0]!.rxMissedErrors, 'what was not missed was put in a ring');
  t.equal(law.inFlight, 0, 'the CPUs have drained what was in flight');
}

function checkPackets(t: Test, sent: SentFlows, snapshot: Snapshot): void {
  const { conservation: law, nics, stack } = snapshot;
  const lossless = law.dropped === 0;
  t.same(sent.faults(law.offered, lossless), [], 'each flow whole and in order, each packet as it was sent');
  t.equal(sent.packets(), law.delivered, 'the sink has seen what was delivered');
  t.ok(sent.skipped() <= law.dropped, 'nothing is missing that was not counted as dropped');
  if (lossless) t.equal(stack.deliveredBytes, nics[0]!.offeredBytes, 'delivered bytes equal sent bytes');
}

t.setTimeout(FILE_MS);

t.test('the checksum that a test expects of a packet is that of its bytes', async (t) => {
  const random = new Random(1);
  for (const shape of [{ size: 'imix' }, { size: '82,9000,1517', ip: 'mixed' }, { size: 9216, ip: 6 }] as const) {
    const sent = new SentFlows({ device: 'pktgen', flows: 8, ...shape });
    const packet = new Packet();
    for (let record = 0; record < sent.table.tableLength; record += 1) {
      const first = packet.checksum(sent.frame(record, 0, packet));
      const sequence = random.word();
      const length = sent.frame(record, sequence, packet);
      const found = packet.checksum(length);
      if (found !== ((first + sequenceShare(sequence)) | 0)) t.fail(`record ${record}, sequence ${sequence}`);
    }
    t.pass(`${sent.table.tableLength} records of ${shape.size}`);
  }
});

t.test('pktgen', async (t) => {
  for (const one of cases()) {
    await t.test(one.name, async (t) => {
      const sent = new SentFlows(one.options);
      const snapshot = await runCase(one, sent.sink);
      checkLaw(t, snapshot);
      checkPackets(t, sent, snapshot);
      const { rxMissedErrors } = snapshot.nics[0]!;
      if (one.options.full === 'wait') t.equal(rxMissedErrors, 0, 'a NIC that waits misses nothing');
      if (one.options.mode === 'napi') t.equal(snapshot.stack.dropped.backlog, 0, 'NAPI has no backlog');
      if (one.stop === 'packets') t.equal(snapshot.conservation.offered, PACKETS);
      const { offered, delivered } = snapshot.conservation;
      t.comment(`offered ${offered}, delivered ${delivered}, missed ${rxMissedErrors}`);
    });
  }
});

// The largest machine that the options allow: its buffers lie beyond 2 GiB, where an int32 address is negative.
const LARGE: HostOptions = {
  device: 'pktgen',
  mode: 'interrupt',
  queues: 128,
  ring: 4096,
  size: '64,9000',
  flows: 1000,
  rate: '20k',
  full: 'wait',
  packets: 4000,
};
const LARGE_BYTES = 8 * 2 ** 30; // Only what is used of it is ever there, but not every system lends 4 GiB on credit.

t.test('a memory of nearly 4 GiB', { skip: totalmem() < LARGE_BYTES && 'too little memory' }, async (t) => {
  const sent = new SentFlows(LARGE);
  const snapshot = await run({ ...LARGE, sink: sent.sink }, LIMIT_MS);
  checkLaw(t, snapshot);
  checkPackets(t, sent, snapshot);
  t.ok(snapshot.nics[0]!.queues.at(-1)!.rxPackets > 0, 'the last queue had packets');
});

t.test('the fixture capture', async (t) => {
  const fixture = readFixture();
  for (const mode of MODES) {
    for (const shape of [
      { cpus: 1, queues: 1 },
      { cpus: 2, queues: 4, ring: 64 },
    ]) {
      // In interrupt mode slowly: its backlog drops what a CPU cannot take at once, and other processes can hold a CPU up.
      const [speed, passes] = mode.mode === 'napi' ? ['max', 200] : ['x50', 20];
      await t.test(`${mode.mode} ${mode.irq}, ${shape.queues} queues, speed ${speed}`, async (t) => {
        const found = createBuckets();
        const sink = { url: new URL('sinks/capture-check.js', import.meta.url), data: found.words };
        const device = `pcap:${FIXTURE}`;
        const snapshot = await run({ device, speed, full: 'wait', loop: passes, ...mode, ...shape, sink }, LIMIT_MS);
        checkLaw(t, snapshot);
        t.equal(snapshot.conservation.delivered, fixture.frames * passes, 'every frame of every pass');
        t.equal(snapshot.stack.deliveredBytes, fixture.bytes * passes, 'delivered bytes equal sent bytes');
        t.same(found.lines(), fixture.expected(passes).lines(), 'as they were recorded, in order within each flow');
      });
    }
  }
});
