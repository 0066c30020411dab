// Cold. Runs on: main.
// node build/test/simulation/replay.js SEED [--with JSON]
// Plays one seed again and prints what it decided and how it ended, with the stack where it failed; exits with 1 then.

import { inspect, parseArgs } from 'node:util';
import { scenarioOf } from './scenario.js';
import { Simulation } from './simulation.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { with: { type: 'string', default: '{}' } },
});
const seed = Number(positionals[0]);
if (!Number.isSafeInteger(seed)) throw new Error('which seed? node build/test/simulation/replay.js 17');

const scenario = scenarioOf(seed, JSON.parse(values.with));
print(scenario);
const simulation = new Simulation(scenario);
try {
  const { flows: _, ...outcome } = simulation.run();
  print(outcome);
} catch (error) {
  print(simulation.steps, error);
  process.exitCode = 1;
}

function print(...things: unknown[]): void {
  process.stdout.write(`${things.map((thing) => inspect(thing, { depth: 3 })).join(' ')}\n`);
}
