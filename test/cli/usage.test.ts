// Whatever is wrong with the arguments: status 2, one line on stderr that names the option and the value, no stack.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { softirqCommand } from '../../src/cli/command.js';
import { BAD_USAGE, explain } from '../../src/cli/one-line.js';
import { resolveOptions } from '../../src/coordinator/resolve-options.js';
import { lines, softirq } from './child.js';

const pktgen = (...args: string[]) => ['run', '--device', 'pktgen', ...args];

const BAD: readonly (readonly [args: string[], line: RegExp])[] = [
  [[], /^softirq: no command given: must be run or stress; try softirq run --help$/],
  [['walk'], /^softirq: unknown command 'walk': must be run or stress; try softirq run --help$/],
  [['rum'], /^softirq: unknown command 'rum': must be run or stress; did you mean run\?$/],
  [['--walk'], /^softirq: unknown option '--walk'/],
  [['run'], /^softirq: --device is missing: it must be pktgen or pcap:FILE$/],
  [['run', '--device', 'eth0'], /^softirq: --device eth0: must be pktgen or pcap:FILE$/],
  [['run', '--device', 'pktgn'], /^softirq: --device pktgn: must be pktgen or pcap:FILE; did you mean pktgen\?$/],
  [['run', '--device', 'cap:a.gz'], /^softirq: --device cap:a\.gz: must be .*; did you mean pcap:a\.gz\?$/],
  [['run', '--device', 'a/b.pcap'], /^softirq: --device a\/b\.pcap: must be .*; did you mean pcap:a\/b\.pcap\?$/],
  [['run', '--device', 'pcap:'], /^softirq: --device pcap:: must be pktgen or pcap:FILE$/],
  [['run', '--device', 'pcap:/no/such.pcap'], /^softirq: --device pcap:\/no\/such\.pcap: there is no such file$/],
  [['run', '--device', 'pcap:package.json'], /^softirq: --device pcap:package\.json: not a capture: it starts with/],
  [['run', '--device', 'pcap:test'], /^softirq: --device pcap:test: /],
  [pktgen('extra'), /^softirq: unexpected argument 'extra'/],
  [pktgen('--rnig', '64'), /^softirq: unknown option '--rnig' \(Did you mean --ring\?\)$/],
  [pktgen('--ring'), /^softirq: option '--ring <n>' argument missing$/],
  [pktgen('--ring', '100'), /^softirq: --ring 100: must be a power of two from 64 to 4096$/],
  [pktgen('--ring', ''), /^softirq: --ring "": must be a power of two/],
  [pktgen('--cpus', '0'), /^softirq: --cpus 0: must be an integer from 1 to 64$/],
  [pktgen('--task', 'foo'), /^softirq: --task foo: must be spin, busy-poll, the absolute URL of a module, or \{/],
  [pktgen('--task', 'spin', '--task', 'foo'), /^softirq: --task foo: must be spin/],
  [pktgen('--mode', 'interrupt', '--task', 'busy-poll'), /^softirq: --task busy-poll: is only for mode napi: in mode /],
  [pktgen('--task', 'busypoll'), /^softirq: --task busypoll: must be spin, .*\}; did you mean busy-poll\?$/],
  [pktgen('--mode', 'trheaded'), /^softirq: --mode trheaded: must be napi, .*busy-poll; did you mean threaded\?$/],
  [pktgen('--irq', 'lach'), /^softirq: --irq lach: must be latch or nolatch; did you mean latch\?$/],
  [pktgen('--queues', '1.5'), /^softirq: --queues 1\.5: /],
  [
    pktgen('--mode', 'poll'),
    /^softirq: --mode poll: must be napi, interrupt, busy-poll, defer, suspend, threaded or threaded-busy-poll$/,
  ],
  [pktgen('--duration', '-1'), /^softirq: --duration -1: must be a number of seconds over 0$/],
  [pktgen('--packets', 'many'), /^softirq: --packets many: /],
  [pktgen('--size', '8'), /^softirq: --size 8: /],
  [pktgen('--rate', '5x'), /^softirq: --rate 5x: must be packets per second/],
  [pktgen('--flows', '0'), /^softirq: --flows 0: /],
  [pktgen('--ip', '5'), /^softirq: --ip 5: must be 4, 6 or mixed$/],
  [pktgen('--arrival', 'poisson'), /^softirq: --arrival poisson: needs a rate that is not max$/],
  [pktgen('--seed', 'x'), /^softirq: --seed x: /],
  [pktgen('--speed', 'max'), /^softirq: --speed max: is only for device pcap:FILE/],
  [pktgen('--full', 'drop'), /^softirq: --full drop: cannot go with rate=max/],
  [pktgen('--budget', '0'), /^softirq: --budget 0: /],
  [pktgen('--budget-usecs', '5'), /^softirq: --budget-usecs 5: must be an integer from 2000/],
  [pktgen('--weight', '65'), /^softirq: --weight 65: must be an integer from 1 to 64$/],
  [pktgen('--irq', 'edge'), /^softirq: --irq edge: must be latch or nolatch$/],
  [pktgen('--top-flows', '0'), /^softirq: --top-flows 0: must be an integer from 1 to 1000$/],
  [pktgen('--top-flows', '1001'), /^softirq: --top-flows 1001: must be an integer from 1 to 1000$/],
  [pktgen('--top-flows'), /^softirq: option '--top-flows <n>' argument missing$/],
  [pktgen('--work', '-1'), /^softirq: --work -1: /],
  [pktgen('--write', ''), /^softirq: --write "": must be the name of a file$/],
  [pktgen('--write', '-'), /^softirq: --write -: must be the name of a file$/],
  [pktgen('--write', 'test'), /^softirq: --write test: is a folder: must be the name of a file$/],
  [pktgen('--write-dropped', '/no/such/x'), /^softirq: --write-dropped \/no\/such\/x: there is no folder \/no\/such$/],
  [pktgen('--write', '/dev/full'), /^softirq: --write \/dev\/full: is no regular file: /],
  [['stress'], /^softirq: --packets is missing: it or --minutes must say/],
  [['stress', '--packets', '0'], /^softirq: --packets 0: must be an integer from 1 to/],
  [
    ['stress', '--packets', '1e9', '--minutes', '1'],
    /^softirq: --minutes 1: cannot go with --packets: use one of them$/,
  ],
  [['stress', '--minutes', '-1'], /^softirq: --minutes -1: must be a number of minutes over 0$/],
  [['stress', '--minutes', '1', '--seed', '1e9'], /^softirq: --seed 1e9: must be an integer from 0 to 134217727$/],
  [['stress', '--round', '0'], /^softirq: --round 0: must be an integer from 1 to 1048575$/],
  [['stress', '--round', '1'], /^softirq: --seed is missing: it must say of which seed the round is$/],
  [['stress', '--minutes', '1', 'extra'], /^softirq: unexpected argument 'extra'/],
  [['stress', '--ring', '64'], /^softirq: unknown option '--ring'/],
  [pktgen('--mode', 'a\n\x1b[31mb'), /^softirq: --mode a \\u001b\[31mb: must be napi, interrupt, /],
  [
    pktgen('--sysctl', 'net.core.somaxconn=1'),
    /^softirq: --sysctl net\.core\.somaxconn: there is no such sysctl here; /,
  ],
  [
    pktgen('--sysctl', 'net.core.netdev_budget_usecs=1999'),
    /^softirq: --sysctl net\.core\.netdev_budget_usecs=1999: must be an /,
  ],
  [
    pktgen('--sysctl', 'net.core.flow_limit_table_len=1000'),
    /^softirq: --sysctl net\.core\.flow_limit_table_len=1000: must be a power of two from 1 to 65536$/,
  ],
  [
    pktgen('--sysctl', 'net.core.flow_limit_table_len=131072'),
    /^softirq: --sysctl net\.core\.flow_limit_table_len=131072: must be a power of two from 1 to 65536$/,
  ],
  [
    pktgen('--sysctl', 'net.core.flow_limit_cpu_bitmap=-1'),
    /^softirq: --sysctl net\.core\.flow_limit_cpu_bitmap=-1: must be an integer from 0 to 9007199254740991$/,
  ],
  [pktgen('--sysctl', 'net.core.netdev_budget'), /^softirq: --sysctl net\.core\.netdev_budget: must be NAME=VALUE$/],
  [pktgen('--napi', 'defer-hard-irqs=-1'), /^softirq: --napi defer-hard-irqs=-1: must be from 0 to 2147483647$/],
  [pktgen('--napi', 'weight=8'), /^softirq: --napi weight: there is no such attribute; there are defer-hard-irqs, /],
  [pktgen('--napi', 'threaded=on'), /^softirq: --napi threaded=on: must be disabled, enabled, busy-poll$/],
  [
    pktgen('--mode', 'interrupt', '--napi', 'threaded=enabled', 'gro-flush-timeout=20000'),
    /^softirq: --napi threaded=enabled gro-flush-timeout=20000: is only for mode napi$/,
  ],
];

t.test('bad usage, every kind', async (t) => {
  for (const [args, line] of BAD) {
    const fault = await softirqCommand()
      .parseAsync(args, { from: 'user' })
      .then(() => null, explain);
    const name = ['softirq', ...args.map((arg) => JSON.stringify(arg))].join(' ');
    t.equal(fault?.status, BAD_USAGE, `${name}: status`);
    t.match(fault?.line, line, `${name}: names what is wrong`);
    t.notMatch(fault?.line, '\n', `${name}: one line`);
  }
});

t.test('bad usage, the real command', async (t) => {
  for (const args of [
    [],
    pktgen('extra'),
    pktgen('--ring', '100'),
    pktgen('--rnig'),
    ['run', '--device', 'pcap:test'],
  ]) {
    const { status, stdout, stderr } = await softirq(args);
    t.equal(status, 2);
    t.equal(lines(stderr).length, 1, `one line: ${stderr.trimEnd()}`);
    t.equal(stdout, '', 'nothing on stdout');
  }
});

t.test('a capture that breaks off is refused before any thread starts', async (t) => {
  const path = join(t.testdir(), 'short.pcap');
  writeFileSync(path, Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000ffff', 'hex'));
  const { status, stderr } = await softirq(['run', '--device', `pcap:${path}`]);
  t.equal(status, 2);
  t.equal(lines(stderr).length, 1);
  t.match(stderr, `--device pcap:${path}: `);
});

t.test('too little memory: one line that says how much it wants', async (t) => {
  const before = ['sh', '-c', 'ulimit -v 2000000; exec "$@"', 'sh'];
  const { status, stderr } = await softirq(['run', '--device', 'pktgen', '--packets', '1'], { before });
  t.equal(status, 1);
  t.match(stderr, /^softirq: memory: \d+ bytes cannot be had: fewer cpus and queues .*ulimit -v/m);
});

t.test('--version and --help', async (t) => {
  const [version, help, runHelp, helpRun] = await Promise.all([
    softirq(['--version']),
    softirq(['--help']),
    softirq(['run', '--help']),
    softirq(['help', 'run']),
  ]);
  t.equal(helpRun.stdout, runHelp.stdout);
  const page = readFileSync('docs/command.md', 'utf8');
  for (const text of [runHelp.stdout, (await softirq(['stress', '--help'])).stdout]) {
    t.ok(page.includes(`\`\`\`\n${text.trimEnd()}\n\`\`\``), 'docs/command.md has it');
  }
  t.match(version, { status: 0, stdout: /^\d+\.\d+\.\d+\n$/, stderr: '' });
  t.match(help, { status: 0, stdout: /run \[options\][\s\S]*stress \[options\]/, stderr: '' });
  t.match(runHelp, { status: 0, stderr: '' });
  helpNamesDefaults(t, runHelp.stdout.replace(/\s+/g, ' '));
});

/** Help texts repeat the defaults that resolveOptions() fills in; here they are held together. */
function helpNamesDefaults(t: Test, help: string): void {
  const { ring, mode, irq, budget, budgetUsecs, weight, work } = resolveOptions({ device: 'pktgen' });
  const { size, rate, flows, ip, arrival, seed } = resolveOptions({ device: 'pktgen' });
  const { loop, speed } = resolveOptions({ device: 'pcap:x' });
  const all = { size, rate, flows, ip, arrival, seed, loop, speed };
  const defaults = { ...all, ring, mode, irq, budget, 'budget-usecs': budgetUsecs, weight, work };
  for (const [name, value] of Object.entries(defaults)) {
    t.match(help, new RegExp(`--${name} <[^>]*> (?:(?! --).)*\\(default: ${value}[;)]`), `--${name}: ${value}`);
  }
}
