// Cold. Runs on: main.
// A mutant: a copy of build/src with some lines changed, for a scenario to run instead of the original.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The folder that holds src/: build/, unless a mutant takes its place. */
export const BUILD_ROOT = new URL('../../', import.meta.url);

export interface Patch {
  /** Of the compiled module, below src/: `ring/rx-ring.js`. */
  readonly file: string;
  /** Must match exactly once: a mutant that mutates nothing would prove nothing. */
  readonly find: string | RegExp;
  /** For a RegExp with `$1` and the like. */
  readonly replace: string;
}

const patchesByRoot = new Map<string, readonly Patch[]>();

/** Runs `use` with the root of a patched copy, which lives below build/ so that packages resolve. */
export async function withMutant<T>(patches: readonly Patch[], use: (root: URL) => T | Promise<T>): Promise<T> {
  const mutants = fileURLToPath(new URL('mutants/', BUILD_ROOT));
  mkdirSync(mutants, { recursive: true });
  const folder = mkdtempSync(join(mutants, 'm'));
  const root = pathToFileURL(`${folder}/`);
  try {
    const source = fileURLToPath(new URL('src', BUILD_ROOT));
    cpSync(source, join(folder, 'src'), { recursive: true, filter: (file) => !/\.(d\.ts|map)$/.test(file) });
    for (const patch of patches) applyPatch(join(folder, 'src', patch.file), patch);
    patchesByRoot.set(root.href, patches);
    return await use(root);
  } finally {
    patchesByRoot.delete(root.href);
    rmSync(folder, { recursive: true, force: true });
  }
}

function applyPatch(path: string, patch: Patch): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, patchText(text, patch));
}

export function patchText(text: string, { file, find, replace }: Patch): string {
  const global = typeof find === 'string' ? find : new RegExp(find.source, `${find.flags.replace('g', '')}g`);
  const found = typeof find === 'string' ? text.split(find).length - 1 : [...text.matchAll(global as RegExp)].length;
  if (found !== 1) throw new Error(`mutant of ${file}: find=${find} matches ${found} times, not once`);
  return typeof find === 'string' ? text.replace(find, () => replace) : text.replace(find, replace);
}

/** The patches of a mutant's root as JSON, for the command that replays one of its schedules; '' for the original. */
export function patchesOf(root: URL): string {
  const patches = patchesByRoot.get(root.href);
  if (patches === undefined) return '';
  return JSON.stringify(patches, (_, value) =>
    value instanceof RegExp ? { regex: value.source, flags: value.flags } : value,
  );
}

export function parsePatches(text: string): Patch[] {
  return JSON.parse(text, (_, value) => (value?.regex === undefined ? value : new RegExp(value.regex, value.flags)));
}
