// Cold. Runs on: main; starts real threads.
// The identities between counters, exact at every kind of stop (the run asserts them itself; here they are computed anew),
// and what a snapshot has in it.

import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  type Host,
  type HostOptions,
  MALFORMED_REASONS,
  PROTOCOL_NAMES,
  type ProtocolNode,
  type Snapshot,
} from '../../src/index.js';
import { FIXTURE } from './fixture.js';
import { endsWithin, start, within } from './machine.js';

const LIMIT_MS = 20_000;
const STOP_AFTER_MS = 200;

const LOADS: readonly HostOptions[] = [
  { device: 'pktgen', rate: 'max', cpus: 1, queues: 1 },
  { device: 'pktgen', rate: 'max', cpus: 2, queues: 3, ring: 64, weight: 16, irq: 'nolatch' },
  { device: 'pktgen', rate: '100k', arrival: 'poisson', cpus: 2, queues: 2, irq: 'nolatch' },
  { device: 'pktgen', rate: '20M', cpus: 1, queues: 2, work: 300, budget: 64 },
  { device: 'pktgen', rate: '100k', arrival: 'onoff', cpus: 1, queues: 4, spin: false },
  { device: `pcap:${FIXTURE}`, speed: 'x200', cpus: 1, queues: 2 },
];

const STOPS: Readonly<Record<string, Partial<HostOptions>>> = {
  packets: { packets: 20_000 },
  duration: { duration: 0.2 },
  'stop()': { duration: 60 },
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

async function runTo(stop: string, load: HostOptions): Promise<Snapshot> {
  const endless = load.device === 'pktgen' ? {} : { loop: 1000 };
  const host = await start({ ...load, ...endless, ...STOPS[stop] });
  if (stop === 'stop()') {
    await delay(STOP_AFTER_MS);
    await processes(host);
    void host.stop().catch(() => {}); // endsWithin() reports it.
  }
  return endsWithin(host, LIMIT_MS);
}

/** Resolves when packets were processed: on a crowded system, not as soon as traffic runs. */
async function processes(host: Host): Promise<void> {
  const some = async () => {
    while (host.snapshot().cpus.every(({ processed }) => processed === 0)) await delay(1);
  };
  await within(some(), LIMIT_MS, () => `no packet was processed: ${JSON.stringify(host.snapshot().nics)}`);
}

function checkIdentities(t: Test, { nics, cpus, stack, rates, conservation }: Snapshot): void {
  const { queues, ...nic } = nics[0]!;
  const total = (name: 'irqs' | 'polls' | 'completions' | 'rxPackets' | 'rxMissedErrors') =>
    sum(queues.map((queue) => queue[name]));
  t.equal(nic.irqs, sum(cpus.map((cpu) => cpu.hardirqs)), 'Σ nics.irqs = Σ cpus.hardirqs');
  t.equal(nic.irqs, total('irqs'));
  for (const { id, polls, completions, unaskedPolls, fullBudgetPolls, missedReschedules, deferredPolls } of queues) {
    const ends = completions + unaskedPolls + fullBudgetPolls + missedReschedules + deferredPolls;
    t.equal(polls, ends, `queue ${id}: each poll ended in one way`);
  }
  const open = total('irqs') - total('completions');
  t.ok(open >= 0 && open <= queues.length, '0 ≤ irqs - completions ≤ queues', { open });
  t.equal(nic.rxPackets, total('rxPackets'));
  t.equal(nic.rxMissedErrors, total('rxMissedErrors'));
  const processed = sum(cpus.map((cpu) => cpu.processed));
  t.equal(processed, nic.rxPackets - conservation.inFlight, 'what was put in a ring was processed');
  t.equal(processed, stack.delivered + sum(Object.values(stack.malformed)));
  t.ok(nic.rxPackets === 0 || Math.abs(rates.irqsPerPacket - nic.irqs / nic.rxPackets) < 1e-12);
  t.ok(total('polls') === 0 || Math.abs(rates.packetsPerPoll - processed / total('polls')) < 1e-9);
}

/** Paths of what is missing or no finite number. */
function holes(value: unknown, path = 'snapshot'): string[] {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? [] : [`${path} = ${value}`];
  if (value === undefined) return [`${path} is missing`];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, part]) => holes(part, `${path}.${name}`));
}

