// Cold. Runs on: main.
// `--mode`, `--sysctl` and `--napi` as typed, and what the library gets.

import t from 'tap';
import { softirqCommand } from '../../src/cli/command.js';
import { expandModes } from '../../src/cli/presets.js';
import { lines, type Outcome, softirq } from './child.js';

t.test('a preset says what it sets; what is typed beside it wins', async (t) => {
  t.same(expandModes({ mode: 'threaded', cpus: '2' } as never), {
    options: { cpus: '2', mode: 'napi', napi: { threaded: 'enabled' } },
    notes: ['mode threaded: --napi threaded=enabled'],
  });
  const napi = ['threaded=busy-poll', 'gro-flush-timeout=20000'];
  t.match(expandModes({ mode: 'threaded', napi }), {
    options: { napi: { threaded: 'busy-poll', groFlushTimeout: 20_000 } },
    notes: ['mode threaded: --napi threaded=busy-poll'],
  });
  const defer = { mode: 'defer', napi: ['defer-hard-irqs=3', 'defer-hard-irqs=4', 'threaded=enabled'] };
  t.match(expandModes(defer), {
    options: { napi: { deferHardIrqs: 4, groFlushTimeout: 200_000 } },
    notes: ['mode defer: --napi defer-hard-irqs=4 --napi gro-flush-timeout=200000'],
  });
});

t.test("the names are netdev-genl's, not the library's", async (t) => {
  const message = '--napi deferHardIrqs=1: the name must be defer-hard-irqs';
  t.throws(() => expandModes({ napi: ['threaded=enabled', 'deferHardIrqs=1'] }), { message });
});

t.test('of one name that is typed twice the last wins, and help says so', async (t) => {
  t.match(expandModes({ napi: ['threaded=enabled', 'threaded=disabled'] }), {
    options: { napi: { threaded: 'disabled' } },
  });
  const help = softirqCommand()
    .commands.find((command) => command.name() === 'run')!
    .helpInformation();
  t.equal(help.match(/the last\s+of\s+a\s+(key|name)\s+wins/g)?.length, 2);
});

t.test('busy polling: the settings, and the task that polls; other tasks stand beside it', async (t) => {
  const napi = { deferHardIrqs: 2, groFlushTimeout: 200_000 };
  const knobs = '--napi defer-hard-irqs=2 --napi gro-flush-timeout=200000';
  t.same(expandModes({ mode: 'busy-poll' }), {
    options: { mode: 'napi', napi, task: ['busy-poll'] },
    notes: [`mode busy-poll: ${knobs} --task busy-poll`],
  });
  t.same(expandModes({ mode: 'suspend', task: ['spin'] }), {
    options: { mode: 'napi', napi: { ...napi, irqSuspendTimeout: 20e6 }, task: ['busy-poll', 'spin'] },
    notes: [`mode suspend: ${knobs} --napi irq-suspend-timeout=20000000 --task busy-poll`],
  });
  t.match(expandModes({ task: ['spin'], capabilities: ['CAP_NET_ADMIN'] }), {
    options: { task: [{ url: 'spin', capabilities: ['CAP_NET_ADMIN'] }] },
  });
});

t.test('capabilities of no task are an error', async (t) => {
  t.throws(() => expandModes({ capabilities: ['CAP_NET_ADMIN'] }), {
    message: '--capabilities: needs a --task that has them',
  });
});

t.test('an unknown capability is told in the word that was typed', async (t) => {
  const expected = { message: '--capabilities X: must be CAP_NET_ADMIN' };
  t.throws(() => expandModes({ task: ['spin'], capabilities: ['CAP_NET_ADMIN', 'X'] }), expected);
  t.throws(() => expandModes({ capabilities: ['X'] }), expected);
});

t.test('blanks are no number', async (t) => {
  t.match(expandModes({ napi: ['gro-flush-timeout= '] }), { options: { napi: { groFlushTimeout: ' ' } } });
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

function busyPolled(mode: string, packets: number): Promise<Outcome> {
  const load = ['--packets', `${packets}`, '--rate', '20k', '--full', 'wait', '--cpus', '1', '--queues', '1'];
  return softirq(['run', '--device', 'pktgen', ...load, '--mode', mode]);
}

for (const mode of ['busy-poll', 'suspend']) {
  t.test(`the real command: ${mode}: packets without interrupts`, async (t) => {
    const short = await busyPolled(mode, 4000);
    // On a crowded system the timer may always be the first for a while: then it gets more time.
    const found = short.stdout.includes('by busy polling');
    const { status, stdout, stderr } = found ? short : await busyPolled(mode, 40_000);
    t.equal(status, 0);
    t.match(lines(stderr).join('\n'), `softirq: mode ${mode}: --napi defer-hard-irqs=2`);
    t.match(stdout, /deferred, interrupt still off +[\d,]+/);
    t.match(stdout, /by busy polling +[\d,]+ +[\d.]+ % of the packets/);
    t.match(stdout, /busy-poll +cpu0/);
    t.match(stdout, found ? /delivered +4,000/ : /delivered +40,000/);
  });
}
