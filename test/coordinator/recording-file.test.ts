// Cold. Runs on: main.
// The end of a recording, as far as main has a hand in it: a disk that is full, parts that are put together, and what stands in
// their places already.

import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  BlockWriter,
  createWriteArea,
  readWriteArea,
  WRITE_AREA_BYTES,
  type WriterTask,
} from '../../src/capture/write-area.js';
import { RecordingError } from '../../src/coordinator/errors.js';
import { RecordingFile } from '../../src/coordinator/recording-file.js';
import { DOUBLE_BYTES, PAGE_BYTES } from '../../src/memory/layout.js';
import { viewsOf } from '../../src/memory/views.js';

const MAY_MOUNT = process.platform === 'linux' && process.getuid?.() === 0;
const ROOT_ONLY = { skip: !MAY_MOUNT && 'only root can make a small disk' };
const PRELUDE = Buffer.alloc(32, 1);
const TRAILER = Buffer.alloc(16, 9);
const NO_PROGRESS = () => {};
const ROLES = ['cpu0', 'cpu1'];
const AREAS = [0, WRITE_AREA_BYTES];

const partsOf = (path: string) => ROLES.map((role) => `${path}.${role}.part`);

function fileAt(path: string, roles = ROLES): { file: RecordingFile; views: ReturnType<typeof viewsOf> } {
  const pages = Math.ceil((AREAS.length * WRITE_AREA_BYTES) / PAGE_BYTES);
  const views = viewsOf(new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer);
  const target = { path, option: 'write', delivered: true, dropped: false, roles } as const;
  return { file: new RecordingFile(views, target, AREAS.slice(0, roles.length)), views };
}

async function onSmallDisk(t: Test, use: (disk: string) => Promise<void>): Promise<void> {
  const disk = join(t.testdir({ disk: {} }), 'disk');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { encoding: 'utf8' });
  if (mounted.status !== 0) {
    t.pass('no small disk here', { skip: mounted.stderr });
    return;
  }
  try {
    await use(disk);
  } finally {
    spawnSync('umount', [disk]);
  }
}

t.test('a full disk: no part is left with half a block, and no other is given up', ROOT_ONLY, (t) =>
  onSmallDisk(t, async (disk) => {
    const path = join(disk, 'out.pcapng');
    const { file, views } = fileAt(path);
    file.open(PRELUDE);
    for (const area of AREAS) createWriteArea(views, area, PRELUDE.length);
    produce(views, AREAS[0]!, 20_000); // does not fit
    produce(views, AREAS[1]!, 100); // fits
    writeFileSync(join(disk, 'other'), Buffer.alloc(48 * 1024));
    const parts = partsOf(path);
    await t.rejects(
      file.finish(Buffer.alloc(0), NO_PROGRESS),
      new RecordingError(parts[0]!, 'no space left on device (ENOSPC)', parts),
    );
    t.ok(readFileSync(parts[0]!).equals(PRELUDE), 'what does not fit whole is not there at all');
    t.equal(statSync(parts[1]!).size, PRELUDE.length + 100, 'the other part is complete');
  }),
);

t.test('a full disk that has no room for the header: told, and no new file is left', ROOT_ONLY, (t) =>
  onSmallDisk(t, async (disk) => {
    const path = join(disk, 'out.pcapng');
    writeFileSync(join(disk, 'other'), Buffer.alloc(64 * 1024));
    for (const roles of [['cpu0'], ROLES]) {
      const { file } = fileAt(path, roles);
      const told = roles.length === 1 ? path : partsOf(path)[0]!;
      t.throws(() => file.open(PRELUDE), new RecordingError(told, 'no space left on device (ENOSPC)', []));
      file.abandon();
      t.same(readdirSync(disk), ['other']);
    }
  }),
);

t.test('parts take the place of the target when they are put together as a whole, not before', async (t) => {
  const folder = t.testdir({ old: 'an earlier recording' });
  const [old, path] = [join(folder, 'old'), join(folder, 'out.pcapng')];
  chmodSync(old, 0o640);
  symlinkSync('old', path);
  const { file, views } = fileAt(path);
  file.open(PRELUDE);
  for (const role of ROLES) writePackets(views, file.taskOf(role)!, 9, 64 * 1024);
  const whole = PRELUDE.length + 18 * 64 * 1024 + TRAILER.length;
  let looks = 0;
  await file.finish(TRAILER, () => {
    looks += 1; // A process that ends here leaves this behind.
    t.equal(readFileSync(old, 'utf8'), 'an earlier recording');
    t.same(readdirSync(folder).sort(), [
      'old',
      'old.merging',
      'out.pcapng',
      ...ROLES.map((r) => `out.pcapng.${r}.part`),
    ]);
    for (const part of partsOf(path)) t.equal(statSync(part).size, PRELUDE.length + 9 * 64 * 1024, 'the part is whole');
  });
  t.equal(looks, 1);
  t.same(readdirSync(folder).sort(), ['old', 'out.pcapng'], 'the link leads to it, and nothing else is left');
  t.equal(statSync(path).size, whole);
  t.equal(statSync(old).mode & 0o777, 0o640, 'who could read it can read it');
});

t.test('a part that is there is not written over, and not taken away', async (t) => {
  const path = join(t.testdir(), 'out.pcapng');
  const [, second] = partsOf(path);
  writeFileSync(second!, 'an earlier recording');
  const { file } = fileAt(path);
  t.throws(() => file.open(PRELUDE), new RecordingError(second!, 'file already exists (EEXIST)', []));
  file.abandon();
  t.same(readdirSync(join(path, '..')), ['out.pcapng.cpu1.part']);
  t.equal(readFileSync(second!, 'utf8'), 'an earlier recording');
});

t.test('what stands where the parts are to be put together is not written over, and not followed', async (t) => {
  const folder = t.testdir({ foreign: 'of somebody else' });
  const [path, foreign] = [join(folder, 'out.pcapng'), join(folder, 'foreign')];
  const merging = `${path}.merging`;
  const stand = [() => symlinkSync('foreign', merging), () => writeFileSync(merging, 'of somebody else')];
  for (const put of stand) {
    const { file, views } = fileAt(path);
    file.open(PRELUDE);
    for (const role of ROLES) writePackets(views, file.taskOf(role)!, 9, 64);
    put();
    const parts = partsOf(path);
    const expected = new RecordingError(merging, 'file already exists (EEXIST)', parts);
    await t.rejects(file.finish(TRAILER, NO_PROGRESS), expected);
    t.equal(readFileSync(foreign, 'utf8'), 'of somebody else');
    t.equal(readFileSync(merging, 'utf8'), 'of somebody else', 'it is still there');
    for (const part of parts) t.equal(statSync(part).size, PRELUDE.length + 9 * 64, 'the part is whole');
    t.same(readdirSync(folder).length, 2 + parts.length);
    for (const helper of [merging, ...parts]) rmSync(helper);
  }
});

/** As a thread does: the last blocks stay in memory. */
function writePackets(views: ReturnType<typeof viewsOf>, task: WriterTask, packets: number, bytes: number): void {
  const writer = new BlockWriter(views, task);
  for (let i = 0; i < packets; i += 1) {
    views.words.set([6, bytes], writer.end / 4);
    writer.add(bytes, 1);
  }
}

/** As a thread does that has not written yet. PRODUCED is the second double. */
function produce(views: ReturnType<typeof viewsOf>, area: number, bytes: number): void {
  const { produced } = readWriteArea(views, area);
  views.doubles[area / DOUBLE_BYTES + 1] = produced + bytes;
}
