// Cold. Runs on: CPU n. The thread's entry point.

import { type CpuTask, runCpuTask } from '../src/coordinator/tasks.js';

export default (task: CpuTask): Promise<void> => runCpuTask(task);
