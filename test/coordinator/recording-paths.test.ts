// Cold. Runs on: main.
// Which files are written by whom, and which are refused before any thread starts.

import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { checkRecordingPaths, mergingPath, partPath, recordingTargets } from '../../src/coordinator/recording-paths.js';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import { type HostOptions, SoftirqOptionError, startHost } from '../../src/index.js';

const PKTGEN = { device: 'pktgen', cpus: 2 };

function filesOf(options: Partial<HostOptions>): string[] {
  return recordingTargets(resolveOptions({ ...PKTGEN, ...options })).flatMap((target) =>
    target.roles.map((role) => partPath(target, role)),
  );
}

t.test('one writer writes the file itself, several their parts', async (t) => {
  t.same(filesOf({}), []);
  t.same(filesOf({ cpus: 1, write: 'a' }), ['a']);
  t.same(filesOf({ write: 'a' }), ['a.cpu0.part', 'a.cpu1.part'], 'a NIC delivers nothing');
  t.same(filesOf({ cpus: 1, writeDropped: 'd' }), ['d.cpu0.part', 'd.nic0.part']);
  t.same(filesOf({ cpus: 1, write: 'a', writeDropped: 'd' }), ['a', 'd.cpu0.part', 'd.nic0.part']);
  t.same(filesOf({ cpus: 1, write: 'a', writeDropped: './a' }), ['a.cpu0.part', 'a.nic0.part'], 'one file for both');
});

function refusal(options: Partial<HostOptions>): unknown {
  try {
    checkRecordingPaths(resolveOptions({ ...PKTGEN, ...options } as HostOptions));
    return null;
  } catch (error) {
    return error;
  }
}

function refuses(t: Test, options: Partial<HostOptions>, option: 'write' | 'writeDropped', expected: string): void {
  const found = refusal(options);
  t.type(found, SoftirqOptionError);
  t.match(found, { option, value: options[option], expected });
}

t.test('what cannot be written is refused', async (t) => {
  const folder = t.testdir({ file: '' });
  const file = join(folder, 'file');
  refuses(t, { write: folder }, 'write', 'is a folder: must be the name of a file');
  refuses(t, { writeDropped: '/dev/null' }, 'writeDropped', 'is no regular file: must be the name of one, new or old');
  refuses(t, { write: join(folder, 'no', 'x') }, 'write', `there is no folder ${join(folder, 'no')}`);
  refuses(t, { write: join(file, 'x') }, 'write', 'cannot be written: not a directory (ENOTDIR)');
  refuses(t, { write: join(folder, 'x'.repeat(300)) }, 'write', 'cannot be written: name too long (ENAMETOOLONG)');
  t.equal(refusal({ write: file }), null, 'an old file is written over');
  t.equal(refusal({ write: join(folder, 'new') }), null);
});

t.test('the capture that is replayed is not written over, by whatever name', async (t) => {
  const folder = t.testdir({ in: 'a capture' });
  const [capture, link, twin] = ['in', 'link', 'twin'].map((name) => join(folder, name)) as [string, string, string];
  symlinkSync(capture, link);
  linkSync(capture, twin);
  mkdirSync(join(folder, 'sub'));
  const replay = { device: `pcap:${capture}` };
  for (const write of [capture, link, twin, join(folder, 'sub', '..', 'in')]) {
    refuses(t, { ...replay, write }, 'write', 'must not be the capture that is replayed');
  }
  refuses(t, { ...replay, writeDropped: capture }, 'writeDropped', 'must not be the capture that is replayed');
  const part = join(folder, 'out.cpu1.part');
  writeFileSync(part, '');
  const write = join(folder, 'out');
  refuses(t, { device: `pcap:${part}`, write }, 'write', `needs ${part}, which is the capture that is replayed`);
});

