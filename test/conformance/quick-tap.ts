// Cold. Runs on: main, as `tap` in the copies that mutants.test.ts makes.
// Just enough of tap to say which tests fail, in a tenth of the time that it takes to start. An argument is how the names of the tests
// begin that are to run.

import assert from 'node:assert';

type Body = (t: object) => Promise<void>;

const tests: { name: string; body: Body }[] = [];

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/** tap's match: a pattern for a text, the fields that are given of an object, else the same. */
function matches(found: unknown, wanted: unknown): boolean {
  if (wanted instanceof RegExp) return wanted.test(String(found));
  if (wanted === null || typeof wanted !== 'object') return found === wanted;
  if (found === null || typeof found !== 'object') return false;
  return Object.entries(wanted).every(([key, value]) => matches((found as Record<string, unknown>)[key], value));
}

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}

function tester(fail: () => void) {
  const check = (good: boolean) => {
    if (!good) fail();
  };
  return {
    fail,
    ok: (value: unknown) => check(Boolean(value)),
    notOk: (value: unknown) => check(!value),
    equal: (found: unknown, wanted: unknown) => check(found === wanted),
    not: (found: unknown, wanted: unknown) => check(found !== wanted),
    same: (found: unknown, wanted: unknown) => check(holds(() => assert.deepEqual(found, wanted))),
    match: (found: unknown, wanted: unknown) => check(matches(found, wanted)),
    throws(run: () => unknown, wanted: unknown) {
      const error = thrown(run);
      const given = wanted instanceof RegExp && error instanceof Error ? error.message : error;
      check(error !== null && matches(given, wanted));
    },
  };
}

async function run({ name, body }: (typeof tests)[0]): Promise<void> {
  let failed = false;
  const fail = () => {
    failed = true;
  };
  await body(tester(fail)).catch(fail);
  console.log(`${failed ? 'not ok' : 'ok'} 1 - ${name}`);
}

setImmediate(async () => {
  const [, , begin = ''] = process.argv;
  for (const test of tests.filter(({ name }) => name.startsWith(begin))) await run(test);
  console.log('# end');
});

export default {
  test: (name: string, body: Body) => tests.push({ name, body }),
};
