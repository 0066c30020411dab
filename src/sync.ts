// Cold. Runs on: every thread. The public synchronisation primitives, `softirq/sync`.
//
// Each lives in BYTES zeroed bytes of shared memory, anybody's: `new Mutex(buffer, byteOffset)` attaches to it, in each thread that
// uses it. Blocking forms are for workers and throw on main, which has async twins. None of them is on the packet path, but for
// WaitEvent, which a sink may signal once a burst; whoever waits for one sleeps in the machine (napi.wait).

export { Barrier } from './memory/sync/barrier.js';
export { Condition } from './memory/sync/condition.js';
export { NotRecoverableError, SyncTimeoutError } from './memory/sync/errors.js';
export type { Guard } from './memory/sync/guard.js';
export { Mutex, SpinLock } from './memory/sync/lock.js';
export { Once } from './memory/sync/once.js';
export { Semaphore } from './memory/sync/semaphore.js';
export { type Mortal, watchWorker } from './memory/sync/thread.js';
export { type Waitable, WaitEvent } from './napi/wait-event.js';
