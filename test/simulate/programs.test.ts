// Cold. Runs on: main.
// Long random programs with CPUs that go, come and die: repeatable byte for byte, and nothing is lost but what a dead CPU had in its hand.

import t from 'tap';
import { runProgram } from './program.js';

const SEEDS = [1, 2, 3, 4, 5];
const traces = new Set<string>();

for (const seed of SEEDS) {
  t.test(`seed ${seed}`, async (t) => {
    const outcome = runProgram(seed);
    const { delivered, sent, lost, dropped, deaths, moves, restless, trace } = outcome;
    t.comment(`${trace.split('\n').length} events, ${sent} packets, ${moves} moves, ${deaths} deaths, lost ${lost}`);
    const came = delivered.flatMap((numbers, flow) => numbers.map((number) => `${flow}.${number}`));
    t.equal(new Set(came).size, came.length, 'nothing twice');
    t.equal(came.length + lost + dropped, sent, 'everything once');
    t.ok(lost <= deaths, 'at most one packet by death');
    t.same(restless, [], 'nothing is stranded');
    t.ok(deaths > 0 && moves > 10);
    const direct = delivered.filter((_, flow) => flow % 2 === 0);
    t.ok(direct.every(isAscending), 'each flow in order');
    t.equal(runProgram(seed).trace, trace, 'the same seed, the same trace');
    traces.add(trace);
  });
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);
}

t.test('another seed, another trace', async (t) => {
  t.equal(traces.size, SEEDS.length);
});
