// Cold. Runs on: main. Receive livelock (Mogul and Ramakrishnan, 1996), and what NAPI makes of the same load.

import { type HostOptions, type Snapshot, startHost } from '../src/index.js';
import { check, heading, small } from './harness.js';

const WORK_NS = 150;
const SECONDS = small ? 0.2 : 1.5;
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

async function run(options: Partial<HostOptions>): Promise<Snapshot> {
  const host = await startHost({ device: 'pktgen', cpus: 1, queues: 1, work: WORK_NS, duration: SECONDS, ...options });
  const [note] = host.notes;
  if (note !== undefined) console.log(`${note}\n`);
  return host.done;
}

/** The capacity in interrupt mode, as `--rate 100%` finds it. */
async function capacity(): Promise<number> {
  console.log('calibrating…');
  const { rates } = await run({ mode: 'interrupt', rate: '100%', duration: 0.2 });
  return rates.offeredPps;
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
  delivered.interrupt.push(interrupt.rates.deliveredPps);
  delivered.napi.push(napi.rates.deliveredPps);
  const cells = [
    `${load.toFixed(2)}×`.padStart(7),
    String(rate).padStart(12),
    interrupt.rates.deliveredPps.toFixed(0).padStart(25),
    interrupt.rates.irqsPerPacket.toFixed(2).padStart(12),
    String(interrupt.stack.dropped.backlog).padStart(14),
    napi.rates.deliveredPps.toFixed(0).padStart(25),
    napi.rates.irqsPerPacket.toExponential(1).padStart(12),
    String(napi.nics[0]!.rxMissedErrors).padStart(10),
  ];
  console.log(cells.join(' '));
  check(interrupt.conservation.holds === true && napi.conservation.holds === true, 'conservation');
}
const at3 = LOADS.indexOf(3);
for (const mode of ['interrupt', 'napi'] as const) {
  const best = Math.max(...delivered[mode]);
  console.log(`${mode}: at 3× it delivers ${((100 * delivered[mode][at3]!) / best).toFixed(0)} % of its best`);
}
