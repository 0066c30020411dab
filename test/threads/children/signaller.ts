// Cold. Runs on: a thread of the application.
// Attaches itself, and signals CPU 1's event, once.

import { workerData } from 'node:worker_threads';
import { type AttachHandle, attachHost } from '../../../src/index.js';
import { WaitEvent } from '../../../src/sync.js';

const { handle, data } = workerData as { readonly handle: AttachHandle; readonly data: SharedArrayBuffer };
const host = attachHost(handle);
new WaitEvent(data, WaitEvent.BYTES).signal(0);
host.close();
