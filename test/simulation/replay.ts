// Cold. Runs on: main.
// node build/test/simulation/replay.js SEED [--with JSON]
// Plays one seed again and prints what it decided and how it ended, with the stack where it failed; exits with 1 then.

import { parseArgs } from 'node:util';
import { scenarioOf } from './scenario.js';
import { Simulation } from './simulation.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { with: { type: 'string', default: '{}' } },
});
const seed = Number(positionals[0]);
if (!Number.isSafeInteger(seed)) throw new Error('which seed? node build/test/simulation/replay.js 17');

const scenario = scenarioOf(seed, JSON.parse(values.with));
console.log(scenario);
const simulation = new Simulation(scenario);
try {
  const { flows: _, ...outcome } = simulation.run();
  console.dir(outcome, { depth: 3 });
} catch (error) {
  console.error(`turn ${simulation.steps}:`, error);
  process.exitCode = 1;
}