const keys = (value: object) => Object.keys(value).sort().join(' ');

function checkShape(t: Test, snapshot: Snapshot): void {
  t.same(holes(snapshot), []);
  const { nics, cpus, stack, rates, conservation, noise } = snapshot;
  t.equal(
    keys(snapshot),
    'config conservation cpus durationSeconds nics node noise rates recordings stack tasks threads version',
  );
  const nic =
    'capture cpuSeconds device irqs name offeredBytes offeredPackets pauses queues rxBytes rxLengthErrors rxMissedErrors rxPackets';
  t.equal(keys(nics[0]!), nic);
  const queue =
    'completions cpu deferredPolls fullBudgetPolls id irqLine irqs lostWithCpu missedReschedules napiId polls rxMissedErrors rxPackets threaded unaskedPolls';
  t.equal(keys(nics[0]!.queues[0]!), queue);
  const cpu =
    'busyPollRxPackets cpuSeconds dropped flowLimitCount hardirqs id inputPktQueue ksoftirqdRuns netRxSoftirqs online processQueue processed receivedRps sleeps tid timeSqueeze timerIrqs';
  t.equal(keys(cpus[0]!), cpu);
  const ofStack =
    'delivered deliveredBytes dropped icmpTypes icmpv6Types malformed protocolTree protocols tcpFlags topFlows';
  t.equal(keys(stack), ofStack);
  checkTree(t, snapshot);
  t.same(Object.keys(stack.protocols), PROTOCOL_NAMES);
  t.same(Object.keys(stack.malformed), MALFORMED_REASONS);
  t.equal(keys(rates), 'deliveredPps irqsPerPacket offeredPps packetsPerPoll');
  t.equal(keys(conservation), 'delivered dropped holds inFlight lostWithCpu offered');
  t.equal(keys(noise), 'involuntarySwitches loadAverage');
  t.same(JSON.parse(JSON.stringify(snapshot)), snapshot, 'a snapshot is plain data');
}

/** A parent has what its children have, and the tree what the counts by name say. */
function checkTree(t: Test, { stack, conservation }: Snapshot): void {
  const byName: Record<string, number> = {};
  const walk = ({ name, frames, bytes, children }: ProtocolNode): void => {
    byName[name] = (byName[name] ?? 0) + frames;
    t.ok(sum(children.map((child) => child.frames)) <= frames, name);
    t.ok(sum(children.map((child) => child.bytes)) <= bytes, name);
    children.forEach(walk);
  };
  walk(stack.protocolTree);
  const { ethernet, ...others } = byName;
  if (conservation.holds === null) return;
  t.match(stack.protocols, others);
  t.equal(ethernet, stack.delivered);
  t.equal(stack.protocolTree.bytes, stack.deliveredBytes);
}

for (const stop of Object.keys(STOPS)) {
  t.test(`a run that ends by ${stop}`, async (t) => {
    for (const load of LOADS) {
      const { device: _, ...rest } = load;
      await t.test(JSON.stringify(rest), async (t) => {
        const snapshot = await runTo(stop, load);
        checkIdentities(t, snapshot);
        checkShape(t, snapshot);
      });
    }
  });
}

t.test('while traffic runs', async (t) => {
  const host = await start({ device: 'pktgen', rate: '50k', duration: 60, cpus: 2 });
  await processes(host);
  const before = host.snapshot();
  checkShape(t, before);
  t.equal(before.conservation.holds, null, 'the counters are not of one moment');
  t.ok(before.durationSeconds > 0);
  const offered = () => host.snapshot().nics[0]!.offeredPackets;
  const moves = async () => {
    while (offered() === before.nics[0]!.offeredPackets) await delay(1);
  };
  await within(moves(), LIMIT_MS, () => `the NIC stands still at ${offered()} packets`);
  const after = host.snapshot();
  void host.stop().catch(() => {});
  const last = await endsWithin(host, LIMIT_MS);
  t.ok(last.nics[0]!.offeredPackets >= after.nics[0]!.offeredPackets);
  t.same(host.snapshot().nics, last.nics, 'afterwards they stand still');
});
