// Cold. Runs on: main.
// A failing schedule made smaller.

import t from 'tap';
import type { Failure } from '../../src/explore/report.js';
import { exploreSpec, replaySpec } from '../interleave/specs.js';

const AT_RANDOM = { bound: 0, random: { schedules: 20_000, depth: 6, seed: 3 } };

t.test('a random failure comes down to the preemptions that it needs', async (t) => {
  for (const [spec, preemptions] of Object.entries({ 'toy-deep:long': 3, 'toy-increment': 1, 'toy-bell:once': 0 })) {
    const raw = (await exploreSpec(spec, { ...AT_RANDOM, shrink: false })).failures[0]!;
    const small = (await exploreSpec(spec, AT_RANDOM)).failures[0]!;
    t.equal(small.preemptions, preemptions, spec);
    t.ok(small.preemptions <= raw.preemptions && small.trace.length <= raw.trace.length);
    t.comment(`${spec}: ${sizeOf(raw)} → ${sizeOf(small)}`);
    const again = await replaySpec(spec, small.schedule);
    t.match(again, { message: small.message, schedule: small.schedule, text: small.text });
  }
});

function sizeOf({ preemptions, trace }: Failure): string {
  return `${preemptions} preemptions, ${trace.length} steps`;
}
