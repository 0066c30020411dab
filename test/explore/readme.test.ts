// Cold. Runs on: main.
// The example of docs/testing.md, run as it stands there.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { plainNode } from '../plain-node.js';

const BUILD = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = readFileSync(join(BUILD, '../docs/testing.md'), 'utf8');

/** The fenced block that begins with this line. */
function block(first: string): string {
  const start = PAGE.indexOf(first);
  return PAGE.slice(start, PAGE.indexOf('```', start));
}

t.test('a driver on one thread, as printed', async (t) => {
  const folder = mkdtempSync(join(BUILD, 'readme-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'driver.js'), block('import { simulate }'));
  const { stdout, stderr } = spawnSync(...plainNode(join(folder, 'driver.js')), { encoding: 'utf8' });
  t.equal(stderr, '');
  t.match(stdout, /^10 10 0\n/);
  t.match(stdout, /irq_handler_entry[\s\S]*softirq_raise[\s\S]*softirq_entry[\s\S]*napi_poll/);
});

t.test('a broken counter is found, as printed', async (t) => {
  // Below the package, so that `softirq/testing` resolves as it does for those who depend on it.
  const folder = mkdtempSync(join(BUILD, 'readme-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'counter.js'), block('// counter.js'));
  writeFileSync(join(folder, 'find.js'), block('// find.js'));
  const run = (...args: string[]) => spawnSync(...plainNode(...args), { cwd: folder, encoding: 'utf8' });
  const { stdout, stderr } = run('find.js');
  t.equal(stderr, '');
  t.equal(stdout.replace('../src/', 'node_modules/softirq/build/src/'), block('counter: counter=1'));
  const [, command = ''] = /^replay: node (.*)$/m.exec(stdout) ?? [];
  const [script = '', scenario = '', schedule = ''] = command.replaceAll("'", '').split(' ');
  const again = run(script, scenario, schedule);
  t.equal(again.status, 1);
  t.equal(again.stdout, stdout);
});
