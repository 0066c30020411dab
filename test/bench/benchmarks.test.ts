// Cold. Runs on: main; each benchmark in a process of its own.
// Every benchmark runs, small, and finds its own answer right: so none can rot. What it measures is not judged here.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { plainNode } from '../plain-node.js';

const FOLDER = fileURLToPath(new URL('../../bench/', import.meta.url));
const LIMIT_MS = 60_000;

async function run(file: string): Promise<{ status: number | null; output: string }> {
  const child = spawn(...plainNode(`${FOLDER}${file}`, '--small'), { timeout: LIMIT_MS });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, output };
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.js') && name !== 'harness.js')) {
  t.test(file, async (t) => {
    const { status, output } = await run(file);
    t.equal(status, 0, output);
    t.match(output, /──▶|▶/, 'it shows its topology');
  });
}
