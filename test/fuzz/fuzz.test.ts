// Cold. Runs on: main.
// A short run over each target with a fixed seed, and each input of the corpus once more.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { fuzz, tryInput } from './loop.js';
import { TARGETS } from './targets.js';

const CORPUS = fileURLToPath(new URL('../../../test/fuzz/corpus/', import.meta.url));
const SEED = 20_240_229;
const RUN_MS = 6000;
/** As many at least, also where others have the cores; and how long that may take. */
const INPUTS_MIN = 2000;
const RUN_MS_MAX = 60_000;
const SHARE_MIN: Readonly<Record<string, number>> = { captures: 0.5, frames: 0.5 };

for (const [name, make] of Object.entries(TARGETS)) {
  const target = make();

  t.test(`${name}: the corpus holds`, async (t) => {
    const files = readdirSync(CORPUS + name);
    t.ok(files.length > 0);
    for (const file of files) t.equal(tryInput(target, readFileSync(`${CORPUS}${name}/${file}`)), null, file);
  });

  t.test(`${name}: mutated inputs hold`, async (t) => {
    const { failure, inputs, perSecond, corpus, share, growthMib } = await fuzz(target, {
      seed: SEED,
      isOver: (inputs, elapsedMs) => elapsedMs > (inputs < INPUTS_MIN ? RUN_MS_MAX : RUN_MS),
      report: () => {},
    });
    const found = failure && { reason: failure.reason, input: Buffer.from(failure.input).toString('hex') };
    t.equal(found, null, `${inputs} inputs, ${perSecond}/s, corpus ${corpus}, ${growthMib} MiB more`);
    t.ok(inputs >= INPUTS_MIN);
    t.ok(share >= SHARE_MIN[name]!, `${share.toFixed(3)} of the sources`);
  });
}
