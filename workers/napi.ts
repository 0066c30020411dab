// Cold. Runs on: a NAPI's own worker. The thread's entry point.

import { runWorkerTask, type WorkerTask } from '../src/coordinator/worker-task.js';

export default (task: WorkerTask): Promise<void> => runWorkerTask(task);
