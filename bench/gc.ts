// Cold. Runs on: main, and a child process. Counts the garbage collections of the NIC and CPU threads under full load.

import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startHost } from '../src/index.js';
import { check, heading, small } from './harness.js';

const PACKETS = small ? 1e6 : 1e8;
const WARM_MS = small ? 300 : 3000;
const BEGIN = 'begin of the counted part';
const END = 'end of the counted part';

/** Under --trace-gc, which prints a line with the isolate's address for each collection of each thread. */
async function child(): Promise<void> {
  (globalThis as unknown as { gc: () => void }).gc(); // The first line is main's: so its isolate is known.
  await using host = await startHost({ device: 'pktgen', cpus: 1, queues: 1, rate: 'max', duration: 600 });
  await delay(WARM_MS);
  const first = host.snapshot().stack.delivered;
  console.log(BEGIN);
  while (host.snapshot().stack.delivered - first < PACKETS) await delay(20);
  console.log(END);
}

function parent(): void {
  heading(
    `gc: collections in the NIC and CPU threads over ${PACKETS.toExponential()} packets, after warm-up`,
    `
  child process under --trace-gc:  nic0 ──▶ ring of 512 ──▶ cpu0, 64-byte packets at full speed
`,
  );
  const flags = ['--trace-gc', '--expose-gc', fileURLToPath(import.meta.url), '--child'];
  const { stdout, status } = spawnSync(process.execPath, small ? [...flags, '--small'] : flags, { encoding: 'utf8' });
  check(status === 0, `the child ended with status ${status}`);
  const lines = stdout.split('\n');
  const isolate = (line: string) => /^\[\d+:(0x[0-9a-f]+)\]/.exec(line)?.[1];
  const main = isolate(lines.find((line) => isolate(line) !== undefined) ?? '');
  const counted = lines.slice(lines.indexOf(BEGIN), lines.indexOf(END));
  const workers = counted.filter((line) => isolate(line) !== undefined && isolate(line) !== main);
  check(main !== undefined && counted.length > 0, 'no trace was found');
  console.log(`${workers.length} collections in nic0 and cpu0`);
  for (const line of workers) console.log(`  ${line}`);
  if (small) console.log('too short to say: code that is not compiled yet allocates');
  else check(workers.length === 0, 'the packet path allocates');
}

if (process.argv.includes('--child')) await child();
else parent();
