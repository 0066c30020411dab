// Cold. Runs on: main.
// The first program of the README, run as it stands there by the oldest Node.js that is supported.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { plainNode } from '../plain-node.js';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const TIMEOUT_MS = 60_000;

t.test('a machine that ends by itself', async (t) => {
  const [, code = ''] =
    /^```js\n(import \{ startHost \}.*?)^```$/ms.exec(readFileSync(`${PACKAGE}README.md`, 'utf8')) ?? [];
  const folder = mkdtempSync(`${PACKAGE}build/readme-`); // Inside the package, so that its name is known.
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(`${folder}/first.js`, code);
  const options = { encoding: 'utf8', timeout: TIMEOUT_MS } as const;
  const { stdout, stderr } = spawnSync(...plainNode(`${folder}/first.js`), options);
  t.equal(stderr, '');
  t.match(stdout, /^[1-9]\d* \d+(\.\d+)? true\n$/);
});
