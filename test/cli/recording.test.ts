// `softirq run --write` as a user meets it: what it says of its files, and of a disk that takes no more.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Snapshot } from '../../src/index.js';
import { readPcapng } from '../capture/read-pcapng.js';
import { lines, type Outcome, softirq } from './child.js';

const RUN = ['run', '--device', 'pktgen', '--cpus', '1'];

t.test('the document and the summary name the file', async (t) => {
  const path = join(t.testdir(), 'out.pcapng');
  const json = await softirq([...RUN, '--packets', '1000', '--write', path, '--write-dropped', path, '--json']);
  t.equal(json.status, 0, json.stderr);
  const { config, recordings } = JSON.parse(json.stdout) as Snapshot;
  t.match(config, { write: path, writeDropped: path });
  t.same(recordings, [{ path, packets: 1000, bytes: statSync(path).size }]);
  const { stdout } = await softirq([...RUN, '--packets', '1000', '--write', path]);
  t.match(stdout, new RegExp(`^recorded\\n  ${path}  1,000  packets, 92\\.\\d kB$`, 'm'));
});

t.test('a calibration records nothing', async (t) => {
  const path = join(t.testdir(), 'out.pcapng');
  const { status, stderr } = await softirq([...RUN, '--rate', '1%', '--packets', '100', '--write', path]);
  t.equal(status, 0, stderr);
  t.equal(readPcapng(readFileSync(path)).packets.length, 100);
});

/** What a disk that takes no more leaves: status 1, one line that names file and reason, and files of whole blocks. */
function checkFull(t: Test, { status, stdout, stderr }: Outcome, folder: string, reason: RegExp): void {
  t.equal(status, 1, stderr);
  t.equal(stdout, '');
  const said = lines(stderr).filter((line) => line.includes('cannot write'));
  t.equal(said.length, 1, stderr);
  t.match(said[0], reason);
  for (const name of readdirSync(folder)) {
    t.ok(said[0]!.includes(name), `${name} is named`);
    t.ok(readPcapng(readFileSync(join(folder, name))).packets.length > 100, 'what was recorded until then is there');
  }
}

/** 512 or 1024 bytes each: less than is written at once, four or eight times. */
const LIMITED = ['sh', '-c', 'ulimit -f 2000; exec "$0" "$@"'];

t.test('a file that may not grow any more: one writer, and several', async (t) => {
  for (const cpus of [1, 2]) {
    const folder = t.testdir();
    const args = [...RUN, '--cpus', String(cpus), '--duration', '10', '--write', join(folder, 'out.pcapng')];
    const outcome = await softirq(args, { before: LIMITED });
    const written = cpus === 1 ? 'out\\.pcapng' : 'out\\.pcapng\\.cpu\\d\\.part';
    checkFull(t, outcome, folder, new RegExp(`^softirq: cannot write \\S*/${written}: file too large \\(EFBIG\\); `));
  }
});

const MAY_MOUNT = process.platform === 'linux' && process.getuid?.() === 0;

t.test('a full disk', { skip: !MAY_MOUNT && 'only root can make a small disk' }, async (t) => {
  const disk = join(t.testdir({ disk: {} }), 'disk');
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk], { encoding: 'utf8' });
  if (status !== 0) {
    t.pass('no small disk here', { skip: stderr });
    return;
  }
  try {
    await fillDisk(t, disk);
  } finally {
    spawnSync('umount', [disk]);
  }
});

async function fillDisk(t: Test, disk: string): Promise<void> {
  const path = join(disk, 'out.pcapng');
  const args = [...RUN, '--cpus', '2', '--queues', '2', '--write', path];
  const reason = 'no space left on device \\(ENOSPC\\); what was recorded until then is in ';
  const writing = await softirq([...args, '--duration', '10']);
  checkFull(t, writing, disk, new RegExp(`^softirq: cannot write \\S*/out\\.pcapng\\.cpu\\d\\.part: ${reason}`));
  for (const name of readdirSync(disk)) rmSync(join(disk, name));
  const merging = await softirq([...args, '--packets', '20000']); // The parts fit; the whole does not any more.
  checkFull(t, merging, disk, new RegExp(`^softirq: cannot write \\S*/out\\.pcapng: ${reason}`));
  t.notOk(existsSync(path), 'nothing half done is left');
}
