// Cold. Runs on: main.
// Every rule has a line that carries it: broken, it dies of the test that is named for the rule. And docs/kernel-map.md says so.
// The suites run over a small stand-in for tap, which starts quickly.

import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { patchText } from '../interleave/mutant.js';
import { plainNode } from '../plain-node.js';
import { type Mutant, SUITES } from './mutant-rows.js';
import { MUTANTS } from './mutants.js';

t.setTimeout(300_000);

const BUILD = fileURLToPath(new URL('../../', import.meta.url));
const WORKERS = 2;
/** Fifty times what a suite takes, and more: one mutant's loop has no end. */
const HANGS_MS = 10_000;

/** A copy of sources and cases, below build/ so that packages resolve. */
class Copy {
  private readonly folder: string;

  constructor() {
    mkdirSync(join(BUILD, 'mutants'), { recursive: true });
    this.folder = mkdtempSync(join(BUILD, 'mutants', 'c'));
    const filter = (file: string) => !/\.(d\.ts|map)$/.test(file);
    cpSync(join(BUILD, 'src'), join(this.folder, 'src'), { recursive: true, filter });
    for (const name of ['conformance', 'interleave']) {
      cpSync(join(BUILD, 'test', name), join(this.folder, 'test', name), { recursive: true, filter });
    }
    this.standIn();
  }

  /** Where its packages come from: tap from here. */
  private standIn(): void {
    const tap = join(this.folder, 'node_modules', 'tap');
    mkdirSync(tap, { recursive: true });
    writeFileSync(join(tap, 'package.json'), JSON.stringify({ name: 'tap', type: 'module', exports: './index.js' }));
    cpSync(join(BUILD, 'test', 'conformance', 'quick-tap.js'), join(tap, 'index.js'));
  }

  /** Runs the mutant's suite over it, or those of its tests whose names begin so. @returns the names of those that failed */
  async failures({ patches, suite }: Mutant, begin = ''): Promise<string[]> {
    const paths = [...new Set(patches.map(({ file }) => join(this.folder, 'src', file)))];
    const originals = paths.map((path) => readFileSync(path, 'utf8'));
    for (const patch of patches) {
      const path = join(this.folder, 'src', patch.file);
      writeFileSync(path, patchText(readFileSync(path, 'utf8'), patch));
    }
    try {
      return namesOf(await outputOf(join(this.folder, 'test', 'conformance', `${suite}.test.js`), begin));
    } finally {
      for (const [index, path] of paths.entries()) writeFileSync(path, originals[index]!);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function outputOf(file: string, begin: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(...plainNode(file, begin), { timeout: HANGS_MS, maxBuffer: 2 ** 26 }, (_, stdout) => resolve(stdout));
  });
}

/** Of the tests that failed; one that did not come to its end is the last that failed. */
function namesOf(output: string): string[] {
  const failed = [...output.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, name]) => name!);
  return output.endsWith('# end\n') ? failed : [...failed, 'no end'];
}

t.test('the original passes', async (t) => {
  const copy = new Copy();
  for (const suite of SUITES) {
    t.same(await copy.failures({ kernel: '', rule: '', by: '', patches: [], suite }), [], suite);
  }
  copy.remove();
});

t.test('every mutant is killed by the test that is named', async (t) => {
  const left = [...MUTANTS];
  const work = async () => {
    const copy = new Copy();
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const failed = await copy.failures(mutant, mutant.by);
      const killed = failed.some((name) => name.startsWith(mutant.by));
      const otherwise = killed ? '' : `; but ${fateOf(await copy.failures(mutant))}`;
      t.ok(killed, `${mutant.kernel}: ${mutant.rule}: by ${mutant.by}${otherwise}`);
    }
    copy.remove();
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
});

function fateOf(failed: readonly string[]): string {
  return failed.length === 0 ? 'it lives' : `it dies of ${failed.join(' · ')}`;
}

t.test('docs/kernel-map.md lists them', async (t) => {
  const text = readFileSync(join(BUILD, '..', 'docs', 'kernel-map.md'), 'utf8');
  const missing = MUTANTS.map(rowOf).filter((row) => !text.includes(row));
  t.same(missing, [], 'rows that are missing');
});

/** Those of the kernel's cases for which there is something here. */
const CASES = [
  'S01 S02 S04 S06 S07 S09 S10 S11 S12 S13 S14 S15 S16 S18 S19 S20 S21 S22 S24 S25',
  'N01 N02 N05 N07 N09 N10 N12 N13 N14 N16 N17 N18 N20 N22 N23 N24',
  'M01 M03 M04 M06 M08 M09 M10 M11 M13 M14 M16 M17 M18 B01 B02 B04 B05 B06 B08 B10 B11',
  'T01 T02 T05 T07 T08 T09 T10 T12 T13 R02 R03 R08 R10',
].flatMap((ids) => ids.split(' '));

t.test('every case has a test whose name begins with it', async (t) => {
  const folder = join(BUILD, 'test', 'conformance');
  const text = SUITES.map((suite) => readFileSync(join(folder, `${suite}.test.js`), 'utf8')).join('\n');
  const names = [...text.matchAll(/t\.test\(\s*['"`]([SNMBTR]\d\d):/g)].map(([, id]) => id);
  t.same(
    CASES.filter((id) => !names.includes(id)),
    [],
  );
});

function rowOf({ kernel, rule, by }: Mutant): string {
  return `| ${kernel} | ${rule} | ${by} |`;
}
