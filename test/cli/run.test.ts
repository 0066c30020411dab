// `softirq run` as a user meets it: the document, the summary, progress, failures.

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { explain, FAILED } from '../../src/cli/one-line.js';
import { runCommand } from '../../src/cli/run.js';
import { InvariantError } from '../../src/coordinator/errors.js';
import type { Host } from '../../src/coordinator/host.js';
import type { Snapshot } from '../../src/coordinator/snapshot-types.js';
import { plural } from '../../src/report/units.js';
import { checksummed, ethernet, IPV4_DESTINATION, IPV4_SOURCE, ipv4, udp } from '../bursts/frames.js';
import { captureOf } from '../nic/captures.js';
import { sample } from '../report/sample.js';
import { CAPTURE, lines, softirq } from './child.js';

const UDP = 17;
const SHORT = ['run', '--device', 'pktgen', '--packets', '200000'];

t.test('--json prints one document with every field', async (t) => {
  const write = join(t.testdir(), 'out.pcapng'); // So that the list of recordings has an element.
  const { status, stdout, stderr } = await softirq([...SHORT, '--json', '--write', write]);
  t.equal(status, 0, stderr);
  const document = JSON.parse(stdout) as Snapshot;
  t.same(fieldsOf(document), fieldsOf(sample), 'the fields of Snapshot, no more and no less');
  t.equal(document.conservation.holds, true);
  t.equal(document.conservation.offered, 200_000);
  t.equal(document.stack.delivered, 200_000);
});

/** All paths to a value, arrays by their first element. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return fieldsOf(value[0], `${path}[]`);
  if (value === null || typeof value !== 'object') return [path];
  return Object.entries(value)
    .flatMap(([name, inner]) => fieldsOf(inner, `${path}.${name}`))
    .sort();
}

t.test('a capture plays once, and the summary is for people', async (t) => {
  const { status, stdout, stderr } = await softirq(['run', '--device', `pcap:${CAPTURE}`, '--memory']);
  t.equal(status, 0, stderr);
  t.match(stdout, /^pcap:.*first-light\.pcap ▶ nic0 ▶ /);
  t.match(stdout, /189 packets delivered/);
  t.match(stdout, /offered = delivered \+ dropped \+ in flight: holds/);
  t.notMatch(stdout, '\x1b', 'no colours where there is no terminal');
  t.match(stderr, /^softirq: shared memory$/m, '--memory');
});

t.test('--verify-l4 drops what has a wrong checksum', async (t) => {
  const frames = [0, 1].map((wrong) => {
    const right = checksummed(UDP, udp([1, 2, 3]), IPV4_SOURCE, IPV4_DESTINATION);
    return Uint8Array.from(ethernet(0x0800, ipv4(UDP, right.with(7, right[7]! ^ wrong))));
  });
  const file = join(t.testdir(), 'checksums.pcap');
  writeFileSync(file, captureOf(frames.map((bytes) => ({ seconds: 0, fraction: 0, bytes }))));
  for (const [args, udpChecksum] of [[[], 0] as const, [['--verify-l4'], 1] as const]) {
    const { status, stdout, stderr } = await softirq(['run', '--device', `pcap:${file}`, '--json', ...args]);
    t.equal(status, 0, stderr);
    const { stack, conservation } = JSON.parse(stdout) as Snapshot;
    t.equal(stack.malformed.udpChecksum, udpChecksum);
    t.match(stack, { delivered: 2 - udpChecksum, protocols: { udp: 2 - udpChecksum } });
    t.equal(conservation.holds, true);
  }
});

t.test('without a terminal there is a plain line each second', async (t) => {
  const { status, stderr } = await softirq(['run', '--device', 'pktgen', '--rate', '2000', '--duration', '2.5']);
  t.equal(status, 0, stderr);
  const progress = lines(stderr).filter((line) => /pps .*irqs\/s .*packets\/poll .*dropped$/.test(line));
  t.ok(progress.length >= 2, stderr);
  t.notMatch(stderr, '\r');
  t.notMatch(stderr, '\x1b');
});

const CORES = availableParallelism();

t.test(
  'more threads than cores: it says so once',
  { skip: CORES > 64 && 'needs more CPU threads than are' },
  async (t) => {
    const { status, stderr } = await softirq([...SHORT, '--cpus', String(CORES), '--queues', '1']);
    t.equal(status, 0, stderr);
    const said = lines(stderr).filter((line) =>
      line.includes(`${CORES + 1} threads on ${plural(CORES, 'core')}: nobody spins`),
    );
    t.equal(said.length, 1, stderr);
  },
);

t.test('a thread that dies: status 1, one line, and the process ends by itself', async (t) => {
  // Throws in the NIC's or a CPU's loop, some time after the start.
  const faulty = `
    import { isMainThread } from 'node:worker_threads';
    const { hrtime } = process;
    let calls = 0;
    if (!isMainThread) process.hrtime = () => { if (++calls > 100) throw new Error('struck by lightning'); return hrtime(); };
  `;
  const url = `data:text/javascript,${encodeURIComponent(faulty)}`;
  const { status, stdout, stderr } = await softirq(['run', '--device', 'pktgen', '--rate', '2000'], {
    nodeArgs: ['--import', url],
  });
  t.equal(status, 1);
  t.equal(faults(stderr).length, 1, stderr);
  t.match(faults(stderr), [/^softirq: (nic0|cpu\d+) died: struck by lightning$/]);
  t.equal(stdout, '');
});

t.test('a broken invariant: the document shows it, and the run has failed', async (t) => {
  const broken = { ...sample, conservation: { ...sample.conservation, delivered: 1, holds: false } };
  const error = new InvariantError(['offered 2 ≠ delivered 1'], broken);
  const host = { notes: [], memory: '', snapshot: () => broken, done: Promise.reject(error) };
  const printed = await stdoutOf(() =>
    t.rejects(
      runCommand({ device: 'pktgen' }, { json: true, memory: false, notes: [] }, async () => host as unknown as Host),
      error,
    ),
  );
  t.equal((JSON.parse(printed) as Snapshot).conservation.holds, false);
  t.same(explain(error), { status: FAILED, line: 'softirq: broken invariant: offered 2 ≠ delivered 1' });
});

/** What `act` writes on stdout, less what the test runner does there. */
async function stdoutOf(act: () => Promise<unknown>): Promise<string> {
  const { write } = process.stdout;
  let text = '';
  process.stdout.write = (chunk: string | Uint8Array) => {
    if (typeof chunk === 'string' && chunk.startsWith('{')) text += chunk;
    else write.call(process.stdout, chunk);
    return true;
  };
  await act();
  process.stdout.write = write;
  return text;
}

t.test('a reader that leaves early is no fault', async (t) => {
  const { status, stderr } = await softirq([...SHORT, '--json'], { onStart: (child) => child.stdout?.destroy() });
  t.equal(status, 0);
  t.same(faults(stderr), []);
});

t.test('a disk that is full is one', { skip: process.platform !== 'linux' }, async (t) => {
  const full = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(full));
  const { status, stderr } = await softirq([...SHORT, '--json'], { stdout: full });
  t.equal(status, 1);
  t.equal(faults(stderr).length, 1, stderr);
  t.match(faults(stderr), [/^softirq: cannot write: ENOSPC/]);
});

/** What is on stderr besides the progress that a slow machine gives occasion for. */
function faults(stderr: string): string[] {
  return lines(stderr).filter((line) => !/dropped$|^softirq: starting|nobody spins/.test(line));
}
