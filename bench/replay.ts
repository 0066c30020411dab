// Cold. Runs on: main. How fast a capture replays that is much larger than the memory it is read into.

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Snapshot, startHost } from '../src/index.js';
import { pktgenFlows } from '../src/nic/devices/flows.js';
import { writeUdpFrame } from '../src/nic/devices/frame-bytes.js';
import { FCS_BYTES, sizePattern } from '../src/nic/devices/frame-sizes.js';
import { Random } from '../src/runtime/random.js';
import { check, heading, median, mpps, small } from './harness.js';

heading(
  'replay: a capture of 1 GiB at full speed, against pktgen with the same sizes; one queue, one CPU',
  `
  file ── read ──▶ window of 512 KiB ── scan, Toeplitz hash, copy ──▶ ring of 512 ──▶ cpu0, which counts
  nothing but the window is held; the file comes out of the page cache; runs of both alternate
`,
);

const BYTES = small ? 2 ** 23 : 2 ** 30;
const PAIRS = small ? 1 : 5;
const SECONDS = small ? 0.3 : 2;
const RESIDENT_MAX = 200e6;
const FLOWS = 64;
const CHUNK_FRAMES = 48 * 64;
const HEADER = Buffer.from('4d3cb2a1020004000000000000000000ffff000001000000', 'hex');
const RECORD_BYTES = 16;

/** Classic pcap, ns, little-endian: the frames that pktgen would send. @returns how many */
function writeCapture(path: string, size: string): number {
  const chunk = chunkOf(sizePattern(size === 'imix' ? 'imix' : [Number(size)], new Random(1)));
  const file = openSync(path, 'w');
  writeSync(file, HEADER);
  let frames = 0;
  for (let bytes = 0; bytes < BYTES; bytes += chunk.length) {
    writeSync(file, chunk);
    frames += CHUNK_FRAMES;
  }
  closeSync(file);
  return frames;
}

function chunkOf(sizes: readonly number[]): Buffer {
  const flows = pktgenFlows(FLOWS, 4, new Random(1));
  const records = Array.from({ length: CHUNK_FRAMES }, (_, i) => {
    const length = sizes[i % sizes.length]! - FCS_BYTES;
    const record = Buffer.alloc(RECORD_BYTES + length);
    record.writeUInt32LE(i * 1000, 4);
    record.writeUInt32LE(length, 8);
    record.writeUInt32LE(length, 12);
    writeUdpFrame(record, RECORD_BYTES, length, flows[i % FLOWS]!);
    return record;
  });
  return Buffer.concat(records);
}

function checked(snapshot: Snapshot): number {
  const { conservation, stack, rates } = snapshot;
  check(
    conservation.delivered === conservation.offered,
    `delivered ${conservation.delivered} of ${conservation.offered}`,
  );
  check(stack.protocols.udp === conservation.delivered, `${stack.protocols.udp} UDP of ${conservation.delivered}`);
  return rates.deliveredPps;
}

async function pktgen(size: string): Promise<number> {
  const host = await startHost({ device: 'pktgen', cpus: 1, size, flows: FLOWS, duration: SECONDS });
  return checked(await host.done);
}

/** @param passes the file is read in each */
async function replay(path: string, frames: number, passes: number): Promise<number> {
  const host = await startHost({ device: `pcap:${path}`, cpus: 1, loop: passes });
  const snapshot = await host.done;
  check(
    snapshot.conservation.delivered === passes * frames,
    `${snapshot.conservation.delivered} of ${passes} × ${frames}`,
  );
  return checked(snapshot);
}

async function compare(folder: string, size: string): Promise<void> {
  const path = join(folder, `${size}.pcap`);
  const frames = writeCapture(path, size);
  const once = await replay(path, frames, 1); // warm, and how long a pass takes
  const passes = Math.max(1, Math.round((SECONDS * once) / frames));
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const ours = await replay(path, frames, passes);
    const theirs = await pktgen(size);
    ratios.push(ours / theirs);
    console.log(
      `  ${size.padStart(5)}  replay ${mpps(ours)}, pktgen ${mpps(theirs)}: ${((100 * ours) / theirs).toFixed(0)} %`,
    );
  }
  rmSync(path);
  const resident = residentMax();
  const megabytes = (resident / 1e6).toFixed(0);
  console.log(
    `  ${size.padStart(5)}  median ${(100 * median(ratios)).toFixed(0)} % of pktgen, at most ${megabytes} MB resident\n`,
  );
  // A small run is the test suite's, whose runner loads code of its own into each process and thread.
  if (!small) check(resident < RESIDENT_MAX, `${resident} bytes were resident`);
}

/** The most bytes that this program had in memory. (resourceUsage().maxRSS would begin with what its parent had.) */
function residentMax(): number {
  const kilobytes = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

const { bavail, bsize } = statfsSync(tmpdir());
check(bavail * bsize > 1.5 * BYTES, `${tmpdir()} has ${bavail * bsize} bytes free, and a capture takes ${BYTES}`);
const folder = mkdtempSync(join(tmpdir(), 'softirq-replay-'));
try {
  for (const size of ['64', 'imix']) await compare(folder, size);
} finally {
  rmSync(folder, { recursive: true });
}
