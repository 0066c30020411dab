// Cold. Runs on: CPU n; main checks what it is given.
// The tasks that need no module, by the name that stands in the place of its URL.

import type { TaskFactory } from '../cpu/application-task.js';
import busyPoll from './busy-poll.js';
import spin from './spin.js';

export const BUILT_IN_TASKS: ReadonlyMap<string, TaskFactory> = new Map<string, TaskFactory>([
  ['spin', spin],
  ['busy-poll', busyPoll],
]);
