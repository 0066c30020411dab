// Cold. Runs on: main.
// node build/test/interleave/replay.js SCENARIO --schedule 0:5,1:3,0:* [--patches JSON]
// Runs one schedule again and prints its trace; exits with 1 when it fails.

import { parseArgs } from 'node:util';
import { parsePatches, withMutant } from './mutant.js';
import { parseSchedule } from './schedule.js';
import { replay } from './search.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { schedule: { type: 'string', default: '0:*' }, patches: { type: 'string' } },
});
const [spec] = positionals;
if (spec === undefined) throw new Error('which scenario? node build/test/interleave/replay.js SCENARIO --schedule 0:*');

const plan = parseSchedule(values.schedule);
const outcome =
  values.patches === undefined
    ? await replay(spec, plan)
    : await withMutant(parsePatches(values.patches), (root) => replay(spec, plan, { root }));
process.stdout.write(`${outcome.text}\n`);
process.exitCode = outcome.message === null ? 0 : 1;
