// node --cpu-prof: one profile per thread, named for its role, with names in it that a reader recognises.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { profileFlags, workerExecArgv } from '../../src/coordinator/profile.js';
import { sendWhenSeen, softirq } from './child.js';

t.test('what a worker takes over', async (t) => {
  const none: string[] = [];
  t.same(workerExecArgv('cpu0', none), []);
  t.same(
    workerExecArgv('cpu0', ['--trace-gc', '--title', 'x', '--max-old-space-size=99']),
    [],
    'what a Worker refuses',
  );
  t.same(workerExecArgv('cpu0', ['--import', './a.js', '-r', 'b']), ['--import', './a.js', '-r', 'b']);
  t.same(workerExecArgv('napi/nic0-4', ['--cpu-prof']).at(-1), '--cpu-prof-name=napi-nic0-4.cpuprofile');
  t.same(workerExecArgv('cpu0', ['--cpu-prof']), ['--cpu-prof', '--cpu-prof-name=cpu0.cpuprofile']);
  t.same(
    workerExecArgv('nic0', ['--cpu-prof', '--cpu-prof-dir', 'D', '--cpu-prof-interval=50', '--cpu-prof-name', 'main']),
    ['--cpu-prof', '--cpu-prof-dir', 'D', '--cpu-prof-interval=50', '--cpu-prof-name=nic0.cpuprofile'],
  );
  t.same(
    workerExecArgv('nic0', ['--cpu-prof-dir=D', '--cpu-prof-name=x', '--expose-gc']),
    ['--cpu-prof-dir=D'],
    'no name without --cpu-prof',
  );
});

t.test('what main reads from the flags', async (t) => {
  t.equal(profileFlags(['--cpu-prof-dir=D']), null);
  t.same(profileFlags(['--cpu-prof']), { dir: '', intervalUs: 1000, named: false });
  t.same(profileFlags(['--cpu-prof', '--cpu-prof-dir', 'D']), { dir: 'D', intervalUs: 1000, named: false });
  t.same(profileFlags(['--cpu-prof', '--cpu-prof-dir=a=b', '--cpu-prof-interval', '50', '--cpu-prof-name=n']), {
    dir: 'a=b',
    intervalUs: 50,
    named: true,
  });
});

t.test('one profile per thread, after SIGINT too', async (t) => {
  const dir = join(t.testdir(), 'profiles');
  const { status, stderr } = await softirq(
    ['run', '--device', 'pktgen', '--rate', '2M', '--arrival', 'onoff', '--cpus', '1'],
    {
      nodeArgs: ['--cpu-prof', '--cpu-prof-dir', dir, '--cpu-prof-interval=100'], // µs: finds what takes 1 % of a second
      onStderr: sendWhenSeen([/packets\/poll/, 'SIGINT']),
    },
  );
  t.equal(status, 0, stderr);
  const named = readdirSync(dir).filter((name) => !name.startsWith('CPU.'));
  t.same(named.sort(), ['cpu0.cpuprofile', 'main.cpuprofile', 'nic0.cpuprofile']);
  const cpu = functionsIn(join(dir, 'cpu0.cpuprofile'));
  for (const name of ['take', 'classify', 'netRxAction', 'idleSleep']) t.ok(cpu.has(name), `cpu0: ${name}`);
  const nic = functionsIn(join(dir, 'nic0.cpuprofile'));
  for (const name of ['copy', 'idleSleep']) t.ok(nic.has(name), `nic0: ${name}`);
  t.ok(functionsIn(join(dir, 'main.cpuprofile')).has('runCommand'), 'main: runCommand');
});

/** Without the module's name, which stands before the burst functions' own: `take.as/take`. */
function functionsIn(path: string): Set<string> {
  const { nodes } = JSON.parse(readFileSync(path, 'utf8')) as { nodes: { callFrame: { functionName: string } }[] };
  return new Set(nodes.map(({ callFrame }) => callFrame.functionName.replace(/^.*\//, '')));
}
