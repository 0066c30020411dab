// Cold. Runs on: main.
// node build/src/explore/replay.js SCENARIO[#VARIANT] [SCHEDULE] [--root FOLDER]
// Runs one schedule again, as explore() prints it, and shows its trace. Exit status: 0 fine, 1 it fails, 2 bad usage.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { replay } from './explore.js';

const USAGE = 'usage: replay.js SCENARIO[#VARIANT] [SCHEDULE] [--root FOLDER]';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { root: { type: 'string' } } });
  const [scenario, schedule = '0:*', ...more] = positionals;
  if (scenario === undefined || more.length > 0) throw new Error(USAGE);
  const root = values.root === undefined ? {} : { root: pathToFileURL(`${resolve(values.root)}/`) };
  const { text, message } = await replay(scenario, schedule, root);
  process.stdout.write(`${text}\n`);
  return message === null ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
