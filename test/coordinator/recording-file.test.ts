// A disk that is full when main completes the parts of a file: each part ends with a whole block, and no other is given up.

import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createWriteArea, readWriteArea, WRITE_AREA_BYTES } from '../../src/capture/write-area.js';
import { RecordingError } from '../../src/coordinator/errors.js';
import { RecordingFile } from '../../src/coordinator/recording-file.js';
import { DOUBLE_BYTES, PAGE_BYTES } from '../../src/memory/layout.js';
import { viewsOf } from '../../src/memory/views.js';

const MAY_MOUNT = process.platform === 'linux' && process.getuid?.() === 0;
const PRELUDE = Buffer.alloc(32, 1);
const NO_PROGRESS = () => {};

t.test('no part is left with half a block', { skip: !MAY_MOUNT && 'only root can make a small disk' }, async (t) => {
  const disk = join(t.testdir({ disk: {} }), 'disk');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { encoding: 'utf8' });
  if (mounted.status !== 0) {
    t.pass('no small disk here', { skip: mounted.stderr });
    return;
  }
  try {
    await completeOnFullDisk(t, disk);
  } finally {
    spawnSync('umount', [disk]);
  }
});

/** cpu0 has 20,000 bytes that do not fit, cpu1 100 that do. */
async function completeOnFullDisk(t: Test, disk: string): Promise<void> {
  const pages = Math.ceil((2 * WRITE_AREA_BYTES) / PAGE_BYTES);
  const views = viewsOf(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer);
  const areas = [0, WRITE_AREA_BYTES];
  const path = join(disk, 'out.pcapng');
  const roles = ['cpu0', 'cpu1'];
  const file = new RecordingFile(views, { path, option: 'write', delivered: true, dropped: false, roles }, areas);
  file.open(PRELUDE);
  for (const area of areas) createWriteArea(views, area, PRELUDE.length);
  produce(views, areas[0]!, 20_000);
  produce(views, areas[1]!, 100);
  writeFileSync(join(disk, 'other'), Buffer.alloc(48 * 1024));
  const parts = roles.map((role) => `${path}.${role}.part`);
  await t.rejects(
    file.finish(Buffer.alloc(0), NO_PROGRESS),
    new RecordingError(parts[0]!, 'no space left on device (ENOSPC)', parts),
  );
  t.ok(readFileSync(parts[0]!).equals(PRELUDE), 'what does not fit whole is not there at all');
  t.equal(statSync(parts[1]!).size, PRELUDE.length + 100, 'the other part is complete');
}

/** As a thread does that has not written yet. PRODUCED is the second double. */
function produce(views: ReturnType<typeof viewsOf>, area: number, bytes: number): void {
  const { produced } = readWriteArea(views, area);
  views.doubles[area / DOUBLE_BYTES + 1] = produced + bytes;
}