t.test('no file is needed twice', async (t) => {
  const folder = t.testdir();
  const write = join(folder, 'a');
  const writeDropped = join(folder, 'a.cpu0.part');
  refuses(t, { write, writeDropped }, 'writeDropped', 'must not be a file of write');
  refuses(
    t,
    { write: writeDropped, writeDropped: write },
    'writeDropped',
    `needs ${writeDropped}, which is a file of write`,
  );
  t.equal(refusal({ write, writeDropped: write }), null, 'but both may go to one');
});

t.test('an earlier recording that was not put together is not written over', async (t) => {
  const folder = t.testdir({ 'out.cpu1.part': 'packets' });
  const write = join(folder, 'out');
  const part = `${write}.cpu1.part`;
  const problem = `needs ${part}, which is there: it may hold an earlier recording; move it away or remove it`;
  refuses(t, { write }, 'write', problem);
  await t.rejects(startHost({ ...PKTGEN, write }), {
    name: 'SoftirqOptionError',
    message: `write=${write}: ${problem}`,
  });
  t.same(readdirSync(folder), ['out.cpu1.part']);
  t.equal(readFileSync(part, 'utf8'), 'packets');
  t.equal(refusal({ cpus: 1, write }), null, 'one writer needs no part');
});

t.test('what stands in the way of a recording is told before the start, be it a link that leads nowhere', async (t) => {
  const folder = t.testdir({ 'a.merging': 'half of it' });
  for (const name of ['b.merging', 'c.cpu0.part']) symlinkSync('nowhere', join(folder, name));
  for (const [name, helper] of [
    ['a', 'a.merging'],
    ['b', 'b.merging'],
    ['c', 'c.cpu0.part'],
  ] as const) {
    const problem = `needs ${join(folder, helper)}, which is there: it may hold an earlier recording; move it away or remove it`;
    refuses(t, { write: join(folder, name) }, 'write', problem);
  }
});

t.test('where parts are put together', async (t) => {
  const folder = t.testdir({ real: { file: '' }, 'b.merging': {} });
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => join(folder, name)) as [string, string, string, string];
  symlinkSync('real/file', a);
  t.equal(mergingPath(a), join(folder, 'real', 'file.merging'), 'beside the file itself');
  refuses(t, { write: b }, 'write', `needs ${b}.merging: is a folder: must be the name of a file`);
  t.equal(refusal({ cpus: 1, write: b }), null);
  symlinkSync('real/new', c);
  t.equal(mergingPath(c), join(folder, 'real', 'new.merging'), 'also if it is not there yet');
  t.equal(refusal({ write: c }), null);
  symlinkSync('unreal/new', d);
  refuses(t, { write: d }, 'write', 'cannot be written: no such file or directory (ENOENT)');
  refuses(
    t,
    { write: c, writeDropped: `${join(folder, 'real', 'new.merging')}` },
    'writeDropped',
    'must not be a file of write',
  );
});

t.test('startHost refuses before it opens anything', async (t) => {
  const folder = t.testdir({ in: 'a capture' });
  const write = join(folder, 'in');
  await t.rejects(startHost({ ...PKTGEN, write, writeDropped: folder }), { name: 'SoftirqOptionError' });
  t.equal(readFileSync(write, 'utf8'), 'a capture');
  t.same(readdirSync(folder), ['in']);
});

t.test('threads that cannot be: no file stays open, no part is left', async (t) => {
  const folder = t.testdir();
  const options = { ...PKTGEN, write: join(folder, 'out'), execArgv: ['--no-such-flag'] };
  await t.rejects(startHost(options), { code: 'ERR_WORKER_INVALID_EXEC_ARGV' });
  t.same(readdirSync(folder), []);
  if (process.platform !== 'linux') return;
  const open = readdirSync('/proc/self/fd').map((fd) => `/proc/self/fd/${fd}`);
  t.notOk(
    open.some((fd) => existsSync(fd) && readlinkSync(fd).startsWith(folder)),
    'none is open',
  );
});
