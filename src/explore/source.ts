// Cold. Runs on: main.
// Where a scenario comes from: its module, the folder of what it tests, and the command by which one of its schedules is replayed.

import { basename, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Source } from './report.js';

const REPLAY = new URL('replay.js', import.meta.url);

export interface SourceOptions {
  /** The folder from which the scenario imports what it tests; by default its own. */
  readonly root?: URL;
  /** Makes the command that replays a schedule, when the usual one would not do. */
  readonly replayCommand?: (schedule: string) => string;
}

/** @param module a URL, or a path from the working directory; `#variant` may follow */
export function moduleUrl(module: URL | string): URL {
  if (module instanceof URL || module.startsWith('file:')) return new URL(module);
  const [path = '', variant = ''] = module.split('#', 2);
  const url = pathToFileURL(resolve(path));
  url.hash = variant;
  return url;
}

export function rootOf(module: URL, { root }: SourceOptions): URL {
  return root ?? new URL('./', module);
}

export function sourceOf(module: URL, options: SourceOptions): Source {
  const name = `${basename(module.pathname).replace(/\.[cm]?[jt]s$/, '')}${module.hash}`;
  const rooted = options.root === undefined ? '' : ` --root ${shown(options.root)}`;
  const command = `node ${shown(REPLAY)} ${quoted(shown(module) + decodeURIComponent(module.hash))}`;
  return { name, replay: options.replayCommand ?? ((schedule) => `${command} '${schedule}'${rooted}`) };
}

function shown(url: URL): string {
  const path = fileURLToPath(url);
  return relative(process.cwd(), path) || '.';
}

function quoted(text: string): string {
  return /^[\w./#:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
