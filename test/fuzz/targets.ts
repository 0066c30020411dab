// Cold. Runs on: main.
// What can be fuzzed, by name.

import { captureTarget } from './capture-target.js';
import { frameTarget } from './frame-target.js';
import type { Target } from './target.js';

export const TARGETS: Readonly<Record<string, () => Target>> = { captures: captureTarget, frames: frameTarget };
