// Cold. Runs on: main. Receive livelock (Mogul and Ramakrishnan, 1996), and what NAPI makes of the same load.

import { setTimeout as delay } from 'node:timers/promises';
import { type Host, type HostOptions, type Snapshot, startHost } from '../src/index.js';
import { check, heading, small } from './harness.js';

const WORK_NS = 250;
const SECONDS = small ? 0.2 : 1;
/** Fresh threads run code that is not compiled yet. */
const WARM_MS = small ? 100 : 400;
/** Of the capacity in interrupt mode. */
const LOADS = small ? [1, 3] : [0.2, 0.5, 0.75, 1, 1.5, 2, 3, 4];

heading(
  `livelock: one interrupt per packet against NAPI, ${WORK_NS} ns of work per packet`,
  `
  nic0 ── pktgen at a fixed rate, dropping when no buffer is posted ──▶ ring of 512 ──▶ cpu0
  interrupt: each packet interrupts, is set aside, and is processed when no interrupt is pending
  napi:      the interrupt masks its line; the softirq polls up to 64 packets at a time
`,
);

interface Outcome {
  readonly deliveredPps: number;
  readonly irqsPerPacket: number;
  readonly backlogDrops: number;
  readonly nicDrops: number;
}

function start(options: Partial<HostOptions>): Promise<Host> {
  return startHost({ device: 'pktgen', cpus: 1, queues: 1, work: WORK_NS, duration: 60, ...options });
}

/** What happens in SECONDS of a machine that is warm. */
async function run(options: Partial<HostOptions>): Promise<Outcome> {
  const host = await start(options);
  await delay(WARM_MS);
  const before = host.snapshot();
  await delay(SECONDS * 1000);
  const after = host.snapshot();
  const { conservation } = await host.stop();
  check(conservation.holds === true, 'conservation');
  const gained = (read: (snapshot: Snapshot) => number) => read(after) - read(before);
  return {
    deliveredPps: gained(({ stack }) => stack.delivered) / gained(({ durationSeconds }) => durationSeconds),
    irqsPerPacket: gained(({ nics }) => nics[0]!.irqs) / gained(({ nics }) => nics[0]!.rxPackets),
    backlogDrops: gained(({ stack }) => stack.dropped.backlog!),
    nicDrops: gained(({ nics }) => nics[0]!.rxMissedErrors),
  };
}

/** The capacity in interrupt mode, as `--rate 100%` finds it. */
async function capacity(): Promise<number> {
  console.log('calibrating…');
  await using host = await start({ mode: 'interrupt', rate: '100%' });
  const { notes } = host;
  console.log(`${notes.join('\n')}\n`);
  return Number(/^capacity (\d+)/.exec(notes[0]!)![1]);
}

const knee = await capacity();
const delivered: Record<'interrupt' | 'napi', number[]> = { interrupt: [], napi: [] };
console.log(
  '   load    offered/s   interrupt: delivered/s  irqs/packet  backlog drops        napi: delivered/s  irqs/packet  NIC drops',
);
for (const load of LOADS) {
  const rate = Math.round(knee * load);
  const interrupt = await run({ mode: 'interrupt', rate });
  const napi = await run({ mode: 'napi', rate });
  delivered.interrupt.push(interrupt.deliveredPps);
  delivered.napi.push(napi.deliveredPps);
  const cells = [
    `${load.toFixed(2)}×`.padStart(7),
    String(rate).padStart(12),
    interrupt.deliveredPps.toFixed(0).padStart(25),
    interrupt.irqsPerPacket.toFixed(2).padStart(12),
    String(interrupt.backlogDrops).padStart(14),
    napi.deliveredPps.toFixed(0).padStart(25),
    napi.irqsPerPacket.toExponential(1).padStart(12),
    String(napi.nicDrops).padStart(10),
  ];
  console.log(cells.join(' '));
}
const at3 = LOADS.indexOf(3);
for (const mode of ['interrupt', 'napi'] as const) {
  const best = Math.max(...delivered[mode]);
  console.log(`${mode}: at 3× it delivers ${((100 * delivered[mode][at3]!) / best).toFixed(0)} % of its best`);
}
