// Cold. Runs on: main.
// npm run fuzz: a long run over all targets, or one input once more.
//
//   npm run fuzz -- [--inputs 1000000] [--seed 1] [--target captures|frames]
//   npm run fuzz -- --target captures --replay FILE

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Failure, fuzz, type Progress, tryInput } from './loop.js';
import { TARGETS } from './targets.js';

const FOLDER = '.fuzz';

const values = attempt(
  () =>
    parseArgs({
      options: {
        inputs: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: '1' },
        target: { type: 'string' },
        replay: { type: 'string' },
      },
    }).values,
);

/** Bad usage ends the process with one line. */
function attempt<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    return fail((error as Error).message);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : fail(`--${name} ${text}: a whole number is needed`);
}

function chosenTargets(name: string | undefined): string[] {
  const names = Object.keys(TARGETS);
  if (name === undefined) return names;
  return names.includes(name) ? [name] : fail(`--target ${name}: one of ${names.join(', ')}`);
}

function show({ target, inputs, perSecond, corpus, covered, share, growthMib }: Progress): void {
  const count = inputs.toLocaleString('en');
  const rate = `${perSecond.toLocaleString('en')}/s`;
  console.log(
    `${target}: ${count} inputs, ${rate}, corpus ${corpus}, ${covered} characters (${(share * 100).toFixed(1)} %) covered, ${growthMib} MiB more`,
  );
}

/** @returns the command that runs it again */
function save({ target, input }: Failure): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}/${target}-${Date.now()}.bin`;
  writeFileSync(path, input);
  return `npm run fuzz -- --target ${target} --replay ${path}`;
}

function replay(names: readonly string[], path: string): boolean {
  if (names.length !== 1) fail('--replay FILE needs --target');
  const input = attempt(() => readFileSync(path));
  const reason = tryInput(TARGETS[names[0]!]!(), input);
  console.log(reason ?? 'holds');
  return reason === null;
}

async function run(names: readonly string[], inputs: number, seed: number): Promise<boolean> {
  const share = Math.ceil(inputs / names.length);
  for (const name of names) {
    console.log(`${name}: seed ${seed}`);
    const { failure, ...progress } = await fuzz(TARGETS[name]!(), {
      seed,
      isOver: (done) => done >= share,
      report: show,
    });
    show(progress);
    if (failure === null) continue;
    console.log(`${failure.reason}\n${failure.input.length} bytes: ${save(failure)}`);
    return false;
  }
  return true;
}

const names = chosenTargets(values.target);
const holds =
  values.replay === undefined
    ? await run(names, wholeNumber('inputs', values.inputs), wholeNumber('seed', values.seed))
    : replay(names, values.replay);
process.exitCode = holds ? 0 : 1;
