// Cold. Runs on: main.
// The scenarios of this folder by name: `ring`, `napi:latch`. They import the modules under test from a root, so that a mutant
// can stand in.

import { type Exploration, type ExploreOptions, explore, replay } from '../../src/explore/explore.js';
import type { Failure } from '../../src/explore/report.js';
import { BUILD_ROOT, patchesOf } from './mutant.js';

/** `spec` names a file of scenarios/, with a variant or not. */
export function exploreSpec(spec: string, options: ExploreOptions = {}): Promise<Exploration> {
  return explore(moduleOf(spec), optionsFor(spec, options));
}

export function replaySpec(spec: string, schedule: string, options: ExploreOptions = {}): Promise<Failure> {
  return replay(moduleOf(spec), schedule, optionsFor(spec, options));
}

function moduleOf(spec: string): URL {
  const [name = '', variant = ''] = spec.split(':', 2);
  const module = new URL(`scenarios/${name}.js`, import.meta.url);
  module.hash = variant;
  return module;
}

/** A mutant is gone when its failure is read: its command makes it anew. */
function optionsFor(spec: string, options: ExploreOptions): ExploreOptions {
  const root = options.root ?? BUILD_ROOT;
  const patches = patchesOf(root);
  if (patches === '') return { ...options, root };
  const quoted = `'${patches.replaceAll("'", "'\\''")}'`;
  const replayCommand = (schedule: string) =>
    `node build/test/interleave/replay.js ${spec} '${schedule}' --patches ${quoted}`;
  return { ...options, root, replayCommand };
}
