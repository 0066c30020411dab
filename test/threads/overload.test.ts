// Cold. Runs on: main; starts real threads.
// NAPI works: polled without interrupts at overload, interrupted for each packet when there are few, asleep in between. All of
// it by counters. At overload each interrupt needs an empty ring, which there is when the system takes the NIC's thread off
// its core: so the bounds are asserted when the noise figures say that this was rare. Else, for a NIC that waits, ten
// times that is, or one for each time that a thread was taken off its core; a NIC that drops loses what it was kept from offering,
// and its figures are only printed.

import t, { type Test } from 'tap';
import type { HostOptions, Snapshot } from '../../src/index.js';
import { untilInTime } from './attempts.js';
import { run } from './machine.js';

interface Bounds {
  readonly irqsPerPacket: number;
  readonly packetsPerPoll: number;
}

const LIMIT_MS = 20_000;
const QUIET: Bounds = { irqsPerPacket: 1e-4, packetsPerPoll: 60 };
const NOISY: Bounds = { irqsPerPacket: 1e-3, packetsPerPoll: 55 };
/** An empty ring costs two polls that are not full: the one that drains it, and the first afterwards. */
const SHORT_POLLS = 2;
/** Of each packet, at most: as many as interrupts. */
const SWITCHES_MAX = QUIET.irqsPerPacket;
/** The same where each packet or two brings an interrupt anyway. */
const SWITCHES_SLOW_MAX = 0.05;
const ATTEMPTS_MAX = 3;

/** How often a thread was taken off its core, for each packet. */
function switchesOf({ noise, nics }: Snapshot): number {
  return (noise.involuntarySwitches ?? 0) / nics[0]!.rxPackets;
}

function isQuiet(snapshot: Snapshot, most = SWITCHES_MAX): boolean {
  return switchesOf(snapshot) <= most;
}

function figures({ rates, noise, durationSeconds, nics, cpus }: Snapshot): string {
  const switches = ((noise.involuntarySwitches ?? 0) / durationSeconds).toFixed(0);
  const { irqsPerPacket, packetsPerPoll, offeredPps, deliveredPps } = rates;
  return [
    `irqs/packet ${irqsPerPacket.toExponential(2)}, packets/poll ${packetsPerPoll.toFixed(2)}`,
    `${(offeredPps / 1e6).toFixed(2)} M offered/s, ${(deliveredPps / 1e6).toFixed(2)} M delivered/s`,
    `irqs ${nics[0]!.irqs}, sleeps ${cpus.map(({ sleeps }) => sleeps)}`,
    `load ${noise.loadAverage.toFixed(2)}, ${switches} involuntary switches/s`,
  ].join('; ');
}

/** Runs until one run was quiet, or fulfils a quiet machine's bounds anyway. @returns the last run */
async function quietRun(t: Test, options: HostOptions): Promise<Snapshot> {
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await run(options, LIMIT_MS);
    t.comment(`${isQuiet(snapshot) ? 'quiet' : 'noisy'}; ${figures(snapshot)}`);
    if (attempt === ATTEMPTS_MAX || isQuiet(snapshot) || fulfils(snapshot, QUIET)) return snapshot;
  }
}

function fulfils({ rates }: Snapshot, bounds: Bounds): boolean {
  return rates.irqsPerPacket <= bounds.irqsPerPacket && rates.packetsPerPoll >= bounds.packetsPerPoll;
}

function checkPolling(t: Test, { rates }: Snapshot, bounds: Bounds): void {
  t.ok(rates.irqsPerPacket <= bounds.irqsPerPacket, `interrupts per packet ≤ ${bounds.irqsPerPacket}`, rates);
  t.ok(rates.packetsPerPoll >= bounds.packetsPerPoll, `packets per poll ≥ ${bounds.packetsPerPoll}`, rates);
}

/** What holds of a NIC that waits, by the noise that there was. */
function boundsOf(snapshot: Snapshot): Bounds {
  if (isQuiet(snapshot)) return QUIET;
  const irqsPerPacket = Math.max(NOISY.irqsPerPacket, switchesOf(snapshot));
  const polls = 1 / QUIET.packetsPerPoll + SHORT_POLLS * snapshot.rates.irqsPerPacket;
  return { irqsPerPacket, packetsPerPoll: Math.min(NOISY.packetsPerPoll, 1 / polls) };
}

