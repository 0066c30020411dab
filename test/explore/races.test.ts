// Cold. Runs on: main.
// The happens-before check: what orders two plain accesses, and what does not.

import t from 'tap';
import { exploreSpec } from '../interleave/specs.js';

const OPTIONS = { bound: 2 };

t.test('ordered by a word, by a counter that two add to, by wait and notify', async (t) => {
  for (const variant of ['message', 'counter', 'bell', 'asleep', 'unsigned']) {
    const { failures, complete } = await exploreSpec(`toy-race:${variant}`, OPTIONS);
    t.same(
      failures.map(({ text }) => text),
      [],
      variant,
    );
    t.ok(complete);
  }
});

t.test('not ordered', async (t) => {
  const races: Record<string, RegExp> = {
    'plain-flag': /^race on FLAG: .*reads by Atomics it at step \d+, .*writes it/,
    early: /^race on DATA: receiver reads it at step \d+, sender writes it at step \d+, and neither happens before/,
    mixed: /^race on DATA: (sender writes by Atomics it .*receiver reads|receiver reads it .*sender writes by Atomics)/,
    failed: /^race on DATA/,
    bytes: /^race on DATA: (sender writes|receiver reads)/,
    fill: /^race on DATA/,
    set: /^race on DATA/,
    subarray: /^race on DATA/,
  };
  for (const [variant, message] of Object.entries(races)) {
    const { failures } = await exploreSpec(`toy-race:${variant}`, OPTIONS);
    t.match(failures[0]?.message, message, variant);
  }
});
