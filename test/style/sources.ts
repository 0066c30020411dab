// Cold. Runs on: main.
// The sources of this project as the style tests read them: text, imports, functions, by TypeScript's own parser.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Source {
  /** From the top of the project: `src/napi/napi.ts`. */
  readonly path: string;
  /** `napi`; '' for files that lie directly in src/; `workers`. */
  readonly folder: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly tree: ts.SourceFile;
  /** Files of this project by their path, packages by their name. */
  readonly imports: readonly string[];
}

/** Everything in src/ and workers/ that TypeScript compiles. */
export function allSources(): Source[] {
  return ['src', 'workers'].flatMap(pathsBelow).map(sourceOf);
}

export type Text = Pick<Source, 'path' | 'text'>;

/** Every file that imports others, tests and benchmarks too. */
export function allTexts(): Text[] {
  const paths = ['src', 'workers', 'test', 'bench'].flatMap(filesBelow).filter((path) => path.endsWith('.ts'));
  return paths.map((path) => ({ path, text: readText(path) }));
}

/** The AssemblyScript sources, which no tool here parses. */
export function assemblyPaths(): string[] {
  return filesBelow('src').filter((path) => path.endsWith('.as.ts'));
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function pathsBelow(folder: string): string[] {
  return filesBelow(folder).filter((path) => path.endsWith('.ts') && !path.endsWith('.as.ts'));
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => posix.join(entry.parentPath.slice(ROOT.length), entry.name)).sort();
}

function sourceOf(path: string): Source {
  const text = readText(path);
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const [top = '', second = ''] = path.split('/');
  const folder = top === 'workers' ? top : second.endsWith('.ts') ? '' : second;
  return { path, folder, text, lines: text.trimEnd().split('\n'), tree, imports: importsOf(path, tree) };
}

/** Static, re-exported and dynamic imports, and `import('…')` types. */
function importsOf(path: string, tree: ts.SourceFile): string[] {
  const found: string[] = [];
  walk(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== null) found.push(specifier);
  });
  return found.map((name) =>
    name.startsWith('.') ? posix.join(posix.dirname(path), name.replace(/\.js$/, '.ts')) : name,
  );
}

function specifierOf(node: ts.Node): string | null {
  if (ts.isImportDeclaration(node)) return (node.moduleSpecifier as ts.StringLiteral).text;
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return (node.moduleSpecifier as ts.StringLiteral).text;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literalOf(node.argument.literal);
  const dynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return dynamic ? literalOf(node.arguments[0]!) : null;
}

/** The text of a literal; null where the module's name is computed. */
function literalOf(node: ts.Node): string | null {
  return ts.isStringLiteral(node) ? node.text : null;
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** `src/x.ts:12`, for messages. */
export function placeOf({ path, tree }: Source, node: ts.Node): string {
  return `${path}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}
