// Cold. Runs on: main; starts real threads.
// NAPI works: polled without interrupts at overload, interrupted for each packet when there are few, asleep in between. All of
// it by counters. The bounds for overload hold on a quiet machine: a NIC thread that the system takes off its core lets the
// CPU drain the ring, which then rightly completes and is interrupted. So they are asserted when the noise figures say that
// the machine was quiet; else a tenth of that is, and the figures are printed.

import t, { type Test } from 'tap';
import type { HostOptions, Snapshot } from '../../src/index.js';
import { run } from './machine.js';

const QUIET = { irqsPerPacket: 1e-4, packetsPerPoll: 60 };
const NOISY = { irqsPerPacket: 1e-3, packetsPerPoll: 55 };
/** How often per second the system may take the core from one of our threads on a machine that we call quiet. */
const SWITCHES_PER_SECOND_MAX = 20;
const LOAD_MAX = 1;

function isQuiet({ noise, durationSeconds }: Snapshot): boolean {
  const switches = (noise.involuntarySwitches ?? 0) / durationSeconds;
  return switches <= SWITCHES_PER_SECOND_MAX && noise.loadAverage <= LOAD_MAX;
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

function checkPolling(t: Test, snapshot: Snapshot): void {
  const quiet = isQuiet(snapshot);
  const bounds = quiet ? QUIET : NOISY;
  const { irqsPerPacket, packetsPerPoll } = snapshot.rates;
  t.comment(`${quiet ? 'quiet' : 'noisy: bounds of a quiet machine not asserted'}; ${figures(snapshot)}`);
  t.ok(irqsPerPacket <= bounds.irqsPerPacket, `interrupts per packet ≤ ${bounds.irqsPerPacket}`, { irqsPerPacket });
  t.ok(packetsPerPoll >= bounds.packetsPerPoll, `packets per poll ≥ ${bounds.packetsPerPoll}`, { packetsPerPoll });
}

const ONE: HostOptions = { device: 'pktgen', cpus: 1, queues: 1 };

t.test('overload, a NIC that waits: rate max, work 300', async (t) => {
  const snapshot = await run({ ...ONE, rate: 'max', work: 300, duration: 2 });
  checkPolling(t, snapshot);
  t.equal(snapshot.conservation.dropped, 0);
});

t.test('overload, a NIC that drops: rate 300%, work 300', async (t) => {
  const snapshot = await run({ ...ONE, rate: '300%', work: 300, duration: 2 }, 30_000);
  checkPolling(t, snapshot);
  const { conservation, nics } = snapshot;
  t.ok(conservation.dropped > conservation.offered / 3, 'most is too much');
  t.equal(conservation.dropped, nics[0]!.rxMissedErrors, 'all losses are rxMissedErrors');
});

t.test('2,000 packets/s: an interrupt for every packet or two', async (t) => {
  const snapshot = await run({ ...ONE, rate: 2000, duration: 2 });
  t.comment(figures(snapshot));
  t.ok(snapshot.rates.irqsPerPacket >= 0.5, 'interrupts per packet ≥ 0.5', snapshot.rates);
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
