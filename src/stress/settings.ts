// Cold. Runs on: main.
// What a round may be, as a table: settings, and their classes of values. A new mode is one more row.

import type { Setting } from './setting.js';
import { COURSE_SETTINGS } from './settings-course.js';
import { KERNEL_SETTINGS } from './settings-kernel.js';
import { MACHINE_SETTINGS } from './settings-machine.js';
import { TRAFFIC_SETTINGS } from './settings-traffic.js';

/** In this order: later ones look at what was drawn before. */
export const SETTINGS: readonly Setting[] = [
  ...MACHINE_SETTINGS,
  ...KERNEL_SETTINGS,
  ...TRAFFIC_SETTINGS,
  ...COURSE_SETTINGS,
];
