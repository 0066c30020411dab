// Cold. Runs on: main.
// What a file exports, another one imports. By text alone, which the formatter keeps in one form.

import { posix } from 'node:path';
import t from 'tap';
import { allTexts, type Text } from './sources.js';

/** Files whose exports are for others than this project: users, piscina. */
const FOR_OTHERS = /^src\/(index|sync|testing)\.ts$|^workers\/|^src\/stress\/(flow-sink|stress-task)\.ts$/;
/** By name, or all at once: a namespace, or what import() gives, of which any word of the text may be a part. */
const IMPORT =
  /\b(?:import|export)\s+(?:type\s+)?(?:\{([^}]*)\}|\*[\w\s]*)\s*from\s+'(\.[^']+)'|\bimport\('(\.[^']+)'\)/g;
/** Not what is exported by default, which is found by its file. */
const EXPORT = /^export (?:abstract |async )?(function\*?|class|const|interface|type) (\w+)/gm;

/** By file, what others import of it. */
function importedNames(texts: readonly Text[]): Map<string, Set<string>> {
  const imported = new Map<string, Set<string>>();
  for (const { path, text } of texts) {
    for (const [, names, from, dynamic] of text.matchAll(IMPORT)) {
      const file = fileOf(path, from ?? dynamic!);
      const set = imported.get(file) ?? new Set();
      imported.set(file, set);
      for (const name of names === undefined ? text.split(/\W+/) : namesIn(names)) set.add(name);
    }
  }
  return imported;
}

/** The AssemblyScript side imports the constants that the build generates from a file of the same name. */
function fileOf(importer: string, specifier: string): string {
  return `${posix.join(posix.dirname(importer), specifier).replace(/(\.as)?(\.[jt]s)?$/, '')}.ts`;
}

/** `A, type B, C as D` */
function namesIn(list: string): string[] {
  return list.split(',').map((part) => part.trim().replace(/^type\s+|\s+as\s.*$/g, ''));
}

/** A type that says what something else in its file takes or gives may have a name for others, whether they use it or not. */
function describes(kind: string, name: string, text: string): boolean {
  return (kind === 'interface' || kind === 'type') && text.split(new RegExp(`\\b${name}\\b`)).length > 2;
}

t.test('no export that nobody imports', async (t) => {
  const texts = allTexts();
  const imported = importedNames(texts);
  const ours = texts.filter(
    ({ path }) => path.startsWith('src/') && !path.endsWith('.as.ts') && !FOR_OTHERS.test(path),
  );
  let count = 0;
  const unused = ours.flatMap(({ path, text }) =>
    [...text.matchAll(EXPORT)].flatMap(([, kind, name]) => {
      count += 1;
      return imported.get(path)?.has(name!) || describes(kind!, name!, text) ? [] : [`${path}: ${name}`];
    }),
  );
  t.same(unused, []);
  t.comment(`${count} exports of ${ours.length} files`);
});
