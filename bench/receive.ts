// Cold. Runs on: main. The packet rate of the whole receive path.

import { type Snapshot, startHost } from '../src/index.js';
import { check, heading, median, mpps, small } from './harness.js';

heading(
  'receive: one queue, one CPU, 64-byte packets at full speed, all stages',
  `
  nic0 ── pktgen, Toeplitz hash, copy ──▶ ring of 512 ──▶ cpu0 ── take, classify, deliver (counted), recycle, refill
  the source waits when no buffer is posted; both threads spin; nothing is lost
`,
);

const RUNS = small ? 1 : 5;
const SECONDS = small ? 0.2 : 2;
/** 25 Gbit/s line rate of 64-byte frames. */
const LINE_RATE = 37.2e6;

async function run(): Promise<Snapshot> {
  const host = await startHost({ device: 'pktgen', cpus: 1, queues: 1, rate: 'max', size: 64, duration: SECONDS });
  return host.done;
}

await run(); // warm: code compiled, pages touched
const rates: number[] = [];
for (let index = 0; index < RUNS; index += 1) {
  const { rates: r, conservation, nics, stack } = await run();
  check(
    conservation.delivered === conservation.offered,
    `delivered ${conservation.delivered} of ${conservation.offered}`,
  );
  check(stack.protocols.udp === conservation.delivered, `${stack.protocols.udp} UDP of ${conservation.delivered}`);
  rates.push(r.deliveredPps);
  const { pauses } = nics[0]!;
  console.log(
    `  ${mpps(r.deliveredPps)}   ${r.packetsPerPoll.toFixed(1)} packets per poll, ` +
      `${r.irqsPerPacket.toExponential(1)} interrupts per packet, ${pauses} pauses`,
  );
}
const best = Math.max(...rates);
console.log(`\nbest ${mpps(best)}, median ${mpps(median(rates))}; 25 Gbit/s line rate is ${mpps(LINE_RATE)}`);
