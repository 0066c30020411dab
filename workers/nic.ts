// Cold. Runs on: NIC. The thread's entry point.

import { type NicTask, runNicTask } from '../src/coordinator/tasks.js';

export default (task: NicTask): unknown => runNicTask(task);