const ONE: HostOptions = { device: 'pktgen', cpus: 1, queues: 1 };

t.test('overload, a NIC that waits: rate max, work 300', async (t) => {
  const snapshot = await quietRun(t, { ...ONE, rate: 'max', work: 300, duration: 1 });
  checkPolling(t, snapshot, boundsOf(snapshot));
  t.equal(snapshot.conservation.dropped, 0);
});

t.test('overload, a NIC that drops: rate 300%, work 300', async (t) => {
  const snapshot = await quietRun(t, { ...ONE, rate: '300%', work: 300, duration: 1 });
  const quiet = isQuiet(snapshot);
  if (quiet) checkPolling(t, snapshot, QUIET);
  else t.comment(`bounds not asserted: noisy; they ${fulfils(snapshot, QUIET) ? 'hold' : 'do not hold'}`);
  const { conservation, nics } = snapshot;
  // Noise while the capacity was measured makes it too small.
  t.ok(conservation.dropped > (quiet ? conservation.offered / 3 : 0), 'most is too much');
  t.equal(conservation.dropped, nics[0]!.rxMissedErrors, 'all losses are rxMissedErrors');
});

t.test('2,000 packets/s: an interrupt for every packet or two', async (t) => {
  const often = ({ rates }: Snapshot) => rates.irqsPerPacket >= 0.5;
  const snapshot = await untilInTime(
    () => run({ ...ONE, rate: 2000, duration: 2 }),
    (snapshot) => isQuiet(snapshot, SWITCHES_SLOW_MAX) || often(snapshot),
  );
  t.comment(figures(snapshot));
  const { irqs, polls } = snapshot.nics[0]!.queues[0]!;
  t.ok(irqs >= 0.9 * polls, 'nobody polls but for an interrupt', { irqs, polls });
  // Packets that come while the CPU is kept from its core share an interrupt.
  if (isQuiet(snapshot, SWITCHES_SLOW_MAX)) t.ok(often(snapshot), 'interrupts per packet ≥ 0.5', snapshot.rates);
  t.ok(snapshot.cpus[0]!.sleeps > 100, 'the CPU sleeps between');
});

t.test('onoff: an interrupt and a sleep for each burst, at least', async (t) => {
  const seconds = 2;
  const bursts = Math.floor(seconds / 0.4);
  const snapshot = await run({ ...ONE, rate: '1M', arrival: 'onoff', duration: seconds });
  t.comment(`${bursts} bursts; ${figures(snapshot)}`);
  t.ok(snapshot.nics[0]!.irqs >= bursts);
  t.ok(snapshot.cpus[0]!.sleeps >= bursts);
});

t.test('while a NAPI is scheduled its line raises no interrupt', async (t) => {
  for (const irq of ['latch', 'nolatch'] as const) {
    const snapshot = await run({ ...ONE, irq, rate: 'max', duration: 0.5 });
    const { irqs, completions, polls } = snapshot.nics[0]!.queues[0]!;
    // An interrupt that found its NAPI scheduled would have no completion of its own.
    t.ok(irqs - completions <= 1, `${irq}: each interrupt has its completion`, { irqs, completions });
    t.comment(`${irq}: ${polls} polls, ${irqs} interrupts, ${completions} completions`);
  }
});

t.test('mode interrupt: an interrupt for each packet, at any load', async (t) => {
  for (const rate of ['20k', 'max']) {
    const snapshot = await run({ ...ONE, mode: 'interrupt', rate, packets: 20_000 }, LIMIT_MS);
    const { irqs, rxPackets } = snapshot.nics[0]!;
    // A NIC that is taken off its core between a packet and its interrupt brings one for a packet that is taken by then.
    const spurious = snapshot.noise.involuntarySwitches ?? 0;
    t.ok(irqs >= rxPackets && irqs <= rxPackets + spurious, `rate ${rate}`, { irqs, rxPackets, spurious });
    t.comment(figures(snapshot));
  }
});
