// Cold. Runs on: main.
// `--mode`, `--sysctl` and `--napi` as typed, and what the library gets.

import t from 'tap';
import { expandModes } from '../../src/cli/presets.js';
import { lines, softirq } from './child.js';

t.test('a preset says what it sets; what is typed beside it wins', async (t) => {
  t.same(expandModes({ mode: 'threaded', cpus: '2' } as never), {
    options: { cpus: '2', mode: 'napi', napi: { threaded: 'enabled' } },
    notes: ['mode threaded: --napi threaded=enabled'],
  });
  const napi = ['threaded=busy-poll', 'gro-flush-timeout=20000'];
  t.match(expandModes({ mode: 'threaded', napi }), {
    options: { napi: { threaded: 'busy-poll', groFlushTimeout: 20_000 } },
  });
});

t.test('repeated, or several at once; nothing given, nothing set', async (t) => {
  const sysctl = ['net.core.netdev_budget=100', 'net.core.dev_weight=32'];
  t.same(expandModes({ mode: 'interrupt', sysctl }), {
    options: { mode: 'interrupt', sysctl: { 'net.core.netdev_budget': 100, 'net.core.dev_weight': 32 } },
    notes: [],
  });
  t.same(expandModes({}), { options: {}, notes: [] });
});

t.test('the real command: threaded busy poll takes one interrupt', async (t) => {
  const args = [
    '--packets',
    '2000',
    '--rate',
    '20k',
    '--full',
    'wait',
    '--cpus',
    '1',
    '--mode',
    'threaded-busy-poll',
    '--json',
  ];
  const { status, stdout, stderr } = await softirq(['run', '--device', 'pktgen', ...args]);
  t.equal(status, 0);
  t.match(lines(stderr).join('\n'), 'softirq: mode threaded-busy-poll: --napi threaded=busy-poll');
  t.match(JSON.parse(stdout), { nics: [{ irqs: 1 }], conservation: { holds: true, delivered: 2000 } });
});

t.test('the real command: deferred interrupts, and polls of the timer', async (t) => {
  const load = ['--packets', '4000', '--rate', '20k', '--full', 'wait', '--cpus', '1', '--queues', '1'];
  const { status, stdout, stderr } = await softirq(['run', '--device', 'pktgen', ...load, '--mode', 'defer', '--json']);
  t.equal(status, 0);
  t.match(lines(stderr).join('\n'), 'softirq: mode defer: --napi defer-hard-irqs=2 --napi gro-flush-timeout=200000');
  const { cpus, nics, conservation } = JSON.parse(stdout);
  t.match(conservation, { holds: true, delivered: 4000 });
  t.ok(cpus[0].timerIrqs > 10, `${cpus[0].timerIrqs} timer interrupts`);
  t.ok(nics[0].queues[0].deferredPolls > 10, `${nics[0].queues[0].deferredPolls} deferred polls`);
});
