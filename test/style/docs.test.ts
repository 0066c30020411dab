// Cold. Runs on: main.
// The pages for users: every link leads somewhere, every code sample parses and agrees with the types, the first page is short.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';
import { sample } from '../report/sample.js';
import { readText } from './sources.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOCS = readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`);
const PAGES = ['README.md', 'ARCHITECTURE.md', ...DOCS];
const README_LINES_MAX = 300;
const CANNOT_FIND_NAME = 2304; // A sample may call what the reader has: work(), keep() …
const UNTYPED = new Set([7005, 7006, 7031, 7034, 2365]); // JavaScript's parameters; 2365: Atomics.load() of such a one

t.test('links', async (t) => {
  for (const page of PAGES) {
    const links = [...readText(page).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
    for (const target of links) t.ok(existsSync(join(ROOT, dirname(page), target)), `${page}: ${target}`);
  }
});

t.test('the README is short, and leads to each page', async (t) => {
  const readme = readText('README.md');
  t.ok(readme.split('\n').length <= README_LINES_MAX);
  for (const page of DOCS) t.match(readme, `](${page})`, page);
});

t.test('code samples agree with the types', async (t) => {
  const folder = mkdtempSync(join(ROOT, 'build/docs-')); // Inside the package, so that its name is known.
  t.teardown(() => rmSync(folder, { recursive: true }));
  const files = PAGES.flatMap((page) => samplesOf(page, folder));
  t.ok(files.length >= 12, `${files.length} samples`);
  const options: ts.CompilerOptions = {
    ...{ allowJs: true, checkJs: true, noEmit: true, skipLibCheck: true, strict: true, types: ['node'] },
    ...{ module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ESNext, lib: ['lib.esnext.d.ts'] },
  };
  const faults = ts.getPreEmitDiagnostics(ts.createProgram(files, options));
  const told = faults.filter(({ code }) => code !== CANNOT_FIND_NAME && !UNTYPED.has(code)).map(textOf);
  t.same(told, []);
});

t.test('every field of the JSON document is told', async (t) => {
  const page = readText('docs/json.md');
  const { config: _, stack, ...rest } = sample;
  for (const name of fieldsOf({
    ...rest,
    ...stack,
    protocols: {},
    malformed: {},
    dropped: {},
    tcpFlags: {},
    icmpTypes: {},
  })) {
    t.match(page, new RegExp(`\\b${name}\\b`), name);
  }
});

/** Names at any depth, but for those that are the packets' (`icmpv6Types` has them as keys). */
function fieldsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  return Object.entries(value).flatMap(([name, inner]) => [name, ...(name === 'icmpv6Types' ? [] : fieldsOf(inner))]);
}

/** Each fenced block of ts or js as a file. */
function samplesOf(page: string, folder: string): string[] {
  const blocks = [...readText(page).matchAll(/^```(ts|js)\n(.*?)^```$/gms)];
  return blocks.map(([, extension, code], index) => {
    const path = join(folder, page.replaceAll('/', '-'), `${index}.${extension}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${code}\nexport {};\n`);
    return path;
  });
}

function textOf({ file, start, messageText, code }: ts.Diagnostic): string {
  const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
  return `${posix.relative(ROOT, file?.fileName ?? '')}:${line}: TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
}
