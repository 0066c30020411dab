// Cold. Runs on: main; starts real threads.
// No lost wake-up: traffic in bursts with random pauses, so that NIC and CPUs fall asleep at every possible moment. All
// packets arrive and no run hangs. A run is decided by its number alone; `SOFTIRQ_RUN=N` replays that one.

import { join } from 'node:path';
import t from 'tap';
import type { HostOptions, Snapshot } from '../../src/index.js';
import { Random } from '../../src/runtime/random.js';
import { FILE_MS, LONG, run } from './machine.js';
import { writePauses } from './pauses.js';

const RUNS = LONG ? 200 : 40;
const PACKETS = 100_000;
const LIMIT_MS = 20_000;
const CAPTURE_FRAMES = 10_000;
const CAPTURES = 4;

const only = process.env.SOFTIRQ_RUN;
const numbers = only === undefined ? Array.from({ length: RUNS }, (_, number) => number) : [Number(only)];

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

/** Pauses of a capture, or between packets that come at random times. */
function source(random: Random, number: number, folder: string): Partial<HostOptions> & { device: string } {
  if (number % 2 === 0) {
    const loop = Math.ceil(PACKETS / CAPTURE_FRAMES);
    return { device: `pcap:${captureOf(folder, random.below(CAPTURES))}`, speed: 'original', loop };
  }
  // 60,000 to 1,000,000 packets/s: from a sleep between most packets to a sleep now and then.
  const rate = Math.round(60_000 * (1_000_000 / 60_000) ** random.next());
  return { device: 'pktgen', rate, arrival: 'poisson', seed: number, size: pick(random, [64, 'imix', '64,9000']) };
}

function captureOf(folder: string, seed: number): string {
  return join(folder, `pauses-${seed}.pcap`);
}

function optionsOf(number: number, folder: string): HostOptions {
  const random = new Random(number);
  const shape = {
    irq: number % 4 < 2 ? 'latch' : 'nolatch',
    cpus: pick(random, [1, 1, 2]),
    queues: pick(random, [1, 1, 2, 3]),
    ring: pick(random, [64, 128, 512]),
    weight: pick(random, [1, 7, 64]),
    budget: pick(random, [1, 64, 300]),
    spin: pick(random, [true, false]),
  } as const;
  return { ...source(random, number, folder), ...shape, packets: PACKETS, full: 'wait' };
}

function sleepsOf({ cpus }: Snapshot): number {
  return cpus.reduce((sum, cpu) => sum + cpu.sleeps, 0);
}

t.setTimeout(FILE_MS);

t.test(`${numbers.length} runs of ${PACKETS} packets, 20 s each at most`, async (t) => {
  const folder = t.testdir();
  for (let seed = 0; seed < CAPTURES; seed += 1) writePauses(captureOf(folder, seed), CAPTURE_FRAMES, new Random(seed));
  const total = { packets: 0, sleeps: 0, irqs: 0, pauses: 0, slowest: 0 };
  for (const number of numbers) {
    const options = optionsOf(number, folder);
    const began = Date.now();
    const snapshot = await run(options, LIMIT_MS).catch((error: Error) => {
      throw new Error(`SOFTIRQ_RUN=${number} node ${process.argv[1]}: ${error.message}`);
    });
    const { delivered, offered } = snapshot.conservation;
    if (offered !== PACKETS || delivered !== PACKETS) t.fail(`run ${number}: ${delivered} of ${offered}`, { options });
    total.packets += delivered;
    total.sleeps += sleepsOf(snapshot);
    total.irqs += snapshot.nics[0]!.irqs;
    total.pauses += snapshot.nics[0]!.pauses;
    total.slowest = Math.max(total.slowest, Date.now() - began);
  }
  t.equal(total.packets, numbers.length * PACKETS, 'every packet was delivered');
  if (only === undefined) t.ok(total.sleeps > numbers.length * 100, 'CPUs have slept, and were woken');
  const { sleeps, irqs, pauses, slowest } = total;
  t.comment(`${sleeps} sleeps of CPUs, ${irqs} interrupts, ${pauses} pauses of the NIC; slowest run ${slowest} ms`);
});
