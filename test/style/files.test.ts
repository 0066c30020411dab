// Cold. Runs on: main.
// Every file is used, says where it runs, and has nothing left over.

import t from 'tap';
import ts from 'typescript';
import { allSources, assemblyPaths, placeOf, readText, walk } from './sources.js';

const WORKER_LINES_MAX = 30;
/** Files that are started or declared, not imported. Workers are started too. */
const ENTRIES = [
  'src/index.ts',
  'src/sync.ts',
  'src/testing.ts',
  'src/cli/main.ts',
  'src/bursts/compile.ts',
  'src/explore/replay.ts',
  'src/stress/attached-thread.ts',
  'src/stress/flow-sink.ts',
  'src/stress/stress-task.ts',
];
/** Files that open with something else than where they run. */
const OPENINGS: Record<string, RegExp> = {
  'src/index.ts': /^\/\/ The public API\.$/,
  'src/webassembly.d.ts': /^\/\/ /,
};
const RUNS_ON = /^\/\/ (Hot|Cold)\. Runs on: /;
// In two parts, so that this file does not find itself.
const LEFTOVERS = new RegExp(
  `\\b(${['TO', 'FIX', 'XX', 'HA'].map((a, i) => a + ['DO', 'ME', 'X', 'CK'][i]).join('|')})\\b`,
);

const sources = allSources();

t.test('no file that nobody imports', async (t) => {
  const imported = new Set(sources.flatMap(({ imports }) => imports));
  const reached = (path: string) => imported.has(path) || ENTRIES.includes(path) || /\.d\.ts$|^workers\//.test(path);
  t.same(
    sources.map(({ path }) => path).filter((path) => !reached(path)),
    [],
  );
});

t.test('each file opens with where it runs', async (t) => {
  const first = (lines: readonly string[]) => lines.find((line) => !line.startsWith('#!')) ?? '';
  const wrong = sources.filter(({ path, lines }) => !(OPENINGS[path] ?? RUNS_ON).test(first(lines)));
  t.same(
    wrong.map(({ path, lines }) => `${path}: ${first(lines)}`),
    [],
  );
  const wrongAssembly = assemblyPaths().filter((path) => !readText(path).startsWith('// '));
  t.same(wrongAssembly, []);
});

t.test('nothing is left over', async (t) => {
  const left = sources.flatMap(({ path, lines }) =>
    lines.flatMap((line, i) => (LEFTOVERS.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  );
  t.same(left, []);
});

t.test('a worker file has no logic', async (t) => {
  for (const { path, lines } of sources.filter(({ folder }) => folder === 'workers')) {
    t.ok(lines.length <= WORKER_LINES_MAX, `${path}: ${lines.length} lines`);
  }
});

t.test('no enum', async (t) => {
  const enums: string[] = [];
  for (const source of sources) {
    walk(source.tree, (node) => {
      if (ts.isEnumDeclaration(node)) enums.push(placeOf(source, node));
    });
  }
  t.same(enums, []);
});
