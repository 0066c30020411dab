// Cold. Runs on: main.
// node build/test/interleave/replay.js SCENARIO[:VARIANT] SCHEDULE --patches JSON
// Runs one schedule of a mutant again and prints its trace; exits with 1 when it fails.

import { parseArgs } from 'node:util';
import { parsePatches, withMutant } from './mutant.js';
import { replaySpec } from './specs.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { patches: { type: 'string', default: '[]' } },
});
const [spec, schedule = '0:*'] = positionals;
if (spec === undefined) throw new Error('which scenario? node build/test/interleave/replay.js SCENARIO SCHEDULE');

const outcome = await withMutant(parsePatches(values.patches), (root) => replaySpec(spec, schedule, { root }));
process.stdout.write(`${outcome.text}\n`);
process.exitCode = outcome.message === null ? 0 : 1;
